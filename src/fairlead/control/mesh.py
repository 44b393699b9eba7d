"""What data planes are given of a World: every app, by the rules for its callers, and gateways.

An app that no rule is about has one route, to its instances.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fairlead.compiler.compile import World
from fairlead.compiler.gateways.gateways import Served
from fairlead.compiler.gateways.report import EVERY
from fairlead.compiler.istio.form import Caller
from fairlead.compiler.istio.gateways import chosen
from fairlead.compiler.istio.hosted import Egress
from fairlead.compiler.istio.hosts import DOMAIN, PORT, cluster_name, full_name
from fairlead.compiler.istio.registry import knows
from fairlead.compiler.labels import Pairs
from fairlead.control import for_grpc, outer
from fairlead.control.colouring import Entrance
from fairlead.control.destinations import Destinations, clusters_of
from fairlead.control.sidecars import Sidecar, beside, nowhere, outside
from fairlead.kinds.kubernetes_gateway import HTTP
from fairlead.policy import locality
from fairlead.policy.mesh import GATEWAY, Listener, Mesh, MeshCluster
from fairlead.policy.routing.action import Forward, Weighted
from fairlead.policy.routing.table import Route, RouteTable, VirtualHost

OUTBOUND = "outbound"
"""The table of all apps."""
LOOPBACK = "127.0.0.1"
SIDECAR, ROUTER = "sidecar", "router"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """All that it depends on what a data plane is given."""

    namespace: str
    labels: Pairs = ()
    """Those of the data plane's that rules ask for."""
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
    egress: Egress | None = None
    """Which hosts it may know, None for all."""
    called: frozenset[str] | None = None
    """Hosts whose clusters it is given before it asks, None for all (Encoder.pruned)."""
    sidecar: Sidecar | None = None
    """Of a SIDECAR that is an Envoy: what is its own."""
    caller: locality.Caller = locality.Caller()
    """Where it is, and its labels, as far as rules about places ask."""
    served: tuple[str, ...] = ()
    """Of a client of gRPC: ``host:port`` of each server in its process."""

    @property
    def shared(self) -> Scope:
        """The same for all that have no more of their own than others."""
        return replace(self, sidecar=None, served=())

    @property
    def whole(self) -> Scope:
        """The one that all of it is worked out for."""
        return replace(self, sidecar=None, served=(), called=None)

    @property
    def is_whole(self) -> bool:
        """Whether it is such a one itself."""
        return self.sidecar is None and not self.served and self.called is None


def mesh(world: World, scope: Scope, destinations: Destinations | None = None) -> Mesh:
    """Return what data planes of `scope` are given; `destinations` are those of `world`."""
    found = destinations or Destinations(world)
    return _gateway(world, scope, found) if scope.kind == ROUTER else _calls(world, scope, found)


def own(world: World, scope: Scope) -> Mesh:
    """Return what the data plane of `scope` has beside what it shares with others."""
    pruned = scope.called is not None
    return beside(world, scope.namespace, scope.sidecar, pruned=pruned) if scope.sidecar else Mesh()


def serving(world: World, scope: Scope) -> Iterator[Served]:
    """Yield the ports that a ROUTER opens, each once, the first Gateway's.

    Those with TLS are opened where it is said which files hold the certificate.
    """
    ports: set[int] = set()
    for one in world.served:
        named = one.namespace == scope.namespace and scope.gateway in (EVERY, one.gateway)
        meant = named or chosen(one, scope.labels)
        if meant and one.port not in ports and (_plain(one) or one.tls is not None):
            ports.add(one.port)
            yield one


def _plain(one: Served) -> bool:
    return all(protocol == HTTP for _, protocol, _ in one.listeners)


def _gateway(world: World, scope: Scope, destinations: Destinations) -> Mesh:
    served = [(one, _entrance(world, scope, one.gateway)) for one in serving(world, scope)]
    seen = destinations.seen_from(scope.namespace, scope.caller)
    named = tuple(seen.named(host for one, _ in served for host in one.table.hosts))
    host = f"[{scope.address}]" if ":" in scope.address else scope.address
    tables = tuple(
        entrance.table(seen.settled(one.table), seen.on_lane) for one, entrance in served
    )
    every = (cluster for app, port in named for cluster in seen.clusters(app, port))
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
                tls=one.tls,
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
    seen = destinations.seen_from(scope.namespace, scope.caller)
    every = _routed(world, scope)
    hosts: list[VirtualHost] = []
    tables: list[RouteTable] = []
    listeners: list[Listener] = []
    names_of = _domains(every.values(), scope.namespace)
    for name, one in every.items():
        routes = tuple(each for route in one.routes for each in seen.by_lane(route))
        hosts.append(VirtualHost(name=name, domains=names_of[name], routes=routes))
        if one.grpc:
            told = tuple(for_grpc.routes(routes, names_of[name]))
            own = VirtualHost(name=name, domains=("*",), routes=told)
            tables.append(RouteTable(name=name, hosts=(own,)))
            targets = _targets(names_of[name], one.ports)
            listeners += (Listener(name=target, table=name) for target in targets)
    egress = scope.egress
    hosts.append(nowhere() if egress is not None and egress.registry_only else outside())
    tables.append(RouteTable(name=OUTBOUND, hosts=tuple(hosts), ignore_port=True))
    apps = every.keys() - world.registry.seen_from(scope.namespace).keys()
    usual = ((name, PORT) for name in every if name in apps)
    wanted = dict.fromkeys((*usual, *seen.named(hosts)))
    clusters: Iterable[MeshCluster] = (
        one for app, port in wanted for one in seen.clusters(app, port)
    )
    if not scope.kind:
        called = (host for table in tables[:-1] for host in table.hosts)
        clusters = tuple(_complete(map(for_grpc.cluster, clusters), called))
        tables = [*for_grpc.kept(tables[:-1], [one.name for one in clusters]), tables[-1]]
    return Mesh(tables=tuple(tables), clusters=tuple(clusters), listeners=tuple(listeners))


def _complete(
    clusters: Iterable[MeshCluster], hosts: Iterable[VirtualHost]
) -> Iterator[MeshCluster]:
    """Yield `clusters`, and one without instances for each that routes name and nobody has.

    Clients of gRPC hold back all calls of a host for 15 s while one of its clusters is not there.
    """
    missing = dict.fromkeys(clusters_of(hosts))
    for one in clusters:
        missing.pop(one.name, None)
        yield one
    yield from (MeshCluster(name=name) for name in missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Called:
    """A host, and what is done with calls of it."""

    host: str
    namespace: str = ""
    """Of whom it is, ``""`` for nobody's."""
    routes: tuple[Route, ...]
    addresses: tuple[str, ...] = ()
    """Those that stand for it."""
    ports: tuple[int, ...] = ()
    """That clients of gRPC may name with it."""
    grpc: bool = True
    """Whether they take it."""


def _routed(world: World, scope: Scope) -> dict[str, _Called]:
    """Return the hosts that a caller knows, by name."""
    called = (*_apps(world, scope), *_outer(world, scope))
    egress, own = scope.egress, scope.namespace
    return {
        one.host: one
        for one in called
        if egress is None or knows(egress, own, one.host, one.namespace)
    }


def _apps(world: World, scope: Scope) -> Iterator[_Called]:
    """Yield apps and the routes of calls of them: Istio's, else the Gateway API's, else ours."""
    attached = {host.name: host for host in world.gateways.mesh(scope.namespace, PORT)}
    caller = Caller(namespace=scope.namespace, labels=scope.labels)
    for service in world.services:
        name = full_name(service)
        routes = world.callings.routes(service, caller, PORT)
        if routes is None:
            other = attached.get(f"{name}:{PORT}")
            routes = other.routes if other else (_default(name),)
        ports = tuple(sorted({int(_port(one.address)) for one in service.endpoints}))
        yield _Called(host=name, namespace=service.namespace, routes=routes, ports=ports)


def _outer(world: World, scope: Scope) -> Iterator[_Called]:
    """Yield hosts that are no app's."""
    caller = Caller(namespace=scope.namespace, labels=scope.labels)
    for host, routes in world.callings.elsewhere(caller, PORT):
        yield _Called(host=host, routes=routes)
    for host, one in world.registry.seen_from(scope.namespace).items():
        first = host == one.entry.hosts[0]
        yield _Called(
            host=host,
            namespace=one.service.namespace,
            routes=outer.routes(world, one, caller),
            addresses=one.entry.addresses if first else (),
            ports=tuple(port.number for port in one.entry.ports),
            grpc=outer.for_grpc(one),
        )


def _default(host: str) -> Route:
    action = Forward(clusters=(Weighted(cluster=cluster_name(host)),))
    return Route(name="default", action=action, timeout=0)


def _domains(called: Iterable[_Called], namespace: str) -> dict[str, tuple[str, ...]]:
    """Return the names of each host. Envoy refuses a table where two hosts have one.

    An app may be called like another's ``app.namespace``: its neighbours mean it, by the short one.
    """
    every = list(called)
    found = {one.host: list(_names(one.host, namespace)) for one in every}
    taken: set[str] = set()
    kept: dict[str, list[str]] = {host: [] for host in found}
    for place in range(4):
        for host, names in found.items():
            # Shortest first: a host of another namespace has no name that is so short.
            at = place - (4 - len(names))
            if at >= 0 and (name := names[at].lower()) not in taken:
                taken.add(name)
                kept[host].append(names[at])
    for one in every:
        own = [address for address in one.addresses if address not in taken]
        taken.update(own)
        kept[one.host] += own
    return {host: tuple(names) for host, names in kept.items()}


def _names(full: str, namespace: str) -> Iterator[str]:
    """Yield how callers of a namespace call a host."""
    short = full.removesuffix(f".{DOMAIN}")
    if short != full:
        app, _, own = short.rpartition(".")
        if own == namespace:
            yield app
        yield from (short, f"{short}.svc")
    yield full


def _targets(names: Iterable[str], ports: Iterable[int]) -> Iterator[str]:
    """Yield what gRPC clients may name: with no port, the app's, or one of its instances'."""
    numbers = sorted({*ports, PORT}, key=str)
    for name in names:
        yield name
        yield from (f"{name}:{port}" for port in numbers[:8])


def _port(address: str) -> str:
    return address.rpartition(":")[2]
