"""What becomes of a request by an HTTPRoute of Istio, as actions of a route table."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator

from fairlead.compiler.istio.matches import text_match
from fairlead.kinds.istio_http import (
    CorsPolicy,
    Destination,
    HeaderChanges,
    HeaderOperations,
    HttpDirectResponse,
    HttpMirrorPolicy,
    HttpRedirect,
    HttpRewrite,
    HttpRoute,
    HttpRouteDestination,
    TextMatch,
)
from fairlead.kinds.networking import Percent
from fairlead.policy.routing import action
from fairlead.policy.routing.formats import escaped
from fairlead.policy.routing.match import EXACT, PREFIX, Fraction, PathMatch
from fairlead.policy.routing.match import TextMatch as Text

MILLION = 1_000_000
PREFIX_REDIRECT = "%PREFIX()%"
"""What the path of a redirect begins with that replaces the prefix alone (Istio)."""
HOSTS = frozenset(("host", ":authority"))
"""Names of headers that are set to change the host."""
PORTS = {"http": 80, "https": 443}


def cluster(one: Destination) -> str:
    """Return the cluster that is meant, with the host as it is written and 0 for no port."""
    port = one.port.number if one.port is not None else 0
    return f"outbound|{port}|{one.subset or ''}|{one.host}"


def _fallback(one: Destination) -> str:
    """Return the cluster that stands in for an empty one, ``""`` for none."""
    if one.fallback is None:
        return ""
    host, subset = one.fallback.host or one.host, one.fallback.subset or ""
    port = one.port.number if one.port is not None else 0
    return f"outbound|{port}|{subset}|{host}"


def acted(route: HttpRoute, path: PathMatch) -> action.Action:
    """Return what becomes of requests whose path has matched `path`."""
    if route.redirect is not None:
        return _redirect(route.redirect)
    if route.direct_response is not None:
        return _answer(route.direct_response)
    if route.delegate is not None:
        return action.Answer(status=503)
    rewrite = route.rewrite or HttpRewrite()
    host = rewrite.authority or _host(route.headers)
    return action.Forward(
        clusters=tuple(_weighted(route.route or ())),
        path=_rewritten(rewrite, path),
        host=action.HostRewrite(literal=host) if host else None,
        mirrors=tuple(_mirrors(route)),
    )


def changed(one: HeaderChanges | None) -> action.HeaderChanges:
    """Return the headers that are changed; those of HTTP/2 are changed in no such way."""
    changes = one or HeaderChanges()
    request_set, request_removed = _operations(changes.request)
    response_set, response_removed = _operations(changes.response)
    return action.HeaderChanges(
        request_set=request_set,
        request_removed=request_removed,
        response_set=response_set,
        response_removed=response_removed,
    )


def cors(one: CorsPolicy | None) -> action.Cors | None:
    """Return what pages of other origins may."""
    if one is None:
        return None
    old = (TextMatch(exact=origin) for origin in one.allow_origin or ())
    return action.Cors(
        origins=tuple(map(_origin, (*(one.allow_origins or ()), *old))),
        methods=",".join(one.allow_methods or ()),
        headers=",".join(one.allow_headers or ()),
        exposed=",".join(one.expose_headers or ()),
        max_age="" if one.max_age is None else str(int(one.max_age)),
        credentials=one.allow_credentials,
        forward_unmatched=one.unmatched_preflights != "IGNORE",
    )


def _origin(one: TextMatch) -> Text:
    found = text_match(one)
    if found is None or (found.kind == EXACT and found.value == "*"):
        return Text(kind=PREFIX, value="")
    return found


def _weighted(found: tuple[HttpRouteDestination, ...]) -> Iterator[action.Weighted]:
    """Yield who is called. The only one gets all, whatever its weight (Istio)."""
    for one in found:
        if not one.weight and len(found) > 1:
            continue
        destination = one.destination
        yield action.Weighted(
            cluster=cluster(destination),
            weight=one.weight if len(found) > 1 else 1,
            changes=changed(one.headers),
            host=_host(one.headers),
            fallback=_fallback(destination),
        )


def _host(one: HeaderChanges | None) -> str:
    operations = one.request if one is not None else None
    for found in (operations.set, operations.add) if operations is not None else ():
        for name, value in (found or {}).items():
            if name.lower() in HOSTS:
                return value
    return ""


def _operations(
    one: HeaderOperations | None,
) -> tuple[tuple[action.HeaderValue, ...], tuple[str, ...]]:
    operations = one or HeaderOperations()
    values = [
        action.HeaderValue(name=name, value=escaped(value), how=how)
        for found, how in (
            (operations.set, action.OVERWRITE),
            (operations.add, action.APPEND),
        )
        for name, value in sorted((found or {}).items())
        if _plain(name)
    ]
    return tuple(values), tuple(name for name in operations.remove or () if _plain(name))


def _plain(name: str) -> bool:
    return not name.startswith(":") and name.lower() not in HOSTS


def _rewritten(one: HttpRewrite, path: PathMatch) -> action.PathRewrite | None:
    if one.uri_regex_rewrite is not None:
        rule = one.uri_regex_rewrite
        return action.PathRewrite(
            regex=action.Substitution(regex=rule.match, text=rule.rewrite),
        )
    if not one.uri:
        return None
    if path.kind in (EXACT, PREFIX):
        return action.PathRewrite(prefix=one.uri)
    return action.PathRewrite(full=one.uri)


def _redirect(one: HttpRedirect) -> action.Redirect:
    uri = one.uri
    prefix = uri is not None and uri.startswith(PREFIX_REDIRECT)
    return action.Redirect(
        code=one.redirect_code or 301,
        scheme=one.scheme or "",
        host=one.authority or "",
        port=_port(one),
        path=None if prefix else uri,
        prefix=uri.removeprefix(PREFIX_REDIRECT) if uri is not None and prefix else None,
    )


def _port(one: HttpRedirect) -> int | None:
    if one.derive_port == "FROM_PROTOCOL_DEFAULT":
        return PORTS.get(one.scheme or "http")
    return one.port


def _answer(one: HttpDirectResponse) -> action.Answer:
    body = one.body.string or "" if one.body is not None else ""
    if one.body is not None and one.body.bytes is not None:
        body = b64decode(one.body.bytes).decode(errors="replace")
    return action.Answer(status=one.status, body=body)


def _mirrors(route: HttpRoute) -> Iterator[action.Mirror]:
    if route.mirror is not None:
        old = route.mirror_percent
        share = route.mirror_percentage or (None if old is None else Percent(value=float(old)))
        yield from _copies(route.mirror, share)
    for one in route.mirrors or ():
        one_of: HttpMirrorPolicy = one
        yield from _copies(one_of.destination, one_of.percentage)


def _copies(destination: Destination, share: Percent | None) -> Iterator[action.Mirror]:
    """Yield a mirror: all requests without a share, none with one of 0 (Istio)."""
    if share is None:
        yield action.Mirror(cluster=cluster(destination))
    elif share.value > 0:
        fraction = Fraction(numerator=round(share.value * MILLION / 100), denominator=MILLION)
        yield action.Mirror(cluster=cluster(destination), fraction=fraction)
