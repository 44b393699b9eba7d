"""How the instances of a host are called: all of them, a subset, and each on one port.

Agents have a `Cluster`. What else a DestinationRule says of connections is data planes' of xDS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from fairlead.compiler.labels import Pairs
from fairlead.kinds.client_tls import NONE, ClientTls
from fairlead.kinds.destination_rule import (
    ConnectionPool,
    HttpPool,
    PortPolicy,
    RetryBudget,
    TcpPool,
    TrafficPolicy,
)
from fairlead.policy.balance import Cluster, by_place
from fairlead.policy.mesh import Pool, Tls

AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""Authorities of a Debian system: Istio, too, trusts the system's where none are named."""
KEEPALIVE = 7200.0
"""Seconds before a first probe, where nobody says them: Linux's own."""

AGENTS = "agents do not carry it out, data planes of xDS do"
TCP = ("max_connections", "tcp_keepalive")
HTTP = ("http1_max_pending_requests", "max_requests_per_connection", "idle_timeout")
"""Fields of pools that agents leave to others."""

Policy = TrafficPolicy | PortPolicy
Carried = tuple[tuple[str, tuple[str, ...]], ...]
"""By address, the values of some labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How instances are called."""

    cluster: Cluster = Cluster()
    pool: Pool = Pool()
    tls: Tls | None = None
    """Without a name of the server: the host's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances(How):
    """All instances of a host, or a subset of them."""

    labels: Pairs | None = None
    """Of the instances, None for all."""
    ports: tuple[tuple[int, How], ...] = ()
    """What is different on some ports."""

    def at(self, port: int) -> How:
        """Return how they are called on `port`."""
        return next((how for number, how in self.ports if number == port), self)

    def only(self, addresses: tuple[str, ...] | None) -> Instances:
        """Return these with the addresses that have their labels."""
        return replace(self, cluster=replace(self.cluster, addresses=addresses))

    @property
    def asked(self) -> tuple[str, ...]:
        """Labels by which it is told who is near."""
        rules = (how.cluster.locality for how in (self, *(how for _, how in self.ports)))
        return tuple(label for rule in rules if rule is not None for label in rule.labels)

    @property
    def placed(self) -> bool:
        """Whether it depends on the place of a caller who is called."""
        return any(by_place(how.cluster) for how in (self, *(how for _, how in self.ports)))

    def telling(self, of: Callable[[tuple[str, ...]], Carried]) -> Instances:
        """Return these with what instances have of the labels that tell who is near."""
        if not self.asked:
            return self
        ports = tuple((number, replace(how, cluster=_told(how, of))) for number, how in self.ports)
        return replace(self, cluster=_told(self, of), ports=ports)


def _told(how: How, of: Callable[[tuple[str, ...]], Carried]) -> Cluster:
    rule = how.cluster.locality
    if rule is None or not rule.labels:
        return how.cluster
    return replace(how.cluster, locality=replace(rule, carried=of(rule.labels)))


def merged(above: Policy, own: Policy) -> TrafficPolicy:
    """Return a policy block by block: what `own` has replaces all of a block of `above`."""
    return TrafficPolicy.model_construct(
        load_balancer=own.load_balancer or above.load_balancer,
        outlier_detection=own.outlier_detection or above.outlier_detection,
        connection_pool=own.connection_pool or above.connection_pool,
        tls=own.tls or above.tls,
        retry_budget=_budget(own) or _budget(above),
    )


def ports(*policies: TrafficPolicy) -> Iterator[tuple[int, TrafficPolicy]]:
    """Yield the policies of ports, of a destination's and then a subset's.

    Of a port, nothing of its policy is taken over but what ports cannot say (Istio).
    """
    numbers = (one.port.number for policy in policies for one in policy.port_level_settings or ())
    for number in dict.fromkeys(numbers):
        found = TrafficPolicy()
        for policy in policies:
            found = merged(found, policy)
            for one in policy.port_level_settings or ():
                if one.port.number == number:
                    found = merged(
                        TrafficPolicy.model_construct(retry_budget=found.retry_budget), one
                    )
        yield number, found


def pool(one: ConnectionPool | None) -> Pool:
    """Return the limits of connections."""
    found = one or ConnectionPool()
    http, tcp = found.http or HttpPool(), found.tcp or TcpPool()
    alive = tcp.tcp_keepalive
    return Pool(
        connect_timeout=tcp.connect_timeout or 0.0,
        idle_timeout=http.idle_timeout or 0.0,
        most_connections=tcp.max_connections or 0,
        most_pending=http.http1_max_pending_requests or 0,
        most_requests=http.http2_max_requests or 0,
        requests_per_connection=http.max_requests_per_connection or 0,
        tcp_keepalive=None if alive is None else max(1.0, alive.time or KEEPALIVE),
    )


def tls(one: ClientTls | None) -> Tls | None:
    """Return how connections are encrypted, None where they are not."""
    if one is None or one.mode in NONE:
        return None
    checked = not one.insecure_skip_verify
    return Tls(
        certificate=one.client_certificate or "",
        key=one.private_key or "",
        authorities=(one.ca_certificates or AUTHORITIES) if checked else "",
        server_name=one.sni or "",
        subject_names=tuple(one.subject_alt_names or ()) if checked else (),
    )


def named(one: Tls | None, host: str) -> Tls | None:
    """Return `one` for a host whose name the peer's certificate has, where no other is asked."""
    if one is None:
        return None
    names = one.subject_names or ((one.server_name or host,) if one.authorities else ())
    return replace(one, server_name=one.server_name or host, subject_names=names)


def elsewhere(policy: Policy, path: str) -> Iterator[str]:
    """Yield what of a policy agents leave to data planes of xDS, with the paths of fields."""
    found = policy.connection_pool or ConnectionPool()
    yield from _set(found.tcp, f"{path}.connectionPool.tcp", TCP)
    yield from _set(found.http, f"{path}.connectionPool.http", HTTP)
    yield from _of_tls(policy.tls, f"{path}.tls")


def _set(block: TcpPool | HttpPool | None, path: str, fields: Iterable[str]) -> Iterator[str]:
    if block is None:
        return
    for field in fields:
        if getattr(block, field) is not None:
            yield f"{path}.{type(block).model_fields[field].alias}: {AGENTS}"


def _of_tls(one: ClientTls | None, path: str) -> Iterator[str]:
    if one is None or one.mode == NONE[0]:
        return
    if one.mode in NONE:
        yield f"{path}.mode: {one.mode}: no certificates are issued here: calls are not encrypted"
    else:
        yield f"{path}: agents and clients of gRPC do not carry it out, Envoy does"


def _budget(policy: Policy) -> RetryBudget | None:
    return policy.retry_budget if isinstance(policy, TrafficPolicy) else None
