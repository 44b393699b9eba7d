"""Gateway of the Gateway API: what it says and nobody honours; `gateways` has its listeners."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.kubernetes_gateway import KubernetesGatewaySpec
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
