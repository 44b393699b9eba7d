"""What Istio says of requests of HTTP: which are meant, and what becomes of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fairlead.kinds.networking import Istio, Later, Percent, Seconds, later
from fairlead.kinds.spec import MatchText
from fairlead.policy.resilience import MOST_ATTEMPTS

Headers = dict[str, str]
MOST_BODY = 1_048_576
"""Bytes of an answer that stands in a rule."""


class TextMatch(Istio):
    """Exactly one of the three; `{}` asks whether it is there at all."""

    exact: MatchText | None = Field(default=None, description="The whole text is this.")
    prefix: MatchText | None = Field(default=None, description="The text starts with this.")
    regex: MatchText | None = Field(
        default=None, description="The whole text matches this regular expression."
    )


class CustomMatch(Istio):
    """A test by a function that an installed package registers (docs/routing.md)."""

    name: str = Field(min_length=1, max_length=253, description="Name that it is registered by.")
    arguments: dict[str, str] | None = Field(default=None, description="What it is told.")


class HttpMatchRequest(Istio):
    """Calls that meet all of these."""

    name: str | None = Field(default=None, description="Its name, for people.")
    uri: TextMatch | None = Field(default=None, description="The path, without the query.")
    scheme: TextMatch | None = Field(default=None, description="The scheme: http or https.")
    method: TextMatch | None = Field(default=None, description="The method.")
    authority: TextMatch | None = Field(default=None, description="The host as it was called.")
    headers: dict[str, TextMatch | None] | None = Field(default=None, description="By name.")
    port: int | None = Field(default=None, ge=1, le=65535, description="Port that is called.")
    source_labels: dict[str, str] | None = Field(default=None, description="Labels of who calls.")
    source_namespace: str | None = Field(default=None, description="Namespace of who calls.")
    gateways: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, description="Gateways that it came through, in place of those of the spec."
    )
    query_params: dict[str, TextMatch | None] | None = Field(
        default=None, description="By name of the parameter."
    )
    ignore_uri_case: bool | None = Field(
        default=None, description="Whether the path's case does not matter; not of a regex."
    )
    without_headers: dict[str, TextMatch | None] | None = Field(
        default=None, description="Headers that are not so; one that is missing is empty."
    )
    stat_prefix: Later = later("Prefix of metrics.")
    arguments: dict[str, TextMatch | None] | None = Field(
        default=None,
        description="Fields of the message of a gRPC call, by path: user.id. Ours; agents only.",
    )
    custom: Annotated[tuple[CustomMatch, ...], Field(strict=False)] | None = Field(
        default=None, description="Tests of your own: all of them have to hold. Ours; agents only."
    )


class PortSelector(Istio):
    """A port."""

    number: int = Field(ge=1, le=65535, description="Its number.")


class Fallback(Istio):
    """Who is called instead (OpenSergo's)."""

    host: str | None = Field(
        default=None, min_length=1, max_length=253, description="The same host if left out."
    )
    subset: str | None = Field(
        default=None, description="Subset that stands in; all instances if left out."
    )


class Destination(Istio):
    """Who is called."""

    host: str = Field(min_length=1, max_length=253, description="Host as it is called.")
    subset: str | None = Field(default=None, description="Subset of a DestinationRule.")
    port: PortSelector | None = Field(default=None, description="Its port.")
    fallback: Fallback | None = Field(
        default=None,
        description="Who is called where the subset has no instance. Ours, as OpenSergo has it.",
    )


class HeaderOperations(Istio):
    """Headers that are changed."""

    set: Headers | None = Field(default=None, description="Replaced, or added.")
    add: Headers | None = Field(default=None, description="Added beside what is there.")
    remove: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, description="Removed."
    )


class HeaderChanges(Istio):
    """Headers that are changed, of the request and of the answer."""

    request: HeaderOperations | None = Field(default=None, description="Of the request.")
    response: HeaderOperations | None = Field(default=None, description="Of the answer.")


class HttpRouteDestination(Istio):
    """One of several."""

    destination: Destination = Field(description="Who is called.")
    weight: int = Field(
        default=0, ge=0, le=1_000_000, description="Its share of the weights of all."
    )
    headers: HeaderChanges | None = Field(default=None, description="Headers that are changed.")


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


class HttpRedirect(Istio):
    """The caller is sent elsewhere."""

    uri: str | None = Field(default=None, max_length=8192, description="In place of the path.")
    authority: str | None = Field(default=None, max_length=253, description="In place of the host.")
    port: int | None = Field(default=None, ge=1, le=65535, description="In place of the port.")
    derive_port: Literal["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"] | None = Field(
        default=None, description="Where the port comes from, in place of `port`."
    )
    scheme: Literal["http", "https"] | None = Field(
        default=None, description="In place of the scheme."
    )
    redirect_code: int | None = Field(
        default=None, description="Status: 301, 302, 303, 307 or 308; 301 if left out."
    )


class HttpBody(Istio):
    """A body: one of the two."""

    string: str | None = Field(default=None, max_length=MOST_BODY, description="As text.")
    bytes: str | None = Field(default=None, max_length=2 * MOST_BODY, description="As base64.")


class HttpDirectResponse(Istio):
    """It is answered at once."""

    status: int = Field(ge=200, le=599, description="Status.")
    body: HttpBody | None = Field(default=None, description="Body; none if left out.")


class Delegate(Istio):
    """Another VirtualService that goes on."""

    name: str | None = Field(default=None, max_length=253, description="Its name.")
    namespace: str | None = Field(
        default=None, max_length=253, description="Its namespace; this one's if left out."
    )


class RegexRewrite(Istio):
    r"""Every place that matches is replaced."""

    match: str = Field(min_length=1, max_length=1024, description="Regular expression of RE2.")
    rewrite: str = Field(
        default="", max_length=8192, description=r"Replacement; \1 is the first group."
    )


class HttpRewrite(Istio):
    """Change path and host before it is sent."""

    uri: str | None = Field(
        default=None, max_length=8192, description="In place of what the path's match matched."
    )
    authority: str | None = Field(default=None, max_length=253, description="In place of the host.")
    uri_regex_rewrite: RegexRewrite | None = Field(
        default=None, description="Change the path by an expression; before `uri`."
    )


class HttpMirrorPolicy(Istio):
    """A copy for somebody else."""

    destination: Destination = Field(description="Who gets it.")
    percentage: Percent | None = Field(default=None, description="Of the calls; all if left out.")


class CorsPolicy(Istio):
    """What pages of other origins may."""

    allow_origin: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, max_length=64, description="Old form of allowOrigins."
    )
    allow_origins: Annotated[tuple[TextMatch, ...], Field(strict=False)] | None = Field(
        default=None, max_length=64, description="Origins that may call."
    )
    allow_methods: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, max_length=64, description="Methods."
    )
    allow_headers: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, max_length=256, description="Headers of requests."
    )
    expose_headers: Annotated[tuple[str, ...], Field(strict=False)] | None = Field(
        default=None, max_length=256, description="Headers of answers that a page may see."
    )
    max_age: Seconds | None = Field(default=None, description="How long an answer counts.")
    allow_credentials: bool | None = Field(default=None, description="Whether cookies may come.")
    unmatched_preflights: Literal["UNSPECIFIED", "FORWARD", "IGNORE"] | None = Field(
        default=None, description="What becomes of a question of another origin: FORWARD it."
    )


class HttpRoute(Istio):
    """What is done with calls that match; the first one in the list counts."""

    name: str | None = Field(default=None, description="Its name, for people.")
    match: Annotated[tuple[HttpMatchRequest, ...], Field(strict=False)] | None = Field(
        default=None, max_length=256, description="Any of these; every call if left out."
    )
    route: Annotated[tuple[HttpRouteDestination, ...], Field(strict=False)] | None = Field(
        default=None, max_length=64, description="Who is called."
    )
    redirect: HttpRedirect | None = Field(default=None, description="Send the caller elsewhere.")
    direct_response: HttpDirectResponse | None = Field(default=None, description="Answer at once.")
    delegate: Delegate | None = Field(
        default=None, description="Another VirtualService that goes on."
    )
    rewrite: HttpRewrite | None = Field(default=None, description="Change path and host.")
    timeout: Seconds | None = Field(
        default=None, description="Time of the whole call; none if left out or 0s."
    )
    retries: HttpRetry | None = Field(default=None, description="Send it again.")
    fault: HttpFaultInjection | None = Field(default=None, description="Fail on purpose.")
    mirror: Destination | None = Field(default=None, description="Send a copy to it.")
    mirrors: Annotated[tuple[HttpMirrorPolicy, ...], Field(strict=False)] | None = Field(
        default=None, max_length=16, description="Send copies, in place of mirror."
    )
    mirror_percent: int | None = Field(
        default=None, ge=0, le=100, description="Old form of mirrorPercentage."
    )
    mirror_percentage: Percent | None = Field(
        default=None, description="Of the calls; all if left out."
    )
    cors_policy: CorsPolicy | None = Field(default=None, description="What browsers may.")
    headers: HeaderChanges | None = Field(default=None, description="Headers that are changed.")
