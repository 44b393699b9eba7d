"""What authors of gateways and routes are told, beside what the API itself puts into a status."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from fairlead.compiler.finding import (
    CALLS_SCOPE,
    ENFORCED,
    NOT_HONOURED,
    OVERRIDDEN,
    PER_PROCESS,
    TARGET_NOT_SEEN,
)
from fairlead.compiler.gateways.conditions import Unsaid, narrowed
from fairlead.compiler.gateways.gateways import Gateways, Served
from fairlead.compiler.part import Part
from fairlead.kinds import kubernetes_gateway, reference_grant
from fairlead.kinds.gateway_api import GATEWAY
from fairlead.policy.routing.match import EVERYTHING

UNKNOWN = "no agent has reported a service that it is attached to"
EVERY = "gateway"
"""App of a data plane that serves all Gateways of its namespace, and not the one of its name."""
NOBODY = "NoDataPlane"
WAITING = "no gateway that speaks xDS serves it now: fairlead gateway (docs/xds.md)"
Remark = tuple[Part, str, str, str, str]


Ruling = Callable[[str, str], str]
"""Returns who says instead what callers of a namespace do with calls of a host, or ``""``."""


def gateway_findings(gateways: Gateways, ruling: Ruling) -> Iterator[Remark]:
    """Yield what is to be said of each object."""
    for part in gateways.parts:
        resource = part.resource
        if resource.kind is reference_grant.KIND:
            continue
        standing = gateways.standing(resource.kind.called, resource.namespace, resource.name)
        for one in standing.verdicts:
            yield part, one.type, one.reason, one.message, one.status
        _, services = gateways.tables(resource.kind.called, resource.namespace, resource.name)
        if services:
            yield from _called(part, services, ruling)
        elif not _of_gateway(part):
            yield part, ENFORCED, TARGET_NOT_SEEN, UNKNOWN, "Unknown"
        else:
            yield part, ENFORCED, NOBODY, WAITING, "Unknown"


def _called(part: Part, services: Collection[tuple[str, str]], ruling: Ruling) -> Iterator[Remark]:
    """Yield what becomes of a route for callers of services, each with their namespace."""
    own = part.resource.namespace
    others = {host: ruling(host, callers or own) for host, callers in services}
    for host, other in others.items():
        if other:
            message = f"{other} says what holds for calls of {host}"
            yield part, OVERRIDDEN, "PrecedenceLost", message, "True"
    if all(others.values()):
        yield part, ENFORCED, OVERRIDDEN, "other objects say what holds", "False"
    else:
        yield part, ENFORCED, PER_PROCESS, CALLS_SCOPE, "True"


def gateways_of(served: Iterable[Served], namespace: str) -> set[str]:
    """Return the apps that rules of a namespace may name for its gateways."""
    found = {one.gateway for one in served if one.namespace == namespace}
    return found | {EVERY} if found else found


def colouring_findings(served: Collection[Served], parts: Iterable[Part]) -> Iterator[Remark]:
    """Yield what rules say of lanes that gateways do not do."""
    for part in parts:
        if part.colouring and part.app in gateways_of(served, part.resource.namespace):
            try:
                narrowed(EVERYTHING, part.colouring.conditions)
            except Unsaid as error:
                message = f"{error}: at gateways it puts no request on the lane {part.lane}"
                yield part, NOT_HONOURED, "GatewayCannot", message, "True"


def _of_gateway(part: Part) -> bool:
    """Tell whether it is a Gateway, or a route whose parents are all Gateways."""
    if part.resource.kind is kubernetes_gateway.KIND:
        return True
    parents = part.resource.spec.parent_refs or ()
    return bool(parents) and all(one.kind == GATEWAY for one in parents)
