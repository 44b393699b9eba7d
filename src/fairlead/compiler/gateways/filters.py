"""Filters of the Gateway API as parts of an action.

The API forbids to skip one: a rule with a filter that cannot be carried out answers with an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from fairlead.kinds.gateway_api import BackendObject, unsupported
from fairlead.kinds.route_filter import (
    AUTH,
    EXTENSION,
    FULL,
    CorsPolicy,
    Filter,
    GrpcFilter,
    HeaderModifier,
    HttpFilter,
    PathModifier,
    RequestMirror,
    RequestRedirect,
    UrlRewrite,
)
from fairlead.policy.routing import action
from fairlead.policy.routing.match import EXACT, REGEX, Fraction, TextMatch

PORTS = {"http": 80, "https": 443}
MILLION = 1_000_000
_ANY = r"[^/:]+"

Clusters = Callable[[BackendObject], str | None]
"""Returns the name of the cluster of a reference, None where it is no good one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a rule is attached, as far as redirects depend on it."""

    port: int | None = None
    """Of the listener, None in a mesh."""
    scheme: str = "http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """What the filters of a rule come to."""

    changes: action.HeaderChanges = action.NO_CHANGES
    redirect: action.Redirect | None = None
    path: action.PathRewrite | None = None
    host: str = ""
    mirrors: tuple[action.Mirror, ...] = ()
    cors: action.Cors | None = None
    broken: str = ""
    """Why requests have to be answered with an error, ``""`` where they are not."""


NOTHING = Filtered()


def filtered(found: Iterable[Filter], prefix: str, place: Place, clusters: Clusters) -> Filtered:
    """Return what filters come to; `prefix` is what a PathPrefix of their rule matches."""
    result = NOTHING
    for one in found:
        if problem := unusable(one):
            return Filtered(broken=problem)
        result = _headers(result, one)
        if one.request_mirror is not None:
            copies = _mirror(one.request_mirror, clusters)
            result = replace(result, mirrors=(*result.mirrors, *copies))
        if isinstance(one, HttpFilter):
            result = _http(result, one, prefix, place)
    return result


def unusable(one: GrpcFilter) -> str:
    """Return why a filter cannot be carried out, ``""`` where it can."""
    if one.type == EXTENSION and one.extension_ref is not None:
        ref = one.extension_ref
        return f"extensionRef {ref.kind}.{ref.group} {ref.name}: no such filter is known"
    if one.type == AUTH:
        return "externalAuth: not enforced in this version"
    words = [f"{path}: {value[:80]!r} is not known" for path, value in unsupported(one)]
    return "; ".join(words)


def _headers(before: Filtered, one: GrpcFilter) -> Filtered:
    changes = before.changes
    if one.request_header_modifier is not None:
        values, removed = _changed(one.request_header_modifier)
        changes = replace(
            changes,
            request_set=(*changes.request_set, *values),
            request_removed=(*changes.request_removed, *removed),
        )
    if one.response_header_modifier is not None:
        values, removed = _changed(one.response_header_modifier)
        changes = replace(
            changes,
            response_set=(*changes.response_set, *values),
            response_removed=(*changes.response_removed, *removed),
        )
    return replace(before, changes=changes)


def _changed(one: HeaderModifier) -> tuple[list[action.HeaderValue], tuple[str, ...]]:
    values = []
    for found, how in ((one.set, action.OVERWRITE), (one.add, action.APPEND)):
        seen = set()
        for header in found or ():
            if header.name.lower() not in seen:
                # A percent sign begins a command in the table.
                text = header.value.replace("%", "%%")
                values.append(action.HeaderValue(name=header.name, value=text, how=how))
            seen.add(header.name.lower())
    return values, one.remove or ()


def _http(before: Filtered, one: HttpFilter, prefix: str, place: Place) -> Filtered:
    if one.request_redirect is not None:
        return replace(before, redirect=_redirect(one.request_redirect, prefix, place))
    if one.url_rewrite is not None:
        rewrite: UrlRewrite = one.url_rewrite
        path = _rewritten(rewrite.path, prefix) if rewrite.path else None
        return replace(before, path=path, host=rewrite.hostname or "")
    if one.cors is not None:
        return replace(before, cors=_cors(one.cors))
    return before


def _mirror(one: RequestMirror, clusters: Clusters) -> tuple[action.Mirror, ...]:
    cluster, fraction = clusters(one.backend_ref), None
    if cluster is None:
        return ()
    if one.percent is not None:
        fraction = Fraction(numerator=one.percent)
    if one.fraction is not None:
        share = one.fraction.numerator * MILLION // one.fraction.denominator
        fraction = Fraction(numerator=share, denominator=MILLION)
    return (action.Mirror(cluster=cluster, fraction=fraction),)


def _redirect(one: RequestRedirect, prefix: str, place: Place) -> action.Redirect:
    path = one.path
    return action.Redirect(
        code=one.status_code,
        scheme=one.scheme or "",
        host=one.hostname or "",
        port=_port(one, place),
        path=path.replace_full_path if path and path.type == FULL else None,
        regex=_replaced(path, prefix) if path and path.type != FULL else None,
    )


def _port(one: RequestRedirect, place: Place) -> int | None:
    """Return the port that has to be said.

    Without one it is that of the scheme that is asked for, else the listener's; and what a scheme
    has anyway is left out, unless the request may have come with another one.
    """
    own = PORTS.get(one.scheme or "") or place.port
    port = one.port or own
    usual = PORTS.get(one.scheme or place.scheme)
    if port == usual and place.port in (None, *PORTS.values()):
        return None
    return port


def _rewritten(path: PathModifier, prefix: str) -> action.PathRewrite:
    if path.type == FULL:
        return action.PathRewrite(full=path.replace_full_path or "/")
    return action.PathRewrite(regex=_replaced(path, prefix))


def _replaced(path: PathModifier, prefix: str) -> action.Substitution:
    """Return what replaces whole elements: of ``/foo/bar``, ``/foo`` by ``/xyz/`` is ``/xyz/bar``.

    (HTTPPathModifier, ``replacePrefixMatch``, has the table.)
    """
    new = (path.replace_prefix_match or "").rstrip("/")
    text = new.replace("\\", "\\\\")
    if not new:
        return action.Substitution(regex=f"^{re.escape(prefix)}/*", text="/")
    if not prefix:
        return action.Substitution(regex="^/", text=f"{text}/")
    return action.Substitution(regex=f"^{re.escape(prefix)}", text=text)


def _cors(one: CorsPolicy) -> action.Cors:
    return action.Cors(
        origins=tuple(map(_origin, one.allow_origins or ())),
        methods=",".join(one.allow_methods or ()),
        headers=",".join(one.allow_headers or ()),
        exposed=",".join(one.expose_headers or ()),
        max_age=str(one.max_age),
        credentials=one.allow_credentials,
        forward_unmatched=False,
    )


def _origin(text: str) -> TextMatch:
    if text == "*":
        return TextMatch(kind=REGEX, value=".*")
    if "*" in text:
        return TextMatch(kind=REGEX, value=re.escape(text).replace(r"\*", _ANY))
    return TextMatch(kind=EXACT, value=text)
