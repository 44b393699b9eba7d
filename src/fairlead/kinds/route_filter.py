"""Filters of the Gateway API: what a route does with a request beside sending it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from fairlead.kinds.gateway_api import (
    BackendObject,
    HeaderName,
    LocalReference,
    Many,
    Port,
    PreciseHostname,
    Written,
    backend_violations,
    items,
    word,
)
from fairlead.kinds.kind import Plain, child
from fairlead.kinds.networking import Later, later
from fairlead.kinds.spec import checked
from fairlead.kinds.violation import Loc, Violation

REQUEST_HEADERS, RESPONSE_HEADERS = "RequestHeaderModifier", "ResponseHeaderModifier"
MIRROR, REDIRECT, REWRITE = "RequestMirror", "RequestRedirect", "URLRewrite"
CORS, AUTH, EXTENSION = "CORS", "ExternalAuth", "ExtensionRef"
FULL, PREFIX = "ReplaceFullPath", "ReplacePrefixMatch"
CODES = (301, 302, 303, 307, 308)

GRPC_FIELDS = {
    REQUEST_HEADERS: "requestHeaderModifier",
    RESPONSE_HEADERS: "responseHeaderModifier",
    MIRROR: "requestMirror",
    EXTENSION: "extensionRef",
}
FIELDS = {
    **GRPC_FIELDS,
    REDIRECT: "requestRedirect",
    REWRITE: "urlRewrite",
    CORS: "cors",
    AUTH: "externalAuth",
}
"""The field of each type."""

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
_ORIGIN = re.compile(r"\*|https?://(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)")
_ONCE = (CORS, REQUEST_HEADERS, RESPONSE_HEADERS, REDIRECT, REWRITE)


def _origin(text: str) -> str | None:
    if len(text) <= 253 and _ORIGIN.fullmatch(text):
        return None
    return f"{text[:80]!r} is no origin: write https://shop.example.com, https://*.example.com or *"


class HeaderSetting(Written):
    """A header and its value."""

    name: HeaderName = Field(description="Its name.")
    value: str = Field(min_length=1, max_length=4096, description="Its value.")


class HeaderModifier(Written):
    """Headers that are changed; of names that are equal but for their case the first counts."""

    set: Many[HeaderSetting] | None = Field(default=None, max_length=16, description="Replaced.")
    add: Many[HeaderSetting] | None = Field(default=None, max_length=16, description="Added.")
    remove: Many[str] | None = Field(default=None, max_length=16, description="Removed.")


class MirrorFraction(Written):
    """A share, as two numbers."""

    numerator: int = Field(ge=0, le=2**31 - 1, description="Numerator of the share.")
    denominator: int = Field(default=100, ge=1, le=2**31 - 1, description="Denominator of it.")


class RequestMirror(Written):
    """A copy of requests is sent elsewhere, and its answer ignored."""

    backend_ref: BackendObject = Field(description="Who gets the copies.")
    percent: int | None = Field(default=None, ge=0, le=100, description="Of the requests; all.")
    fraction: MirrorFraction | None = Field(default=None, description="The same, finer.")


class PathModifier(Written):
    """How a path is changed."""

    type: Annotated[str, word(FULL, PREFIX)] = Field(description=f"{FULL} or {PREFIX}.")
    replace_full_path: str | None = Field(default=None, max_length=1024, description="All of it.")
    replace_prefix_match: str | None = Field(
        default=None, max_length=1024, description="What the PathPrefix of the match matched."
    )


class RequestRedirect(Written):
    """The client is sent elsewhere."""

    scheme: Annotated[str, word("http", "https")] | None = Field(
        default=None, description="http or https; that of the request if left out."
    )
    hostname: PreciseHostname | None = Field(default=None, description="Host.")
    path: PathModifier | None = Field(default=None, description="Path.")
    port: Port | None = Field(
        default=None, description="Port; the scheme's, or the listener's, if left out."
    )
    status_code: int = Field(default=302, description="301, 302, 303, 307 or 308.")


class UrlRewrite(Written):
    """What the backend is called by."""

    hostname: PreciseHostname | None = Field(default=None, description="Host.")
    path: PathModifier | None = Field(default=None, description="Path.")


class CorsPolicy(Written):
    """What pages of other origins may do."""

    allow_origins: Many[Annotated[str, checked(_origin)]] | None = Field(
        default=None, max_length=64, description="Origins, as https://*.example.com, or *."
    )
    allow_credentials: bool | None = Field(default=None, description="Whether with cookies.")
    allow_methods: Annotated[Many[str], word(*METHODS, "*")] | None = Field(
        default=None, max_length=9, description="Methods, or *."
    )
    allow_headers: Many[HeaderName] | None = Field(
        default=None, max_length=64, description="Headers of requests, or *."
    )
    expose_headers: Many[HeaderName] | None = Field(
        default=None, max_length=64, description="Headers of answers that a page may read, or *."
    )
    max_age: int = Field(default=5, ge=1, le=2**31 - 1, description="Seconds to remember it.")


class GrpcFilter(Written):
    """One filter of a GRPCRoute; one of an unknown type answers every request with an error."""

    type: Annotated[str, word(*GRPC_FIELDS)] = Field(
        max_length=64, description=f"{', '.join(GRPC_FIELDS)}."
    )
    request_header_modifier: HeaderModifier | None = Field(default=None, description="Request.")
    response_header_modifier: HeaderModifier | None = Field(default=None, description="Answer.")
    request_mirror: RequestMirror | None = Field(default=None, description="Copies.")
    extension_ref: LocalReference | None = Field(
        default=None, description="A filter of another kind; none is known: requests get a 500."
    )


class HttpFilter(GrpcFilter):
    """One filter of an HTTPRoute; one of an unknown type answers every request with an error."""

    type: Annotated[str, word(*FIELDS)] = Field(max_length=64, description=f"{', '.join(FIELDS)}.")
    request_redirect: RequestRedirect | None = Field(default=None, description="Elsewhere.")
    url_rewrite: UrlRewrite | None = Field(default=None, description="Host and path.")
    cors: CorsPolicy | None = Field(default=None, description="Pages of other origins.")
    external_auth: Later = later("Who may; requests get a 500.")


Filter: TypeAlias = GrpcFilter | HttpFilter


def filter_violations(raw: Any, loc: Loc) -> Iterator[Violation]:
    """Check a list of filters."""
    found = list(items(raw, loc))
    types = [one.get("type") for _, one in found]
    if REDIRECT in types and REWRITE in types:
        message = f"may have {REDIRECT} or {REWRITE}, and not both"
        yield Violation(loc=loc, message=message)
    for once in _ONCE:
        if types.count(once) > 1:
            yield Violation(loc=loc, message=f"may have {once} once")
    for where, one in found:
        yield from _filter(one, where)


def _filter(one: Plain, loc: Loc) -> Iterator[Violation]:
    kind = one.get("type")
    for name, field in FIELDS.items():
        if name == kind and one.get(field) is None:
            yield Violation(loc=(*loc, field), message=f"required with type {name}")
        if name != kind and one.get(field) is not None:
            yield Violation(loc=(*loc, field), message=f"must not be set with type {kind}")
    for name in ("requestRedirect", "urlRewrite"):
        yield from _path(child(one, name, "path"), (*loc, name, "path"))
    code = child(one, "requestRedirect").get("statusCode")
    if isinstance(code, int) and code not in CODES:
        message = f"must be one of {', '.join(map(str, CODES))}, got {code}"
        yield Violation(loc=(*loc, "requestRedirect", "statusCode"), message=message)
    mirror, where = child(one, "requestMirror"), (*loc, "requestMirror")
    if mirror.get("percent") is not None and mirror.get("fraction") is not None:
        yield Violation(loc=where, message="may have percent or fraction, and not both")
    yield from backend_violations(child(mirror, "backendRef"), (*where, "backendRef"))
    yield from _share(child(mirror, "fraction"), (*where, "fraction"))
    yield from _cors(child(one, "cors"), (*loc, "cors"))


def _path(path: Plain, loc: Loc) -> Iterator[Violation]:
    for name, field in ((FULL, "replaceFullPath"), (PREFIX, "replacePrefixMatch")):
        if path.get("type") == name and path.get(field) is None:
            yield Violation(loc=(*loc, field), message=f"required with type {name}")
        if path.get("type") != name and path.get(field) is not None:
            yield Violation(loc=(*loc, field), message=f"must not be set without type {name}")


def _share(fraction: Plain, loc: Loc) -> Iterator[Violation]:
    numerator, denominator = fraction.get("numerator"), fraction.get("denominator", 100)
    if isinstance(numerator, int) and isinstance(denominator, int) and numerator > denominator:
        yield Violation(loc=loc, message="numerator must be at most denominator")


def _cors(cors: Plain, loc: Loc) -> Iterator[Violation]:
    for name in ("allowOrigins", "allowMethods", "allowHeaders"):
        found = cors.get(name)
        if isinstance(found, list) and "*" in found and len(found) > 1:
            yield Violation(loc=(*loc, name), message="* must stand alone")


def replaces_prefix(raw: Any) -> bool:
    """Tell whether a list of filters replaces a prefix that has to be matched."""
    return any(
        child(one, name, "path").get("type") == PREFIX
        for _, one in items(raw, ())
        for name in ("requestRedirect", "urlRewrite")
    )
