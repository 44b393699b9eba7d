"""Gateway of the Gateway API: what it says and nobody honours; `gateways` has its listeners."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.gateways.listeners import NAME_LABEL
from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.kubernetes_gateway import KubernetesGatewaySpec, LabelSelector
from fairlead.kinds.networking import waiting


def compile_kubernetes_gateway(resource: Resource[KubernetesGatewaySpec]) -> Part:
    """Return what a Gateway compiles to."""
    return Part(resource=resource, not_honoured=tuple(_sentences(resource.spec)))


def _sentences(spec: KubernetesGatewaySpec) -> Iterator[str]:
    yield from (f"{path}: not enforced in this version" for path in waiting(spec))
    if spec.addresses:
        yield "addresses: the gateway listens where it is started"
    if spec.infrastructure is not None:
        yield "infrastructure: nothing is made for a Gateway here"
    for place, one in enumerate(spec.listeners):
        if one.tls is not None and one.tls.options:
            yield f"listeners[{place}].tls.options: none is known here"
        allowed = one.allowed_routes.namespaces if one.allowed_routes else None
        selector = allowed.selector if allowed else None
        path = f"listeners[{place}].allowedRoutes.namespaces.selector"
        for key in _foreign(selector) if selector else ():
            yield f"{path}: {key}: labels of namespaces are not known here, so that none is let in"


def _foreign(selector: LabelSelector) -> Iterator[str]:
    keys = (*(selector.match_labels or ()), *(r.key for r in selector.match_expressions or ()))
    yield from (key for key in dict.fromkeys(keys) if key != NAME_LABEL)
