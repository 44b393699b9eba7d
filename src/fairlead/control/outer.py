"""Hosts that are no app's, as clusters and routes of data planes.

A host has a cluster for each of its ports. A route tells ports apart by what was called; a call
that names none is of port 80, or of the first port where there is no such one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from fairlead.compiler.compile import World
from fairlead.compiler.istio.form import Caller
from fairlead.compiler.istio.hosted import CALLED, LISTED
from fairlead.compiler.istio.hosts import PORT, cluster_name
from fairlead.compiler.istio.registry import Hosted
from fairlead.control.sidecars import OUTSIDE
from fairlead.policy.endpoint import Endpoint
from fairlead.policy.locality import Place
from fairlead.policy.mesh import DNS, EDS, ONE_NAME
from fairlead.policy.mesh import Endpoint as MeshEndpoint
from fairlead.policy.routing.action import Forward, Weighted
from fairlead.policy.routing.match import REGEX, HeaderMatch, TextMatch
from fairlead.policy.routing.table import Route


def routes(world: World, hosted: Hosted, caller: Caller) -> tuple[Route, ...]:
    """Return what `caller` does with calls of a host, port by port, the usual one last."""
    numbers = [one.number for one in hosted.entry.ports]
    usual = PORT if PORT in numbers else next(iter(numbers), PORT)
    others = (number for number in numbers if number != usual)
    found = [route for number in others for route in _at(world, hosted, caller, (number, True))]
    return (*found, *_at(world, hosted, caller, (usual, False)))


def _at(world: World, hosted: Hosted, caller: Caller, at: tuple[int, bool]) -> Iterator[Route]:
    """Yield the routes of a port, and whether its number has to be called."""
    number, told = at
    ruled = world.callings.routes(hosted.service, caller, number)
    for route in ruled if ruled is not None else (_default(hosted.host),):
        action, match = route.action, route.match
        if isinstance(action, Forward):
            clusters = (_aimed(one, hosted, number) for one in action.clusters)
            action = replace(action, clusters=tuple(clusters))
        if told:
            text = TextMatch(kind=REGEX, value=rf".*:{number}")
            called = HeaderMatch(name=":authority", text=text)
            match = replace(match, headers=(*match.headers, called))
        yield replace(route, action=action, match=match)


def _aimed(one: Weighted, hosted: Hosted, number: int) -> Weighted:
    """Return a destination: the host's own is at the port that was called, or is who was."""
    _, port, subset, host = one.cluster.split("|", 3)
    if host != hosted.host:
        return one
    if hosted.entry.source == CALLED:
        return replace(one, cluster=OUTSIDE, fallback="")
    return replace(one, cluster=cluster_name(host, subset, number)) if port == str(PORT) else one


def _default(host: str) -> Route:
    action = Forward(clusters=(Weighted(cluster=cluster_name(host)),))
    return Route(name="default", action=action, timeout=0)


def discovery(hosted: Hosted) -> str:
    """Return where the instances of a cluster come from."""
    if hosted.entry.source == LISTED:
        return EDS
    return ONE_NAME if hosted.entry.one_name and len(hosted.members) == 1 else DNS


def for_grpc(hosted: Hosted) -> bool:
    """Tell whether clients of gRPC take it: they look no list of names up."""
    return "*" not in hosted.host and discovery(hosted) in (EDS, ONE_NAME)


def by_lane(hosted: Hosted, port: int) -> dict[str, list[Endpoint]]:
    """Return the instances at a port by lane, base among them."""
    found: defaultdict[str, list[Endpoint]] = defaultdict(list, {"": []})
    for _, endpoint in hosted.endpoints(port):
        found[endpoint.lane].append(endpoint)
    return dict(found)


def members(
    hosted: Hosted, port: int, only: Iterable[Endpoint]
) -> Iterator[tuple[MeshEndpoint, Place]]:
    """Yield some instances at a port with their weights, and where they are."""
    wanted = {one.address for one in only}
    for member, endpoint in hosted.endpoints(port):
        if endpoint.address in wanted:
            one = MeshEndpoint(address=endpoint.address, weight=member.weight)
            yield one, Place(*member.locality)
