"""DestinationRule (Istio): which instance of a host is called, and which one is not for a while."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from fairlead.kinds import locality_lb
from fairlead.kinds.authoring import Maker
from fairlead.kinds.client_tls import ClientTls, unencryptable
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind, Plain, child, text_at
from fairlead.kinds.locality_lb import LocalityLbSetting
from fairlead.kinds.networking import ALSO, GROUP, VERSION, Istio, Later, Percent, Seconds, later
from fairlead.kinds.spec import Labels
from fairlead.kinds.violation import Loc, Violation
from fairlead.policy.balance import MOST_PLACES, MOST_POINTS

KEYS = ("httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName")
MOST_SUBSETS, MOST_PORTS = 256, 64

Simple = Literal[
    "UNSPECIFIED", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST", "LEAST_CONN"
]


class HttpCookie(Istio):
    """A cookie."""

    name: str = Field(min_length=1, max_length=256, description="Its name.")
    path: Later = later("Path of one that is made.")
    ttl: Later = later("How long one that is made lives; none is made.")
    attributes: Later = later("Attributes of one that is made.")


class RingHash(Istio):
    """A ring."""

    minimum_ring_size: int | None = Field(
        default=None, ge=1, le=MOST_POINTS, description="Points at least; 1024 if left out."
    )


class MagLev(Istio):
    """A table."""

    table_size: int | None = Field(
        default=None, ge=2, le=MOST_PLACES - 1, description="Places, a prime; 65537 if left out."
    )


class ConsistentHash(Istio):
    """Calls with the same key go to the same instance."""

    http_header_name: str | None = Field(default=None, description="Key: a header.")
    http_cookie: HttpCookie | None = Field(default=None, description="Key: a cookie.")
    use_source_ip: bool | None = Field(default=None, description="Key: who calls.")
    http_query_parameter_name: str | None = Field(default=None, description="Key: a parameter.")
    ring_hash: RingHash | None = Field(default=None, description="By a ring: the default.")
    maglev: MagLev | None = Field(default=None, description="By a table.")
    minimum_ring_size: int | None = Field(
        default=None, ge=0, le=MOST_POINTS, description="Old form of ringHash."
    )


class Warmup(Istio):
    """A new instance gets a share that grows."""

    duration: Seconds = Field(description="Until it gets as much as any other.")
    minimum_percent: float | None = Field(
        default=None, ge=0, le=100, description="What it begins with; 10 if left out."
    )
    aggression: float | None = Field(
        default=None, ge=1, le=100, description="1, straight, if left out; more: quickly at first."
    )


class LoadBalancer(Istio):
    """How an instance is chosen."""

    simple: Simple | None = Field(default=None, description="LEAST_REQUEST if left out.")
    consistent_hash: ConsistentHash | None = Field(default=None, description="By a key.")
    warmup: Warmup | None = Field(default=None, description="Spare new instances.")
    warmup_duration_secs: Seconds | None = Field(default=None, description="Old form of warmup.")
    locality_lb_setting: LocalityLbSetting | None = Field(default=None, description="By place.")


class OutlierDetection(Istio):
    """Leave out an instance that fails again and again."""

    consecutive5xx_errors: int | None = Field(
        default=None,
        alias="consecutive5xxErrors",
        ge=0,
        le=4_294_967_295,
        description="Answers from 500 on in a row, 5 if left out; 0 counts none.",
    )
    consecutive_gateway_errors: int | None = Field(
        default=None,
        ge=0,
        le=4_294_967_295,
        description="Answers 502, 503, 504 in a row; none are counted by themselves if left out.",
    )
    consecutive_errors: int | None = Field(
        default=None, ge=0, le=4_294_967_295, description="Old form of consecutiveGatewayErrors."
    )
    split_external_local_origin_errors: bool | None = Field(
        default=None, description="Whether no answer counts by itself."
    )
    consecutive_local_origin_failures: int | None = Field(
        default=None, ge=0, le=4_294_967_295, description="No answers in a row; 5 if left out."
    )
    interval: Seconds | None = Field(default=None, description="Between two looks; 10s.")
    base_ejection_time: Seconds | None = Field(
        default=None, description="How long, times how often it was left out; 30s."
    )
    max_ejection_percent: int | None = Field(
        default=None, ge=0, le=100, description="Of the instances at most; 10 if left out."
    )
    min_health_percent: int | None = Field(
        default=None, ge=0, le=100, description="Where fewer are healthy nobody is left out."
    )
    outlier_detection_http_error_codes: Later = later("Other statuses that count.")


class RetryBudget(Istio):
    """How many calls may be repeated."""

    percent: Percent | Annotated[float, Field(ge=0, le=100)] | None = Field(
        default=None, description="Of the calls under way; 20 if left out."
    )
    min_retry_concurrency: int | None = Field(
        default=None, ge=0, le=1_000_000, description="So many in any case; 3 if left out."
    )
    budget_interval: Later = later("How long calls count.")


class TcpKeepalive(Istio):
    """Signs of life of a connection without traffic."""

    time: Seconds | None = Field(default=None, description="Before the first one; 2h.")
    interval: Later = later("Between two.")
    probes: Later = later("How many.")


class TcpPool(Istio):
    """Connections."""

    connect_timeout: Seconds | None = Field(
        default=None, description="Time to connect; the client's own if left out."
    )
    max_connections: int | None = Field(
        default=None, ge=0, le=2_147_483_647, description="Connections at a time; 0: any number."
    )
    tcp_keepalive: TcpKeepalive | None = Field(default=None, description="Signs of life.")
    max_connection_duration: Later = later("How long one is kept.")
    idle_timeout: Later = later("How long one is kept for nothing.")


class HttpPool(Istio):
    """Calls."""

    http2_max_requests: int | None = Field(
        default=None,
        alias="http2MaxRequests",
        ge=0,
        le=2_147_483_647,
        description="Calls at a time, of HTTP/1.1 as well; the others are answered with 503.",
    )
    max_retries: int | None = Field(
        default=None,
        ge=0,
        le=2_147_483_647,
        description="Calls that are repeated at a time, where there is no retryBudget.",
    )
    http1_max_pending_requests: int | None = Field(
        default=None,
        alias="http1MaxPendingRequests",
        ge=0,
        le=2_147_483_647,
        description="Calls that wait for a connection; 0: any number.",
    )
    max_requests_per_connection: int | None = Field(
        default=None, ge=0, le=536_870_912, description="Calls of one connection; 0: any number."
    )
    idle_timeout: Seconds | None = Field(
        default=None, description="How long a connection is kept for nothing."
    )
    h2_upgrade_policy: Later = Field(
        default=None,
        alias="h2UpgradePolicy",
        description="Whether HTTP/2 is spoken. Not enforced yet: status says so.",
    )
    use_client_protocol: Later = later("Whether the caller's protocol is kept.")
    max_concurrent_streams: Later = later("Calls of one connection at a time.")
    http2_keep_alive: Later = Field(
        default=None,
        alias="http2KeepAlive",
        description="Signs of life. Not enforced yet: status says so.",
    )


class ConnectionPool(Istio):
    """Connections and their limits."""

    tcp: TcpPool | None = Field(default=None, description="Connections.")
    http: HttpPool | None = Field(default=None, description="Calls.")


class PortNumber(Istio):
    """A port."""

    number: int = Field(ge=1, le=65535, description="Its number.")


class PortPolicy(Istio):
    """How it is called on one port. What is missing is Istio's default: nothing is taken over."""

    port: PortNumber = Field(description="The port.")
    load_balancer: LoadBalancer | None = Field(default=None, description="Which instance.")
    outlier_detection: OutlierDetection | None = Field(
        default=None, description="Which instance not."
    )
    connection_pool: ConnectionPool | None = Field(
        default=None, description="Connections and their limits."
    )
    tls: ClientTls | None = Field(default=None, description="Encryption.")


class TrafficPolicy(Istio):
    """How it is called. A subset that has a block of these replaces all of that block."""

    load_balancer: LoadBalancer | None = Field(default=None, description="Which instance.")
    outlier_detection: OutlierDetection | None = Field(
        default=None, description="Which instance not."
    )
    retry_budget: RetryBudget | None = Field(default=None, description="How often again.")
    connection_pool: ConnectionPool | None = Field(
        default=None, description="Connections and their limits."
    )
    tls: ClientTls | None = Field(default=None, description="Encryption.")
    port_level_settings: Annotated[tuple[PortPolicy, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MOST_PORTS, description="What is different on some ports."
    )
    tunnel: Later = later("A proxy between.")
    proxy_protocol: Later = later("Who calls, told to the server.")


class Subset(Istio):
    """Instances with the same labels."""

    name: str = Field(min_length=1, max_length=253, description="Its name.")
    labels: Labels | None = Field(default=None, description="Labels of its instances.")
    traffic_policy: TrafficPolicy | None = Field(
        default=None, description="What is different for it."
    )


class DestinationRuleSpec(Istio):
    """How the instances of a host are called."""

    host: str = Field(
        min_length=1,
        max_length=253,
        description="Name of an app: app in this namespace, app.namespace, "
        "app.namespace.svc.cluster.local, or *.namespace.svc.cluster.local.",
    )
    traffic_policy: TrafficPolicy | None = Field(default=None, description="How it is called.")
    subsets: Annotated[tuple[Subset, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MOST_SUBSETS, description="Parts of its instances."
    )
    export_to: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, description='Namespaces that call: "." for its own, "*" for all.'
    )
    workload_selector: Later = later("Who calls.")


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    spec = child(plain, "spec")
    yield from _policy(child(spec, "trafficPolicy"), ("spec", "trafficPolicy"))
    subsets = spec.get("subsets")
    seen: set[str] = set()
    for place, subset in enumerate(subsets if isinstance(subsets, list) else ()):
        loc: Loc = ("spec", "subsets", place)
        name = text_at(subset, "name")
        if name in seen:
            yield Violation(loc=(*loc, "name"), message=f"{name} is the name of an earlier subset")
        seen.add(name)
        yield from _policy(child(subset, "trafficPolicy"), (*loc, "trafficPolicy"))


def _policy(policy: Plain, loc: Loc) -> Iterator[Violation]:
    balancer = child(policy, "loadBalancer")
    at = (*loc, "loadBalancer")
    if balancer.get("simple") is not None and balancer.get("consistentHash") is not None:
        yield Violation(loc=at, message="has simple and consistentHash: choose one")
    hashed = child(balancer, "consistentHash")
    if "consistentHash" in balancer:
        keys = [key for key in KEYS if hashed.get(key) not in (None, False)]
        if len(keys) != 1:
            message = f"needs exactly one of {', '.join(KEYS)}; has {' and '.join(keys) or 'none'}"
            yield Violation(loc=(*at, "consistentHash"), message=message)
        if hashed.get("ringHash") is not None and hashed.get("maglev") is not None:
            message = "has ringHash and maglev: choose one"
            yield Violation(loc=(*at, "consistentHash"), message=message)
        size = child(hashed, "maglev").get("tableSize")
        if isinstance(size, int) and 2 <= size < MOST_PLACES and not _prime(size):
            where = (*at, "consistentHash", "maglev", "tableSize")
            yield Violation(loc=where, message=f"{size} is no prime number: 65537 is one")
    if {"warmup", "warmupDurationSecs"} <= balancer.keys():
        yield Violation(loc=at, message="has warmup and warmupDurationSecs, its old form")
    yield from locality_lb.violations(
        child(balancer, "localityLbSetting"), (*at, "localityLbSetting")
    )
    yield from unencryptable(child(policy, "tls"), (*loc, "tls"))
    ports = policy.get("portLevelSettings")
    seen: set[object] = set()
    for place, one in enumerate(ports if isinstance(ports, list) else ()):
        if not isinstance(one, dict):
            continue
        under: Loc = (*loc, "portLevelSettings", place)
        number = child(one, "port").get("number")
        if isinstance(number, int) and number in seen:
            yield Violation(loc=(*under, "port"), message=f"{number} is an earlier one's port")
        seen.add(number)
        yield from _policy(one, under)


def _prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def _balance(plain: Plain, now: datetime) -> str:
    del now
    balancer = child(plain, "spec", "trafficPolicy", "loadBalancer")
    if "consistentHash" in balancer:
        return "MAGLEV" if "maglev" in child(balancer, "consistentHash") else "RING_HASH"
    return str(balancer.get("simple") or "-")


def _subsets(plain: Plain, now: datetime) -> str:
    del now
    found = child(plain, "spec").get("subsets")
    names = [text_at(one, "name") for one in found] if isinstance(found, list) else []
    return ",".join(names) or "-"


KIND: Kind[DestinationRuleSpec] = Kind(
    group=GROUP,
    version=VERSION,
    also=ALSO,
    kind="DestinationRule",
    plural="destinationrules",
    singular="destinationrule",
    short_names=("dr",),
    spec=DestinationRuleSpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(
            name="Host",
            description="Whose instances it is about.",
            cell=lambda plain, _: text_at(plain, "spec", "host"),
        ),
        Column(name="Balance", description="How one is chosen.", cell=_balance),
        Column(name="Subsets", priority=1, description="Parts of its instances.", cell=_subsets),
        ENFORCED,
        LIVE,
        AGE,
    ),
)

DestinationRule = Maker(KIND)
"""Makes one in Python; fields in snake case."""
