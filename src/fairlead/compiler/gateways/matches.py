"""Matches of the Gateway API as those of a route table, and how exact each is.

Order (HTTPRoute, ``rules.matches``): an exact path, the longest prefix, a method, most headers,
most parameters. Where regular expressions stand is left open there; here, as in Istio, behind
prefixes, so that one never hides a longer path that somebody has spelt out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from fairlead.compiler.gateways.form import Matching
from fairlead.kinds.gateway_api import unsupported
from fairlead.kinds.grpc_route import GrpcRouteMatch
from fairlead.kinds.http_route import (
    EXACT,
    REGEX,
    HeaderMatch,
    HttpRouteMatch,
    PathMatch,
    QueryParamMatch,
)
from fairlead.policy.routing import match as routing

_EXACT, _PREFIX, _REGEX, _ANYTHING = 3, 2, 1, 0
"""Of calls of gRPC, what asks for no method is behind a method of any service (GRPCRoute)."""
_SEGMENT = "[^/]+"

EVERY_HTTP = HttpRouteMatch()
EVERY_GRPC = GrpcRouteMatch()


def http_matches(found: Iterable[HttpRouteMatch] | None) -> tuple[Matching, ...]:
    """Return the matches of a rule; none at all is every request."""
    matches = tuple(found or ()) or (EVERY_HTTP,)
    return tuple(_http(one) for one in matches if not any(unsupported(one)))


def grpc_matches(found: Iterable[GrpcRouteMatch] | None) -> tuple[Matching, ...]:
    """Return the matches of a rule; none at all is every call."""
    matches = tuple(found or ()) or (EVERY_GRPC,)
    return tuple(_grpc(one) for one in matches if not any(unsupported(one)))


def prefix_of(found: Iterable[HttpRouteMatch] | None) -> str:
    """Return the prefix of a rule's only match, without its last slash."""
    matches = tuple(found or ())
    path = matches[0].path if matches else None
    return path.value.rstrip("/") if path else ""


def _http(one: HttpRouteMatch) -> Matching:
    path, (sort, length) = _path(one.path or PathMatch())
    headers, queries = _headers(one.headers or ()), tuple(map(_query, one.query_params or ()))
    rank = (sort, length, int(one.method is not None), len(headers), len(queries))
    if one.method is not None:
        method = routing.TextMatch(kind=routing.EXACT, value=one.method)
        headers = (routing.HeaderMatch(name=":method", text=method), *headers)
    match = routing.RouteMatch(path=path, headers=headers, queries=queries)
    return Matching(match=match, rank=rank)


def _path(path: PathMatch) -> tuple[routing.PathMatch, tuple[int, int]]:
    value = path.value
    if path.type == EXACT:
        return routing.PathMatch(kind=routing.EXACT, value=value), (_EXACT, len(value))
    if path.type == REGEX:
        return routing.PathMatch(kind=routing.REGEX, value=value), (_REGEX, len(value))
    trimmed = value.rstrip("/")
    if not trimmed:
        return routing.PathMatch(), (_PREFIX, 1)
    found = routing.PathMatch(kind=routing.SEPARATED_PREFIX, value=trimmed)
    return found, (_PREFIX, len(trimmed))


def _headers(found: Iterable[HeaderMatch]) -> tuple[routing.HeaderMatch, ...]:
    headers: dict[str, routing.HeaderMatch] = {}
    for one in found:
        name = one.name.lower()
        headers.setdefault(name, routing.HeaderMatch(name=name, text=_text(one.type, one.value)))
    return tuple(headers.values())


def _query(one: QueryParamMatch) -> routing.QueryMatch:
    return routing.QueryMatch(name=one.name, text=_text(one.type, one.value))


def _text(kind: str, value: str) -> routing.TextMatch:
    return routing.TextMatch(kind=routing.REGEX if kind == REGEX else routing.EXACT, value=value)


def _grpc(one: GrpcRouteMatch) -> Matching:
    path, (sort, length) = _called(one)
    headers = _headers(one.headers or ())
    match = routing.RouteMatch(path=path, headers=headers, grpc=True)
    return Matching(match=match, rank=(sort, length, 0, len(headers), 0))


def _called(one: GrpcRouteMatch) -> tuple[routing.PathMatch, tuple[int, int]]:
    if one.method is None:
        return routing.PathMatch(), (_ANYTHING, 0)
    service, method = (one.method.service or "").lstrip("."), one.method.method or ""
    length = len(service) + len(method) + 2
    if one.method.type == EXACT and service:
        if method:
            value = f"/{service}/{method}"
            return routing.PathMatch(kind=routing.EXACT, value=value), (_EXACT, length)
        return routing.PathMatch(kind=routing.PREFIX, value=f"/{service}/"), (_PREFIX, length)
    if one.method.type == EXACT:
        method = re.escape(method)
    value = f"/{service or _SEGMENT}/{method or _SEGMENT}"
    return routing.PathMatch(kind=routing.REGEX, value=value), (_REGEX, length)
