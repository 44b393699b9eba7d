"""Apps as clusters: one for each lane, on each port that is asked for.

A lane's label travels in the header ``baggage``; requests with it go to the lane's instances of an
app where there are any, and to base otherwise. What is on no lane never gets to one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from fairlead.compiler.compile import World
from fairlead.flow.route import shadow_pool
from fairlead.policy.endpoint import GRPC, Endpoint, Service
from fairlead.policy.lane import DEFAULT_KEY
from fairlead.policy.mesh import Endpoint as MeshEndpoint
from fairlead.policy.mesh import Locality, MeshCluster
from fairlead.policy.routing.action import Forward
from fairlead.policy.routing.match import REGEX, HeaderMatch, TextMatch
from fairlead.policy.routing.table import Route, VirtualHost
from fairlead.policy.workload import BASE

DOMAIN = "svc.cluster.local"
PORT = 80
"""Of every app, where nothing says another one."""

Lane = tuple[str, str]
"""Its name, and the key of its label in a baggage."""


@dataclass(frozen=True, slots=True)
class _App:
    endpoints: Mapping[str, list[Endpoint]]
    """By lane, base among them."""
    lanes: tuple[Lane, ...]
    """Those that it has instances on."""


class Destinations:
    """Every app of a World that requests can be sent to."""

    def __init__(self, world: World) -> None:
        keys = _keys(world)
        self._apps = {
            full_name(one): _app(one, keys.get(one.namespace, {})) for one in world.services
        }

    def by_lane(self, route: Route) -> Iterator[Route]:
        """Yield `route` for each lane that one of its destinations is on, and then for base.

        A destination without instances on a lane is base's there.
        """
        action = route.action
        if isinstance(action, Forward):
            found = {name: self._lanes(name) for name in _targets(action)}
            lanes = {lane for one in found.values() for lane in one}
            for lane in sorted(lanes):
                match = replace(route.match, headers=(*route.match.headers, _coloured(*lane)))
                at = {name: one[lane] for name, one in found.items() if lane in one}
                name = f"{route.name} lane {lane[0]}"
                yield replace(route, name=name, match=match, action=_moved(action, at))
        yield route

    def on_lane(self, action: Forward, lane: str) -> Forward:
        """Return where requests of a lane are sent instead: what has no instance there is base."""
        found = {name: self._lanes(name) for name in _targets(action)}
        at = {
            name: to
            for name, lanes in found.items()
            for (one, _), to in lanes.items()
            if one == lane
        }
        return _moved(action, at)

    def clusters(self, host: str, port: int = PORT) -> Iterator[MeshCluster]:
        """Yield those of an app on a port, one for each lane; none of an app that is not known."""
        app = self._apps.get(host)
        for lane, endpoints in app.endpoints.items() if app else ():
            # Of gRPC, where an app has both: a cluster has one protocol.
            grpc = [one for one in endpoints if one.protocol == GRPC]
            yield MeshCluster(
                name=cluster_name(host, lane, port),
                localities=tuple(_localities(grpc or endpoints)),
                http2=bool(grpc),
            )

    def named(self, hosts: Iterable[VirtualHost]) -> Iterator[tuple[str, int]]:
        """Yield the apps and ports that routes of `hosts` send to, each once."""
        for name in dict.fromkeys(clusters_of(hosts)):
            parts = name.split("|")
            if len(parts) == 4 and not parts[2] and parts[3] in self._apps:
                yield parts[3], int(parts[1])

    def _lanes(self, cluster: str) -> dict[Lane, str]:
        """Return, by lane, the clusters that stand for one of base."""
        parts = cluster.split("|")
        app = self._apps.get(parts[-1])
        if app is None or len(parts) != 4 or parts[2]:
            return {}
        return {lane: cluster_name(parts[3], lane[0], int(parts[1])) for lane in app.lanes}


def clusters_of(hosts: Iterable[VirtualHost]) -> Iterator[str]:
    """Yield the names of clusters that routes of `hosts` send to."""
    actions = (route.action for host in hosts for route in host.routes)
    yield from (name for one in actions if isinstance(one, Forward) for name in _targets(one))


def full_name(service: Service) -> str:
    """Return the name that is one app's in all of the mesh."""
    return f"{service.app}.{service.namespace}.{DOMAIN}"


def cluster_name(host: str, subset: str = "", port: int = PORT) -> str:
    """Return Istio's name for the instances of a host, or for a subset of them."""
    return f"outbound|{port}|{subset}|{host}"


def _keys(world: World) -> dict[str, dict[str, str]]:
    """Return the baggage keys of lanes, by namespace and lane."""
    namespaces = {service.namespace for service in world.services}
    return {
        one: {lane.name: lane.key for lane in world.snapshot(one, "").lanes} for one in namespaces
    }


def _app(service: Service, keys: Mapping[str, str]) -> _App:
    found: dict[str, list[Endpoint]] = defaultdict(list, {BASE: []})
    for one in service.endpoints:
        found[one.lane].append(one)
    base = tuple(found[BASE])
    for lane in {*service.shadow_table_lanes, *service.shadow_database_lanes}:
        # Nobody is a fallback who could write the lane's rows to base: better no instance at all.
        pool = shadow_pool(service, lane, tuple(found.get(lane, ())), base)
        found[lane] = list(pool.first or pool.base)
    lanes = sorted(found.keys() - {BASE})
    return _App(dict(found), tuple((lane, keys.get(lane, DEFAULT_KEY)) for lane in lanes))


def _localities(endpoints: Iterable[Endpoint]) -> Iterator[Locality]:
    zones: dict[str, list[MeshEndpoint]] = defaultdict(list)
    for one in endpoints:
        zones[one.zone].append(MeshEndpoint(address=one.address))
    for zone, found in sorted(zones.items()):
        yield Locality(zone=zone, weight=len(found), endpoints=tuple(found))


def _targets(action: Forward) -> Iterator[str]:
    yield from (one.cluster for one in action.clusters)
    yield from (one.cluster for one in action.mirrors)


def _moved(action: Forward, at: Mapping[str, str]) -> Forward:
    """Return `action` with other clusters, copies of requests too."""
    clusters = (replace(one, cluster=at.get(one.cluster, one.cluster)) for one in action.clusters)
    mirrors = (replace(one, cluster=at.get(one.cluster, one.cluster)) for one in action.mirrors)
    return replace(action, clusters=tuple(clusters), mirrors=tuple(mirrors))


def _coloured(lane: str, key: str) -> HeaderMatch:
    """Return a test whether a baggage has the label of `lane`."""
    member = rf"{re.escape(key)}[ \t]*=[ \t]*{re.escape(lane)}"
    expression = rf"(?:.*,)?[ \t]*{member}[ \t]*(?:[,;].*)?"
    return HeaderMatch(name="baggage", text=TextMatch(kind=REGEX, value=expression))
