"""What data planes are given of a World: every app, by the rules for its callers, and gateways.

An app that no rule is about has one route, to its instances.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fairlead.compiler.compile import World
from fairlead.compiler.gateways.gateways import Served
from fairlead.compiler.gateways.report import EVERY
from fairlead.control.colouring import Entrance
from fairlead.control.destinations import (
    DOMAIN,
    PORT,
    Destinations,
    cluster_name,
    clusters_of,
    full_name,
)
from fairlead.control.sidecars import Sidecar, beside, outside
from fairlead.kinds.kubernetes_gateway import HTTP
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.mesh import GATEWAY, Listener, Mesh
from fairlead.policy.routing.action import Forward, Weighted
from fairlead.policy.routing.match import REGEX, SEPARATED_PREFIX, PathMatch
from fairlead.policy.routing.table import Route, RouteTable, VirtualHost

OUTBOUND = "outbound"
"""The table of all apps."""
LOOPBACK = "127.0.0.1"
SIDECAR, ROUTER = "sidecar", "router"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """All that it depends on what a data plane is given."""

    namespace: str
    kind: str = ""
    """SIDECAR, ROUTER, or ``""`` for a client of gRPC."""
    gateway: str = ""
    """Of a ROUTER: the Gateway that it serves, EVERY for all of its namespace."""
    address: str = ""
    """Of a ROUTER: the address that it listens on."""
    lane: str = ""
    """Of a ROUTER: the lane of what no rule puts on another one."""
    access_log: str = ""
    """Of a ROUTER: path of the file where it writes requests."""
    sidecar: Sidecar | None = None
    """Of a SIDECAR that is an Envoy: what is its own."""


def mesh(world: World, scope: Scope, destinations: Destinations | None = None) -> Mesh:
    """Return what data planes of `scope` are given; `destinations` are those of `world`."""
    found = destinations or Destinations(world)
    return _gateway(world, scope, found) if scope.kind == ROUTER else _calls(world, scope, found)


def own(world: World, scope: Scope) -> Mesh:
    """Return what the data plane of `scope` has beside what it shares with others."""
    return beside(world, scope.namespace, scope.sidecar) if scope.sidecar else Mesh()


def serving(world: World, scope: Scope) -> Iterator[Served]:
    """Yield the ports that a ROUTER opens: those of HTTP, each once, the first Gateway's."""
    ports: set[int] = set()
    for one in world.gateways.served:
        meant = one.namespace == scope.namespace and scope.gateway in (EVERY, one.gateway)
        if meant and one.port not in ports and _plain(one):
            ports.add(one.port)
            yield one


def _plain(one: Served) -> bool:
    return all(protocol == HTTP for _, protocol, _ in one.listeners)


def _gateway(world: World, scope: Scope, destinations: Destinations) -> Mesh:
    served = [(one, _entrance(world, scope, one.gateway)) for one in serving(world, scope)]
    named = destinations.named(host for one, _ in served for host in one.table.hosts)
    host = f"[{scope.address}]" if ":" in scope.address else scope.address
    tables = tuple(entrance.table(one.table, destinations.on_lane) for one, entrance in served)
    every = (cluster for app, port in named for cluster in destinations.clusters(app, port))
    wanted = {name for table in tables for name in clusters_of(table.hosts)}
    return Mesh(
        tables=tables,
        clusters=tuple(cluster for cluster in every if cluster.name in wanted),
        listeners=tuple(
            Listener(
                name=one.table.name,
                table=one.table.name,
                address=f"{host or LOOPBACK}:{one.port}",
                direction=GATEWAY,
                filters=(entrance.strip(),),
                access_log=scope.access_log,
            )
            for one, entrance in served
        ),
    )


def _entrance(world: World, scope: Scope, gateway: str) -> Entrance:
    """Return what a gateway does as an entry: rules may name it, or the data plane of them all."""
    found = world.unsealed(scope.namespace, gateway, lane=scope.lane)
    if found.entry is None:
        found = world.unsealed(scope.namespace, scope.gateway, lane=scope.lane)
    return Entrance(found)


def _calls(world: World, scope: Scope, destinations: Destinations) -> Mesh:
    rules = {host.name: host for host in world.gateways.mesh(scope.namespace, PORT)}
    hosts: list[VirtualHost] = []
    tables: list[RouteTable] = []
    listeners: list[Listener] = []
    for service in world.services:
        name, names = full_name(service), tuple(_names(service, scope.namespace))
        ruled = rules.get(f"{name}:{PORT}")
        routes = ruled.routes if ruled else (_default(name),)
        routes = tuple(each for route in routes for each in destinations.by_lane(route))
        hosts.append(VirtualHost(name=name, domains=names, routes=routes))
        own = VirtualHost(name=name, domains=("*",), routes=tuple(map(_for_grpc, routes)))
        tables.append(RouteTable(name=name, hosts=(own,)))
        targets = _targets(names, service.endpoints)
        listeners += (Listener(name=one, table=name) for one in targets)
    hosts.append(outside())
    tables.append(RouteTable(name=OUTBOUND, hosts=tuple(hosts), ignore_port=True))
    every = ((full_name(one), PORT) for one in world.services)
    wanted = dict.fromkeys((*every, *destinations.named(rules.values())))
    clusters = (one for app, port in wanted for one in destinations.clusters(app, port))
    return Mesh(tables=tuple(tables), clusters=tuple(clusters), listeners=tuple(listeners))


def _default(host: str) -> Route:
    action = Forward(clusters=(Weighted(cluster=cluster_name(host)),))
    return Route(name="default", action=action, timeout=0)


def _for_grpc(route: Route) -> Route:
    """Return `route` for clients of gRPC.

    They refuse a table with a prefix of whole elements, and one with CORS, which is for browsers.
    """
    path = route.match.path
    if path.kind == SEPARATED_PREFIX:
        expression = f"{re.escape(path.value.rstrip('/'))}(?:/.*)?"
        known = PathMatch(kind=REGEX, value=expression)
        route = replace(route, match=replace(route.match, path=known))
    return replace(route, cors=None) if route.cors is not None else route


def _names(service: Service, namespace: str) -> Iterator[str]:
    if service.namespace == namespace:
        yield service.app
    yield f"{service.app}.{service.namespace}"
    yield f"{service.app}.{service.namespace}.svc"
    yield f"{service.app}.{service.namespace}.{DOMAIN}"


def _targets(names: Iterable[str], endpoints: Iterable[Endpoint]) -> Iterator[str]:
    """Yield what gRPC clients may name: with no port, the app's, or one of its instances'."""
    ports = sorted({one.address.rpartition(":")[2] for one in endpoints} | {str(PORT)})
    for name in names:
        yield name
        yield from (f"{name}:{port}" for port in ports[:8])
