"""Gateway of Istio: what it says and nobody honours; `istio.gateways` has its ports."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.istio.gateways import served_protocol
from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.istio_gateway import IstioGatewaySpec
from fairlead.kinds.networking import waiting


def compile_istio_gateway(resource: Resource[IstioGatewaySpec]) -> Part:
    """Return what a Gateway compiles to."""
    return Part(resource=resource, not_honoured=tuple(_sentences(resource.spec)))


def _sentences(spec: IstioGatewaySpec) -> Iterator[str]:
    yield from (f"{path}: not enforced in this version" for path in waiting(spec))
    for place, one in enumerate(spec.servers):
        if not served_protocol(one):
            what = one.port.protocol
            if one.tls is not None and one.tls.mode:
                what += f" {one.tls.mode}"
            yield f"servers[{place}]: {what}: HTTP is served, and HTTPS with paths of files"
