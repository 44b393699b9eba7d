"""Apps as clusters: one for each subset and lane, on each port that is asked for.

A lane's label travels in the header ``baggage``; requests with it go to the lane's instances of an
app where there are any, and to base otherwise. What is on no lane never gets to one. Lanes come
first: a subset is chosen among what a lane leaves, and where that is nobody, among base.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from fairlead.compiler.compile import World
from fairlead.compiler.istio.hosts import PORT, cluster_name, full_name
from fairlead.compiler.istio.instances import Instances, named
from fairlead.control import outer
from fairlead.control.places import localities
from fairlead.flow.route import shadow_pool
from fairlead.policy.balance import MAGLEV, RING_HASH, ROUND, Balance
from fairlead.policy.endpoint import GRPC, Endpoint, Service
from fairlead.policy.lane import DEFAULT_KEY
from fairlead.policy.locality import Caller, Place
from fairlead.policy.mesh import EDS, MeshCluster
from fairlead.policy.mesh import Endpoint as MeshEndpoint
from fairlead.policy.routing.action import Forward, HashKey, Weighted
from fairlead.policy.routing.match import REGEX, HeaderMatch, TextMatch
from fairlead.policy.routing.table import Route, RouteTable, VirtualHost
from fairlead.policy.workload import BASE

LANE = "~"
"""Stands before a lane in the part of a cluster's name that is a subset's: no subset has one."""

Lane = tuple[str, str]
"""Its name, and the key of its label in a baggage."""
EVERYBODY = Instances()


@dataclass(frozen=True, slots=True)
class _App:
    service: Service
    endpoints: Mapping[str, list[Endpoint]]
    """By lane, base among them."""
    lanes: tuple[Lane, ...]
    """Those that it has instances on."""
    fit: Mapping[str, list[Endpoint]]
    """Of lanes with shadows, who of base may stand in: nobody else may, not for a subset either."""

    def on(self, lane: str, rule: Instances) -> list[Endpoint]:
        """Return who of some instances serves a lane by itself."""
        first = _within(self.endpoints.get(lane, []), rule)
        return first or _within(self.fit.get(lane, []), rule)

    def serves(self, lane: str, rule: Instances) -> bool:
        """Tell whether some of these instances serve a lane, by themselves or as base."""
        return bool(self.on(lane, rule) or (lane not in self.fit and self.on(BASE, rule)))


class Destinations:
    """Every app of a World that requests can be sent to."""

    def __init__(self, world: World) -> None:
        self.world = world
        keys = _keys(world)
        self.apps = {
            full_name(one): _app(one, keys.get(one.namespace, {})) for one in world.services
        }
        self._seen: dict[tuple[str, Caller], Seen] = {}

    def seen_from(self, namespace: str, caller: Caller) -> Seen:
        """Return them as a caller of a namespace sees them."""
        if (namespace, caller) not in self._seen:
            self._seen[namespace, caller] = Seen(self, namespace, caller)
        return self._seen[namespace, caller]


class Seen:
    """The destinations of callers of one namespace and place, with its rules about instances."""

    def __init__(self, destinations: Destinations, namespace: str, caller: Caller) -> None:
        world = destinations.world
        self._hosted = world.registry.seen_from(namespace)
        hosted = {host: _app(one.service, {}) for host, one in self._hosted.items()}
        self._apps, self._callings = {**destinations.apps, **hosted}, world.callings
        self._namespace, self._caller = namespace, caller
        self._rules: dict[str, dict[str, Instances]] = {}

    def by_lane(self, route: Route) -> Iterator[Route]:
        """Yield `route` for each lane that one of its destinations is on, and then for base.

        A destination without instances on a lane is base's there.
        """
        action = route.action
        if isinstance(action, Forward):
            spare = (one.fallback for one in action.clusters if one.fallback)
            found = {name: self._lanes(name) for name in (*_targets(action), *spare)}
            lanes = {lane for one in found.values() for lane in one}
            for lane in sorted(lanes):
                match = replace(route.match, headers=(*route.match.headers, _coloured(*lane)))
                at = {name: one[lane] for name, one in found.items() if lane in one}
                name = f"{route.name} lane {lane[0]}"
                known = self._settled(replace(route, name=name, match=match), lane[0])
                assert isinstance(known.action, Forward)  # noqa: S101 - as it was
                yield replace(known, action=_moved(known.action, at))
        yield self._settled(route)

    def settled(self, table: RouteTable) -> RouteTable:
        """Return `table` with who stands in for empty subsets, and keys where calls are hashed."""
        hosts = (replace(one, routes=tuple(map(self._settled, one.routes))) for one in table.hosts)
        return replace(table, hosts=tuple(hosts))

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
        """Yield those of an app on a port, one for each subset and lane; none of an unknown app."""
        app, hosted = self._apps.get(host), self._hosted.get(host)
        lanes = outer.by_lane(hosted, port) if hosted else app.endpoints if app else {}
        if app is None:
            return
        for subset, rule in self._subsets(host).items():
            for lane, endpoints in lanes.items():
                found = _within(endpoints, rule) or _within(app.fit.get(lane, []), rule)
                if not found and lane != BASE and subset and lane not in app.fit:
                    continue
                # Of gRPC, where an app has both: a cluster has one protocol.
                grpc = [one for one in found if one.protocol == GRPC]
                how = rule.at(port)
                members = outer.members(hosted, port, found) if hosted else _members(grpc or found)
                # A lane comes before a place: what is on one is called wherever it is.
                places, shared = localities(members, how.cluster, self._caller, strict=lane == BASE)
                yield MeshCluster(
                    name=cluster_name(host, _slot(subset, lane), port),
                    discovery=outer.discovery(hosted) if hosted else EDS,
                    localities=places,
                    by_locality=shared,
                    http2=bool(grpc),
                    balance=how.cluster.balance,
                    outlier=how.cluster.outlier,
                    budget=how.cluster.budget,
                    pool=how.pool,
                    tls=named(how.tls, host),
                )

    def named(self, hosts: Iterable[VirtualHost]) -> Iterator[tuple[str, int]]:
        """Yield the apps and ports that routes of `hosts` send to, each once."""
        found = (name.split("|") for name in dict.fromkeys(clusters_of(hosts)))
        known = (parts for parts in found if len(parts) == 4 and parts[3] in self._apps)
        yield from dict.fromkeys((parts[3], int(parts[1])) for parts in known)

    def _subsets(self, host: str) -> dict[str, Instances]:
        """Return the rules for instances of an app, by subset; ``""`` is for all of them."""
        if host not in self._rules:
            app = self._apps.get(host)
            rules = self._callings.instances(app.service, self._namespace) if app else ()
            self._rules[host] = {"": EVERYBODY} | {one.cluster.subset: one for one in rules}
        return self._rules[host]

    def _lanes(self, cluster: str) -> dict[Lane, str]:
        """Return, by lane, the clusters that stand for one of base."""
        parts = cluster.split("|")
        app = self._apps.get(parts[-1])
        if app is None or len(parts) != 4:
            return {}
        subset, rule = parts[2], self._subsets(parts[3]).get(parts[2])
        if rule is None:
            return {}
        return {
            lane: cluster_name(parts[3], _slot(subset, lane[0]), int(parts[1]))
            for lane in app.lanes
            if not subset or lane[0] in app.fit or app.on(lane[0], rule)
        }

    def _settled(self, route: Route, lane: str = BASE) -> Route:
        """Return `route` of a lane with who stands in for empty subsets, and keys to hash."""
        action = route.action
        if not isinstance(action, Forward):
            return route
        clusters = tuple(self._present(one, lane) for one in action.clusters)
        keys = action.hashing or self._keys(clusters)
        retry = route.retry
        if keys and retry is not None:
            retry = replace(retry, same_host=True)  # a hash leads where it leads
        return replace(route, action=replace(action, clusters=clusters, hashing=keys), retry=retry)

    def _present(self, one: Weighted, lane: str) -> Weighted:
        if not one.fallback:
            return one
        _, _, subset, host = one.cluster.split("|", 3)
        app, rule = self._apps.get(host), self._subsets(host).get(subset)
        there = app is not None and rule is not None and app.serves(lane, rule)
        return replace(one, cluster=one.cluster if there else one.fallback, fallback="")

    def _keys(self, clusters: Iterable[Weighted]) -> tuple[HashKey, ...]:
        for one in clusters:
            parts = one.cluster.split("|", 3)
            rule = self._subsets(parts[-1]).get(parts[2]) if len(parts) == 4 else None
            balance = rule.at(int(parts[1])).cluster.balance if rule is not None else ROUND
            if balance.algorithm in (RING_HASH, MAGLEV):
                return (_key(balance),)
        return ()


def clusters_of(hosts: Iterable[VirtualHost]) -> Iterator[str]:
    """Yield the names of clusters that routes of `hosts` send to."""
    actions = (route.action for host in hosts for route in host.routes)
    yield from (name for one in actions if isinstance(one, Forward) for name in _targets(one))


def _key(balance: Balance) -> HashKey:
    return HashKey(source=balance.key, name=balance.name)


def _slot(subset: str, lane: str) -> str:
    return subset if lane == BASE else f"{subset}{LANE}{lane}"


def _within(endpoints: list[Endpoint], rule: Instances) -> list[Endpoint]:
    if rule.cluster.addresses is None:
        return endpoints
    addresses = frozenset(rule.cluster.addresses)
    return [one for one in endpoints if one.address in addresses]


def _keys(world: World) -> dict[str, dict[str, str]]:
    """Return the baggage keys of lanes, by namespace and lane."""
    namespaces = {service.namespace for service in world.services}
    return {one: world.keys(one) for one in namespaces}


def _app(service: Service, keys: Mapping[str, str]) -> _App:
    found: dict[str, list[Endpoint]] = defaultdict(list, {BASE: []})
    for one in service.endpoints:
        found[one.lane].append(one)
    base = tuple(found[BASE])
    fit: dict[str, list[Endpoint]] = {}
    for lane in {*service.shadow_table_lanes, *service.shadow_database_lanes}:
        # Nobody is a fallback who could write the lane's rows to base: better no instance at all.
        pool = shadow_pool(service, lane, tuple(found.get(lane, ())), base)
        found[lane], fit[lane] = list(pool.first), list(pool.base)
    lanes = sorted(found.keys() - {BASE})
    known = tuple((lane, keys.get(lane, DEFAULT_KEY)) for lane in lanes)
    return _App(service, dict(found), known, fit)


def _members(endpoints: Iterable[Endpoint]) -> Iterator[tuple[MeshEndpoint, Place]]:
    for one in endpoints:
        yield MeshEndpoint(address=one.address), Place.read(one.zone)


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
