"""What the data planes of a namespace are given: every app, its lanes, and names it is called by.

A lane's label travels in the header ``baggage``; requests with it go to the lane's instances of an
app where there are any, and to base otherwise.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from fairlead.compiler.compile import World
from fairlead.policy.endpoint import GRPC, Endpoint, Service
from fairlead.policy.lane import DEFAULT_KEY
from fairlead.policy.mesh import Endpoint as MeshEndpoint
from fairlead.policy.mesh import Listener, Locality, Mesh, MeshCluster
from fairlead.policy.routing.action import Forward, Weighted
from fairlead.policy.routing.match import REGEX, HeaderMatch, RouteMatch, TextMatch
from fairlead.policy.routing.table import Route, RouteTable, VirtualHost
from fairlead.policy.workload import BASE

DOMAIN = "svc.cluster.local"
PORT = 80
"""Of every app, where nothing says another one."""
OUTBOUND = "outbound"
"""The table, and the listener, of all apps."""
CAPTURE = "127.0.0.1:15001"
"""Where a sidecar takes the calls of its application."""


def mesh(world: World, namespace: str, *, sidecar: bool) -> Mesh:
    """Return what is given to data planes of `namespace`; `sidecar` ones get a listener."""
    clusters: list[MeshCluster] = []
    tables: list[RouteTable] = []
    listeners: list[Listener] = []
    hosts: list[VirtualHost] = []
    keys = _keys(world)
    for service in world.services:
        lanes = _lanes(service)
        clusters += _clusters(service, lanes)
        routes = tuple(_routes(service, lanes, keys.get(service.namespace, {})))
        names = tuple(_names(service, namespace))
        host = VirtualHost(name=full_name(service), domains=names, routes=routes)
        hosts.append(host)
        own = VirtualHost(name=host.name, domains=("*",), routes=routes)
        tables.append(RouteTable(name=full_name(service), hosts=(own,)))
        targets = _targets(names, service.endpoints)
        listeners += (Listener(name=name, table=full_name(service)) for name in targets)
    tables.append(RouteTable(name=OUTBOUND, hosts=tuple(hosts), ignore_port=True))
    if sidecar:
        listeners.append(Listener(name=OUTBOUND, table=OUTBOUND, address=CAPTURE))
    return Mesh(tables=tuple(tables), clusters=tuple(clusters), listeners=tuple(listeners))


def full_name(service: Service) -> str:
    """Return the name that is one app's in all of the mesh."""
    return f"{service.app}.{service.namespace}.{DOMAIN}"


def cluster_name(service: Service, subset: str = "") -> str:
    """Return Istio's name for the instances of an app, or for a subset of them."""
    return f"outbound|{PORT}|{subset}|{full_name(service)}"


def _keys(world: World) -> dict[str, dict[str, str]]:
    """Return the baggage keys of lanes, by namespace and lane."""
    namespaces = {service.namespace for service in world.services}
    return {
        one: {lane.name: lane.key for lane in world.snapshot(one, "").lanes} for one in namespaces
    }


def _lanes(service: Service) -> dict[str, list[Endpoint]]:
    """Return the endpoints by lane, base's among them."""
    found: dict[str, list[Endpoint]] = defaultdict(list, {BASE: []})
    for one in service.endpoints:
        found[one.lane].append(one)
    return found


def _clusters(service: Service, lanes: dict[str, list[Endpoint]]) -> Iterator[MeshCluster]:
    """Yield one for each lane: of gRPC, where an app has both. A cluster has one protocol."""
    for lane, endpoints in lanes.items():
        grpc = [one for one in endpoints if one.protocol == GRPC]
        chosen = grpc or endpoints
        yield MeshCluster(
            name=cluster_name(service, lane),
            localities=tuple(_localities(chosen)),
            http2=bool(grpc),
        )


def _localities(endpoints: Iterable[Endpoint]) -> Iterator[Locality]:
    zones: dict[str, list[MeshEndpoint]] = defaultdict(list)
    for one in endpoints:
        zones[one.zone].append(MeshEndpoint(address=one.address))
    for zone, found in sorted(zones.items()):
        yield Locality(zone=zone, weight=len(found), endpoints=tuple(found))


def _routes(
    service: Service, lanes: dict[str, list[Endpoint]], keys: dict[str, str]
) -> Iterator[Route]:
    for lane in sorted(lanes.keys() - {BASE}):
        match = RouteMatch(headers=(_coloured(lane, keys.get(lane, DEFAULT_KEY)),))
        yield Route(name=f"lane {lane}", match=match, action=_to(service, lane), timeout=0)
    yield Route(name="default", action=_to(service, BASE), timeout=0)


def _to(service: Service, lane: str) -> Forward:
    return Forward(clusters=(Weighted(cluster=cluster_name(service, lane)),))


def _coloured(lane: str, key: str) -> HeaderMatch:
    """Return a test whether a baggage has the label of `lane`."""
    member = rf"{re.escape(key)}[ \t]*=[ \t]*{re.escape(lane)}"
    expression = rf"(?:.*,)?[ \t]*{member}[ \t]*(?:[,;].*)?"
    return HeaderMatch(name="baggage", text=TextMatch(kind=REGEX, value=expression))


def _names(service: Service, namespace: str) -> Iterator[str]:
    if service.namespace == namespace:
        yield service.app
    yield f"{service.app}.{service.namespace}"
    yield f"{service.app}.{service.namespace}.svc"
    yield full_name(service)


def _targets(names: Iterable[str], endpoints: Iterable[Endpoint]) -> Iterator[str]:
    """Yield what gRPC clients may name: with no port, the app's, or one of its instances'."""
    ports = sorted({one.address.rpartition(":")[2] for one in endpoints} | {str(PORT)})
    for name in names:
        yield name
        yield from (f"{name}:{port}" for port in ports[:8])
