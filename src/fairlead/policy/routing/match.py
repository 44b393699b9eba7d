"""Which requests a route is for. Each field means what it means in Envoy's RouteMatch."""

from __future__ import annotations

from dataclasses import dataclass

EXACT, PREFIX, SUFFIX, CONTAINS, REGEX = "exact", "prefix", "suffix", "contains", "regex"
TEXTS = (EXACT, PREFIX, SUFFIX, CONTAINS, REGEX)

SEPARATED_PREFIX, TEMPLATE, CONNECT = "separated-prefix", "template", "connect"
PATHS = (EXACT, PREFIX, SEPARATED_PREFIX, REGEX, TEMPLATE, CONNECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMatch:
    """A test of one text."""

    kind: str
    """One of TEXTS. REGEX is RE2's language and has to match all of the text."""
    value: str
    ignore_case: bool = False
    """Of everything but REGEX."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMatch:
    """A test of the path, without the query."""

    kind: str = PREFIX
    """One of PATHS. SEPARATED_PREFIX is followed by ``/`` or by nothing; TEMPLATE is Envoy's
    uri_template; CONNECT is any request of the method CONNECT."""
    value: str = "/"
    ignore_case: bool = False
    """Of everything but REGEX and TEMPLATE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderMatch:
    """A test of a header, or with `text` and `range` absent, of its presence.

    Each value of a header that is repeated is tried, and one is enough: Envoy since 1.40; joined by
    ``,``, an exact value that is refused would be let through beside another one.
    """

    name: str
    """Lower case; ``:method``, ``:authority``, ``:path`` and ``:scheme`` are headers, too."""
    text: TextMatch | None = None
    range: tuple[int, int] | None = None
    """First number that matches, and the one behind the last."""
    present: bool = True
    """Where there is neither `text` nor `range`: whether it has to be there, or must not."""
    invert: bool = False
    """Whether it is to fail. A header that is missing never passes a test of its value, and with
    `invert` neither, as there is nothing to test, unless `missing_is_empty`."""
    missing_is_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryMatch:
    """A test of the first value of a parameter; with `text` absent, of its presence."""

    name: str
    text: TextMatch | None = None
    present: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieMatch:
    """A test of a cookie."""

    name: str
    text: TextMatch
    invert: bool = False


MESSAGE = "fairlead.message"
"""Metadata with the fields of a gRPC call's message, by path: agents know it, no filter does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataMatch:
    """A test of what a filter has found out about the request: a claim of a JWT, for instance."""

    filter: str
    path: tuple[str, ...]
    text: TextMatch | None = None
    """None: it has to be there."""
    invert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fraction:
    """Only a part of the requests."""

    numerator: int
    denominator: int = 100
    """100, 10,000 or 1,000,000."""
    runtime_key: str = ""
    """Name of a number that replaces the numerator where somebody has set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom:
    """A test that a plug-in knows (see docs/routing.md)."""

    name: str
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMatch:
    """All of it has to hold."""

    path: PathMatch = PathMatch()
    headers: tuple[HeaderMatch, ...] = ()
    queries: tuple[QueryMatch, ...] = ()
    cookies: tuple[CookieMatch, ...] = ()
    metadata: tuple[MetadataMatch, ...] = ()
    fraction: Fraction | None = None
    grpc: bool = False
    """Only requests of gRPC, which are known by their content type."""
    tls: bool | None = None
    """Whether the client has shown a certificate; None: does not matter."""
    custom: tuple[Custom, ...] = ()


EVERYTHING = RouteMatch()
