"""VirtualService (Istio): what is done with calls of a host: how long, how often, to whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from fairlead.kinds import regex
from fairlead.kinds.authoring import Maker
from fairlead.kinds.kind import AGE, ENFORCED, LIVE, NAME, Column, Kind, Plain, child
from fairlead.kinds.networking import ALSO, GROUP, VERSION, Istio, Later, Percent, Seconds, later
from fairlead.kinds.spec import MatchText
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import Loc, Violation
from fairlead.policy.outcome import GRPC_CODES
from fairlead.policy.resilience import CONDITIONS, GRPC_CONDITIONS, MOST_ATTEMPTS

FOREIGN_CONDITIONS = (
    "envoy-ratelimited",
    "retriable-headers",
    "http3-post-connect-failure",
)
"""Conditions of Envoy's that are read, and met by nothing here."""

WAYS = ("exact", "prefix", "regex")
MESH = "mesh"
ABORTS = ("httpStatus", "grpcStatus", "http2Error")
MOST_ROUTES, MOST_HOSTS = 256, 256


class TextMatch(Istio):
    """Exactly one of the three; `{}` asks whether it is there at all."""

    exact: MatchText | None = Field(default=None, description="The whole text is this.")
    prefix: MatchText | None = Field(default=None, description="The text starts with this.")
    regex: MatchText | None = Field(
        default=None, description="The whole text matches this regular expression."
    )


class HttpMatchRequest(Istio):
    """Calls that meet all of these."""

    name: str | None = Field(default=None, description="Its name, for people.")
    uri: TextMatch | None = Field(default=None, description="The path, without the query.")
    method: TextMatch | None = Field(default=None, description="The method.")
    headers: dict[str, TextMatch | None] | None = Field(default=None, description="By name.")
    query_params: dict[str, TextMatch | None] | None = Field(
        default=None, description="By name of the parameter."
    )
    without_headers: dict[str, TextMatch | None] | None = Field(
        default=None, description="Headers that are not so; `exact` alone is enforced."
    )
    scheme: Later = later("The scheme.")
    authority: Later = later("The host as it was called.")
    port: Later = later("The port.")
    source_labels: Later = later("Labels of who calls.")
    source_namespace: Later = later("Namespace of who calls.")
    gateways: Later = later("Gateways that it came through.")
    ignore_uri_case: Later = later("Whether the path's case does not matter.")
    stat_prefix: Later = later("Prefix of metrics.")


class Fallback(Istio):
    """Who is called instead (OpenSergo's)."""

    host: str | None = Field(default=None, description="The same host, or nothing.")
    subset: str = Field(min_length=1, description="Subset that stands in.")


class Destination(Istio):
    """Who is called."""

    host: str = Field(min_length=1, max_length=253, description="Host as it is called.")
    subset: str | None = Field(default=None, description="Subset of a DestinationRule.")
    port: Later = later("Its port.")
    fallback: Fallback | None = Field(
        default=None,
        description="Who is called where the subset has no instance. Ours, as OpenSergo has it.",
    )


class HttpRouteDestination(Istio):
    """One of several."""

    destination: Destination = Field(description="Who is called.")
    weight: int = Field(
        default=0, ge=0, le=1_000_000, description="Its share of the weights of all."
    )
    headers: Later = later("Headers that are changed.")


class HttpRetry(Istio):
    """Send it again."""

    attempts: int = Field(
        default=0, ge=0, le=MOST_ATTEMPTS, description="How often; 0 switches it off."
    )
    per_try_timeout: Seconds | None = Field(default=None, description="Time of each attempt.")
    retry_on: str | None = Field(
        default=None, max_length=1024, description="Conditions and statuses, with commas between."
    )
    backoff: Seconds | None = Field(default=None, description="First pause; 25ms if left out.")
    retry_ignore_previous_hosts: bool | None = Field(
        default=None, description="Whether another instance is tried; it is if left out."
    )
    retry_remote_localities: Later = later("Whether other places are tried.")


class Delay(Istio):
    """Wait before it is sent."""

    fixed_delay: Seconds | None = Field(default=None, description="How long.")
    percentage: Percent | None = Field(default=None, description="Of the calls; none if left out.")
    percent: int | None = Field(default=None, ge=0, le=100, description="Old form of percentage.")
    exponential_delay: Later = later("Mean of a random time.")


class Abort(Istio):
    """Answer with an error, and send nothing."""

    http_status: int | None = Field(default=None, ge=200, le=599, description="Status.")
    grpc_status: str | None = Field(default=None, description="Code of gRPC, as UNAVAILABLE.")
    http2_error: Later = later("Error of HTTP/2.")
    percentage: Percent | None = Field(default=None, description="Of the calls; none if left out.")


class HttpFaultInjection(Istio):
    """What goes wrong on purpose."""

    delay: Delay | None = Field(default=None, description="Wait.")
    abort: Abort | None = Field(default=None, description="Fail.")


class HttpRoute(Istio):
    """What is done with calls that match; the first one in the list counts."""

    name: str | None = Field(default=None, description="Its name, for people.")
    match: Annotated[tuple[HttpMatchRequest, ...], Field(strict=False)] | None = Field(
        default=None, max_length=256, description="Any of these; every call if left out."
    )
    route: Annotated[tuple[HttpRouteDestination, ...], Field(strict=False)] | None = Field(
        default=None, max_length=64, description="Who is called."
    )
    timeout: Seconds | None = Field(
        default=None, description="Time of the whole call; none if left out or 0s."
    )
    retries: HttpRetry | None = Field(default=None, description="Send it again.")
    fault: HttpFaultInjection | None = Field(default=None, description="Fail on purpose.")
    redirect: Later = later("Send the caller elsewhere.")
    direct_response: Later = later("Answer at once.")
    delegate: Later = later("Another VirtualService that goes on.")
    rewrite: Later = later("Change path and host.")
    mirror: Later = later("Send a copy elsewhere.")
    mirrors: Later = later("Send copies elsewhere.")
    mirror_percent: Later = later("Share of copies.")
    mirror_percentage: Later = later("Share of copies.")
    cors_policy: Later = later("What browsers may.")
    headers: Later = later("Headers that are changed.")


class VirtualServiceSpec(Istio):
    """What is done with calls of some hosts."""

    hosts: Annotated[tuple[str, ...], Field(strict=False)] = Field(
        default=(),
        max_length=MOST_HOSTS,
        description="Names of apps: app in this namespace, app.namespace, "
        "app.namespace.svc.cluster.local, *.namespace.svc.cluster.local or *.",
    )
    gateways: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, description="mesh if left out; without mesh, it is for gateways alone."
    )
    http: Annotated[tuple[HttpRoute, ...], Field(strict=False)] | None = Field(
        default=None, max_length=MOST_ROUTES, description="In order: the first that matches."
    )
    export_to: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, description='Namespaces that call: "." for its own, "*" for all.'
    )
    tls: Later = later("Calls that are encrypted.")
    tcp: Later = later("Calls of anything.")


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    spec = child(plain, "spec")
    for loc, route in _items(spec.get("http"), ("spec", "http")):
        yield from _retry(child(route, "retries"), (*loc, "retries"))
        yield from _fault(child(route, "fault"), (*loc, "fault"))
        yield from _weights(route.get("route"), (*loc, "route"))
        for where, match in _items(route.get("match"), (*loc, "match")):
            yield from _match(match, where)


def _items(raw: Any, loc: Loc) -> Iterator[tuple[Loc, Plain]]:
    for place, item in enumerate(raw if isinstance(raw, list) else ()):
        if isinstance(item, dict):
            yield (*loc, place), item


def _retry(retry: Plain, loc: Loc) -> Iterator[Violation]:
    known = (*CONDITIONS, *GRPC_CONDITIONS, *FOREIGN_CONDITIONS)
    for word in conditions(retry.get("retryOn")):
        status = int(word) if word.isdecimal() and len(word) == 3 else 0
        if word not in known and not 100 <= status <= 599:
            yield Violation(loc=(*loc, "retryOn"), message=choose("condition", word, known))


def conditions(raw: Any) -> list[str]:
    """Return the words of ``retryOn``."""
    words = raw.split(",") if isinstance(raw, str) else []
    return [word for one in words if (word := one.strip())]


def _fault(fault: Plain, loc: Loc) -> Iterator[Violation]:
    abort, delay = child(fault, "abort"), child(fault, "delay")
    found = [one for one in ABORTS if abort.get(one) is not None]
    if "abort" in fault and len(found) != 1:
        message = f"needs exactly one of {', '.join(ABORTS)}; has {' and '.join(found) or 'none'}"
        yield Violation(loc=(*loc, "abort"), message=message)
    code = abort.get("grpcStatus")
    if isinstance(code, str) and code not in GRPC_CODES and not _numbered(code):
        where = (*loc, "abort", "grpcStatus")
        yield Violation(loc=where, message=choose("code", code, GRPC_CODES))
    if "delay" in fault and not ({"fixedDelay", "exponentialDelay"} & delay.keys()):
        yield Violation(loc=(*loc, "delay"), message="needs fixedDelay, as 5s")


def _numbered(code: str) -> bool:
    return code.isdecimal() and len(code) < 3 and int(code) < len(GRPC_CODES)


def _weights(raw: Any, loc: Loc) -> Iterator[Violation]:
    weights = [one.get("weight", 0) for _, one in _items(raw, loc)]
    if len(weights) > 1 and all(weight == 0 for weight in weights):
        yield Violation(loc=loc, message="the weights add up to 0: nobody would be called")


def _match(match: Plain, loc: Loc) -> Iterator[Violation]:
    texts = [((*loc, name), match.get(name), False) for name in ("uri", "method")]
    for name in ("headers", "queryParams", "withoutHeaders"):
        for key, text in child(match, name).items():
            texts.append(((*loc, name, str(key)), text, True))
    for where, text, optional in texts:
        ways = [way for way in WAYS if way in child(text)]
        if isinstance(text, dict) and (len(ways) > 1 or not (ways or optional)):
            message = f"needs exactly one of {', '.join(WAYS)}; has {' and '.join(ways) or 'none'}"
            yield Violation(loc=where, message=message)
        pattern = child(text).get("regex")
        # Alone it asks for presence (Istio), and is no regular expression.
        if isinstance(pattern, str) and pattern != "*" and (found := regex.problem(pattern)):
            yield Violation(loc=(*where, "regex"), message=found)


def _hosts(plain: Plain, now: datetime) -> str:
    del now
    found = child(plain, "spec").get("hosts")
    return ",".join(map(str, found)) if isinstance(found, list) else ""


KIND: Kind[VirtualServiceSpec] = Kind(
    group=GROUP,
    version=VERSION,
    also=ALSO,
    kind="VirtualService",
    plural="virtualservices",
    singular="virtualservice",
    short_names=("vs",),
    spec=VirtualServiceSpec,
    rules=(violations,),
    columns=(
        NAME,
        Column(name="Hosts", description="Whose calls it is about.", cell=_hosts),
        ENFORCED,
        LIVE,
        AGE,
    ),
)

VirtualService = Maker(KIND)
"""Makes one in Python; fields in snake case."""
