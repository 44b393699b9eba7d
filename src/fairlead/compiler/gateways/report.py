"""What authors of gateways and routes are told, beside what the API itself puts into a status."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.finding import ENFORCED
from fairlead.compiler.gateways.gateways import Gateways
from fairlead.compiler.part import Part
from fairlead.kinds import reference_grant

UNSERVED = (
    "only data planes that speak xDS carry it out, Envoy and gRPC without an agent (docs/xds.md); "
    "agents do not yet"
)
Remark = tuple[Part, str, str, str, str]


def gateway_findings(gateways: Gateways) -> Iterator[Remark]:
    """Yield what is to be said of each object."""
    for part in gateways.parts:
        resource = part.resource
        if resource.kind is reference_grant.KIND:
            continue
        standing = gateways.standing(resource.kind.called, resource.namespace, resource.name)
        for one in standing.verdicts:
            yield part, one.type, one.reason, one.message, one.status
        yield part, ENFORCED, "NotSupported", UNSERVED, "False"
