"""Istio's Gateways at one revision: the ports that are served, with the VirtualServices there.

A VirtualService is at a Gateway that it names, for those of its hosts that a server of the Gateway
has (and takes from its namespace). Of several about one host, the older one's routes come first,
and routes that take everything behind all others (Istio, ``SortVHostRoutes``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from fairlead.compiler.finding import ENFORCED, TARGET_NOT_SEEN
from fairlead.compiler.gateways.gateways import Served
from fairlead.compiler.gateways.hosts import exactness, intersection
from fairlead.compiler.gateways.report import WAITING, Remark
from fairlead.compiler.istio.form import MESH, Caller, Ruled
from fairlead.compiler.labels import Pairs, pairs
from fairlead.compiler.part import Part
from fairlead.kinds import istio_gateway, traffic_router, virtual_service
from fairlead.kinds.istio_gateway import HTTPS, MUTUAL, PLAIN, SIMPLE, Server
from fairlead.kinds.kind import text_at
from fairlead.policy.mesh import Tls
from fairlead.policy.routing.match import PREFIX, REGEX, RouteMatch
from fairlead.policy.routing.table import ALL, NO_TLS, Route, RouteTable, VirtualHost

HTTP = "HTTP"
ROUTING = (virtual_service.KIND, traffic_router.KIND)
ANYWHERE, HERE = ("", "*"), "."

Ways = Callable[[str, Part], Iterator[Ruled]]
"""Returns what an object does with calls of a host, with full names of clusters."""
Naming = Callable[[str, str], str]


def served_protocol(server: Server) -> str:
    """Return how a server is spoken to, ``""`` where none of ours can serve it."""
    protocol, tls = server.port.protocol.upper(), server.tls
    if protocol in PLAIN:
        return HTTP
    files = tls is not None and tls.server_certificate and tls.private_key
    return HTTPS if protocol == HTTPS and files and tls and tls.mode in (SIMPLE, MUTUAL) else ""


@dataclass(frozen=True, slots=True)
class _At:
    """A VirtualService at a server."""

    part: Part
    host: str
    """As its author wrote it, with its full name."""


class IstioGateways:
    """What Gateways of Istio come to."""

    def __init__(self, parts: Iterable[Part], ways: Ways, naming: Naming) -> None:
        """`naming` returns the full name of a host as somebody of a namespace writes it."""
        found = tuple(parts)
        self._ways, self._naming = ways, naming
        self._gateways = [one for one in found if one.resource.kind is istio_gateway.KIND]
        self.rules = sorted((one for one in found if one.resource.kind in ROUTING), key=_age)
        """VirtualServices, the oldest first."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The Gateways."""
        return tuple(self._gateways)

    @cached_property
    def served(self) -> tuple[Served, ...]:
        """Every port of every Gateway that can be served."""
        return tuple(one for part in self._gateways for one in self._ports(part))

    @cached_property
    def keys(self) -> frozenset[str]:
        """Labels that Gateways choose data planes by."""
        selectors = (one.resource.spec.selector or {} for one in self._gateways)
        return frozenset(key for one in selectors for key in one)

    @cached_property
    def tables(self) -> Mapping[tuple[str, str, str], tuple[str, ...]]:
        """Names of the tables where an object (kind, namespace, name) is carried out."""
        found: dict[tuple[str, str, str], list[str]] = {}
        for part in self._gateways:
            for one in self._ports(part):
                own = (part, *(at.part for at in self._attached(part, one.port)))
                for each in dict.fromkeys(map(id, own)):
                    resource = next(x for x in own if id(x) == each).resource
                    key = (resource.kind.called, resource.namespace, resource.name)
                    found.setdefault(key, []).append(one.table.name)
        return {key: tuple(dict.fromkeys(names)) for key, names in found.items()}

    def _ports(self, part: Part) -> Iterator[Served]:
        namespace, name = part.resource.namespace, part.resource.name
        servers = [one for one in part.resource.spec.servers if served_protocol(one)]
        for port in dict.fromkeys(one.port.number for one in servers):
            here = [one for one in servers if one.port.number == port]
            # A port is spoken to in one way, with one certificate: that of its first server.
            first = served_protocol(here[0])
            here = [one for one in here if served_protocol(one) == first]
            yield Served(
                namespace=namespace,
                gateway=name,
                port=port,
                listeners=tuple(
                    (one.name or one.port.name or str(port), first, host)
                    for one in here
                    for host in one.hosts
                ),
                table=RouteTable(
                    name=f"{namespace}/{name}.istio:{port}",
                    hosts=tuple(self._hosts(part, here)),
                    ignore_port=True,
                ),
                tls=_tls(here[0]),
                selector=pairs(part.resource.spec.selector or {}),
            )

    def _hosts(self, gateway: Part, servers: Iterable[Server]) -> Iterator[VirtualHost]:
        by_domain: dict[str, list[_At]] = {}
        secure: set[str] = set()
        for server in servers:
            for domain, at in self._at(gateway, server):
                by_domain.setdefault(domain, []).append(at)
                if server.tls is not None and server.tls.https_redirect:
                    secure.add(domain)
        for domain in sorted(by_domain, key=lambda one: (exactness(one), one), reverse=True):
            yield VirtualHost(
                name=domain,
                domains=(domain,),
                routes=tuple(self._routes(gateway, by_domain[domain], servers)),
                require_tls=ALL if domain in secure else NO_TLS,
            )

    def _routes(
        self, gateway: Part, found: Iterable[_At], servers: Iterable[Server]
    ) -> list[Route]:
        port = next(one.port.number for one in servers)
        resource = gateway.resource
        caller = Caller(
            namespace=resource.namespace,
            labels=pairs(resource.spec.selector or {}),
            gateway=f"{resource.namespace}/{resource.name}",
        )
        seen: set[int] = set()
        lists: list[list[Route]] = []
        for at in found:
            if id(at.part) not in seen:
                seen.add(id(at.part))
                ways = self._ways(at.host, at.part)
                lists.append([one.route for one in ways if caller.meant(one.scope, port)])
        routes = [route for one in lists for route in one]
        return routes if len(lists) < 2 else sorted(routes, key=lambda one: _takes_all(one.match))

    def _attached(self, gateway: Part, port: int) -> Iterator[_At]:
        for server in gateway.resource.spec.servers:
            if server.port.number == port and served_protocol(server):
                yield from (at for _, at in self._at(gateway, server))

    def _at(self, gateway: Part, server: Server) -> Iterator[tuple[str, _At]]:
        """Yield the VirtualServices at a server, each with the hosts that both are about."""
        resource = gateway.resource
        name = f"{resource.namespace}/{resource.name}"
        for part in self.rules:
            own = part.resource.namespace
            if name not in gateways_of(part):
                continue
            for written in part.resource.spec.hosts:
                full = self._naming(written, own) if "*" not in written else written.lower()
                for host in server.hosts:
                    allowed, _, meant = host.rpartition("/")
                    if allowed in ANYWHERE or own == (
                        resource.namespace if allowed == HERE else allowed
                    ):
                        yield from self._both(part, (written.lower(), full), meant.lower())

    def _both(self, part: Part, names: tuple[str, str], meant: str) -> Iterator[tuple[str, _At]]:
        for name in dict.fromkeys(names):
            domain = intersection(meant, name)
            if domain is not None:
                yield domain, _At(part, names[1])


def remarks(gateways: IstioGateways) -> Iterator[Remark]:
    """Yield what authors of Gateways, and of VirtualServices at some, should know."""
    known = {f"{one.resource.namespace}/{one.resource.name}" for one in gateways.parts}
    for part in (*gateways.parts, *gateways.rules):
        resource = part.resource
        key = (resource.kind.called, resource.namespace, resource.name)
        named = [one for one in gateways_of(part) if not one.endswith(f"/{MESH}")]
        missing = [one for one in named if one not in known]
        if missing:
            message = f"there is no Gateway {', '.join(missing)}"
            yield part, TARGET_NOT_SEEN, "NoGateway", message, "True"
        if part.calling is not None and (part.calling.hosts or part.calling.unenforced):
            continue  # agents carry it out, or nobody does
        if key in gateways.tables:
            yield part, ENFORCED, "NoDataPlane", WAITING, "Unknown"
        else:
            reason = TARGET_NOT_SEEN if missing else "NotServed"
            what = "no server of a Gateway that it names has a host of it"
            if resource.kind is istio_gateway.KIND:
                what = "none of its servers can be served"
            yield part, ENFORCED, reason, what, "False"


def gateways_of(part: Part) -> tuple[str, ...]:
    """Return the Gateways that a VirtualService names, as ``NAMESPACE/NAME``."""
    own = part.resource.namespace
    named = getattr(part.resource.spec, "gateways", None) or ()
    return tuple(one if "/" in one else f"{own}/{one}" for one in named)


def chosen(one: Served, labels: Pairs) -> bool:
    """Tell whether a data plane with `labels` serves a port by its Gateway's selector."""
    return bool(one.selector) and set(one.selector) <= set(labels)


def _tls(server: Server) -> Tls | None:
    tls = server.tls
    if tls is None or served_protocol(server) != HTTPS:
        return None
    mutual = tls.mode == MUTUAL
    return Tls(
        certificate=tls.server_certificate or "",
        key=tls.private_key or "",
        authorities=tls.ca_certificates or "" if mutual else "",
        require_client=mutual,
    )


def _age(part: Part) -> tuple[str, str, str]:
    resource = part.resource
    age = text_at(resource.plain, "metadata", "creationTimestamp")
    return age, resource.namespace, resource.name


def _takes_all(match: RouteMatch) -> bool:
    path = match.path
    whole = (path.kind == PREFIX and path.value == "/") or (
        path.kind == REGEX and path.value == ".*"
    )
    return whole and not (match.headers or match.queries or match.fraction)
