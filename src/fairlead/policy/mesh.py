"""What one node of a mesh is given: tables of routes, clusters with their endpoints, listeners.

Fields mean what they mean in Envoy. Names of clusters: see policy/routing/table.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.policy.balance import ROUND, USUAL, Balance, Budget, Outlier
from fairlead.policy.routing.table import RouteTable

EDS, STATIC, DNS, PASS_THROUGH = "eds", "static", "dns", "pass-through"
"""Where a cluster's instances come from: pushed, listed, looked up, or the address that was
called."""
ONE_NAME = "one-name"
"""As DNS, of one name: each connection goes to what the newest look-up said."""

HEALTHY, UNHEALTHY, DRAINING = "healthy", "unhealthy", "draining"

INBOUND, OUTBOUND, GATEWAY = "inbound", "outbound", "gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An instance of a cluster."""

    address: str
    """``host:port``; an IPv6 host stands in brackets."""
    weight: int = 1
    health: str = HEALTHY
    hostname: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locality:
    """Endpoints of one place; only those of the lowest priority that is healthy are called."""

    region: str = ""
    zone: str = ""
    sub_zone: str = ""
    weight: int = 1
    priority: int = 0
    endpoints: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Limits of connections; 0 for the data plane's own."""

    connect_timeout: float = 0.0
    """Seconds."""
    idle_timeout: float = 0.0
    """Seconds."""
    most_connections: int = 0
    most_pending: int = 0
    most_requests: int = 0
    requests_per_connection: int = 0
    tcp_keepalive: float | None = None
    """Seconds without traffic before a probe; None: no probes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How a cluster is called with TLS, or a listener answers with it.

    Names of secrets are asked of the data plane's own provider (SDS), or are paths of PEM files.
    """

    certificate: str = ""
    key: str = ""
    """Path of the certificate's key, where `certificate` is one."""
    authorities: str = ""
    server_name: str = ""
    subject_names: tuple[str, ...] = ()
    """One of which the peer's certificate has to have."""
    require_client: bool = False
    """Of listeners: whether the client has to show a certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshCluster:
    """Instances that requests are sent to, and how."""

    name: str
    discovery: str = EDS
    """One of EDS, STATIC, DNS, ONE_NAME, PASS_THROUGH."""
    localities: tuple[Locality, ...] = ()
    balance: Balance = ROUND
    outlier: Outlier | None = None
    budget: Budget = USUAL
    pool: Pool = Pool()
    tls: Tls | None = None
    http2: bool = False
    by_locality: bool = False
    """Whether the weights of its localities count. gRPC counts them always."""
    report_load: bool = False
    """Whether the data plane says what it sent (LRS)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A filter's configuration that is pushed on its own (ECDS)."""

    name: str
    type_url: str
    """Of the message that the filter takes."""
    content: str
    """That message as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """An HTTP filter of a listener; without `content` an Extension of its name is asked for."""

    name: str
    type_url: str
    content: str | None = None
    """The message that it takes, as JSON."""
    optional: bool = False
    """Whether data planes that do not know it are to leave it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where requests come in."""

    name: str
    table: str
    """Name of its RouteTable."""
    routes: RouteTable | None = None
    """That table, where it is not asked for on its own."""
    address: str = ""
    """``host:port``; ``""`` for a client of gRPC, which listens nowhere."""
    direction: str = OUTBOUND
    filters: tuple[Filter, ...] = ()
    """Before the router."""
    tls: Tls | None = None
    access_log: str = ""
    """Path of the file where each request is written as JSON; ``""`` for nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """All of it, for one node; names are unique within each kind."""

    tables: tuple[RouteTable, ...] = ()
    clusters: tuple[MeshCluster, ...] = ()
    listeners: tuple[Listener, ...] = ()
    extensions: tuple[Extension, ...] = ()
    hosts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Addresses by the names that a sidecar's DNS proxy answers (NDS)."""
