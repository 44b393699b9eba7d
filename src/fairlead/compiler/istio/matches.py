"""HTTPMatchRequest as a match of a route table (Istio, ``TranslateRouteMatch``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fairlead.compiler.istio.form import MESH, Scope
from fairlead.compiler.labels import pairs
from fairlead.kinds.istio_http import HttpMatchRequest, TextMatch
from fairlead.policy.routing import match as routing

IGNORED = frozenset(("uri", "scheme", "method", "authority"))
"""Names that are no headers: what asks for one as a header is left out (Istio)."""
CLAIMS = "@"
"""What names of claims of a JWT begin with; nothing here has verified one."""

NOTHING = routing.HeaderMatch(name=":method", present=False)
"""Holds of no request."""


def matched(one: HttpMatchRequest) -> routing.RouteMatch:
    """Return which requests are meant."""
    headers = [
        _header(name, text)
        for name, text in (
            (":method", one.method),
            (":authority", one.authority),
            (":scheme", one.scheme),
        )
        if text is not None
    ]
    headers += [_header(name, text) for name, text in _sorted(one.headers)]
    headers += [_without(name, text) for name, text in _sorted(one.without_headers)]
    return routing.RouteMatch(
        path=_path(one.uri, ignore_case=bool(one.ignore_uri_case)),
        headers=tuple(headers),
        queries=tuple(_query(name, text) for name, text in _named(one.query_params)),
        metadata=tuple(_argument(name, text) for name, text in _named(one.arguments)),
        custom=tuple(
            routing.Custom(name=each.name, arguments=pairs(each.arguments or {}))
            for each in one.custom or ()
        ),
    )


def scope(one: HttpMatchRequest, namespace: str) -> Scope:
    """Return who is meant, by an object of `namespace`.

    Where gateways are named, labels are not looked at (Istio).
    """
    named = one.gateways or ()
    return Scope(
        gateways=tuple(n if n == MESH or "/" in n else f"{namespace}/{n}" for n in named),
        namespace=one.source_namespace or "",
        labels=() if one.gateways else pairs(one.source_labels or {}),
        port=one.port or 0,
    )


def text_match(one: TextMatch | None) -> routing.TextMatch | None:
    """Return the test of a text, None for presence: ``{}``, null and the regex ``*``."""
    if one is None or one.regex == "*":
        return None
    for kind, value in (
        (routing.EXACT, one.exact),
        (routing.PREFIX, one.prefix),
        (routing.REGEX, one.regex),
    ):
        if value is not None:
            return routing.TextMatch(kind=kind, value=value)
    return None


def _path(one: TextMatch | None, *, ignore_case: bool) -> routing.PathMatch:
    found = text_match(one)
    if found is None:
        return routing.PathMatch()
    if found.kind == routing.REGEX:
        return routing.PathMatch(kind=routing.REGEX, value=found.value)
    return routing.PathMatch(kind=found.kind, value=found.value, ignore_case=ignore_case)


def _header(name: str, one: TextMatch | None) -> routing.HeaderMatch:
    if name.startswith(CLAIMS):
        return NOTHING
    return routing.HeaderMatch(name=name, text=text_match(one))


def _without(name: str, one: TextMatch | None) -> routing.HeaderMatch:
    found = text_match(one)
    if found is None:
        return routing.HeaderMatch(name=name, present=False)
    return routing.HeaderMatch(name=name, text=found, invert=True, missing_is_empty=True)


def _query(name: str, one: TextMatch | None) -> routing.QueryMatch:
    return routing.QueryMatch(name=name, text=text_match(one))


def _argument(name: str, one: TextMatch | None) -> routing.MetadataMatch:
    return routing.MetadataMatch(filter=routing.MESSAGE, path=(name,), text=text_match(one))


def _named(found: Mapping[str, TextMatch | None] | None) -> list[tuple[str, TextMatch | None]]:
    return sorted((found or {}).items(), key=lambda pair: pair[0])


def _sorted(found: Mapping[str, TextMatch | None] | None) -> Iterator[tuple[str, TextMatch | None]]:
    for name, text in _named(found):
        if name.lower() not in IGNORED:
            yield name.lower(), text
