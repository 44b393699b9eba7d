"""What is changed of a request on its way: headers, path, host, or where its client is sent."""

from __future__ import annotations

from collections.abc import Sequence

from fairlead.policy.routing import action, expression, match
from fairlead.policy.routing import template as templates
from fairlead.policy.routing.action import Forward, HeaderValue, PathRewrite, Redirect
from fairlead.policy.routing.formats import Headers, filled, value_of
from fairlead.policy.routing.match import PathMatch
from fairlead.policy.routing.request import RequestLike

DEFAULT_PORTS = {"http": "80", "https": "443"}


def headers_of(request: RequestLike) -> Headers:
    """Return the headers of a request, those of HTTP/2 first."""
    return [
        (":authority", request.authority),
        (":path", request.path),
        (":method", request.method),
        (":scheme", request.scheme),
        *request.headers.items(),
    ]


def changed(
    headers: Headers,
    removed: Sequence[str],
    added: Sequence[HeaderValue],
    request: RequestLike,
    remarks: list[str],
) -> Headers:
    """Return `headers` with one level's changes: what goes, goes first."""
    gone = {name.lower() for name in removed}
    headers = [(name, value) for name, value in headers if name not in gone]
    for one in added:
        name = ":authority" if one.name.lower() == "host" else one.name.lower()
        value = filled(one.value, request, headers, remarks)
        if not value and not one.keep_empty:
            continue
        there = any(key == name for key, _ in headers)
        if (one.how == action.ADD_IF_ABSENT and there) or (
            one.how == action.OVERWRITE_IF_EXISTS and not there
        ):
            continue
        if one.how in (action.OVERWRITE, action.OVERWRITE_IF_EXISTS):
            headers = [pair for pair in headers if pair[0] != name]
        headers.append((name, value))
    return headers


def replace(headers: Headers, name: str, value: str) -> Headers:
    """Return `headers` with one value for `name`, in its place."""
    return [(key, value if key == name else old) for key, old in headers]


def routed(headers: Headers, forward: Forward, path: PathMatch, host: str) -> Headers:
    """Return `headers` with host and path as the route says; `host`: a weighted cluster's own."""
    authority = _host(headers, forward) or host
    if authority:
        old = value_of(":authority", headers) or ""
        headers = replace(headers, ":authority", authority)
        if forward.append_forwarded_host and old:
            headers = [*headers, ("x-forwarded-host", old)]
    if forward.path is not None:
        before = value_of(":path", headers) or ""
        after = with_path(before, path, forward.path)
        if after != before:
            headers = replace(headers, ":path", after)
            headers = [pair for pair in headers if pair[0] != "x-envoy-original-path"]
            headers.append(("x-envoy-original-path", before))
    return headers


def _host(headers: Headers, forward: Forward) -> str:
    rewrite = forward.host
    if rewrite is None:
        return ""
    if rewrite.literal:
        return rewrite.literal
    if rewrite.header:
        return value_of(rewrite.header.lower(), headers) or ""
    if rewrite.path is not None:
        plain = _parts(value_of(":path", headers) or "")[0]
        return expression.replaced(
            expression.compiled(rewrite.path.regex), rewrite.path.text, plain
        )
    return ""


def with_path(whole: str, path: PathMatch, rewrite: PathRewrite) -> str:
    """Return a path with its query, rewritten."""
    plain, rest = _parts(whole)
    if rewrite.full is not None:
        return rewrite.full + rest
    if rewrite.prefix is not None:
        return rewrite.prefix + plain[len(_matched(path, plain)) :] + rest
    if rewrite.regex is not None:
        pattern = expression.compiled(rewrite.regex.regex)
        return expression.replaced(pattern, rewrite.regex.text, plain) + rest
    if rewrite.template:
        return templates.rewritten(templates.template(path.value), rewrite.template, plain) + rest
    return whole


def _matched(path: PathMatch, plain: str) -> str:
    prefix = path.kind in (match.PREFIX, match.SEPARATED_PREFIX)
    return plain[: len(path.value)] if prefix else plain


def _parts(whole: str) -> tuple[str, str]:
    """Return a path, and its query and fragment."""
    ends = [at for at in (whole.find("?"), whole.find("#")) if at >= 0]
    end = min(ends, default=len(whole))
    return whole[:end], whole[end:]


def location(redirect: Redirect, request: RequestLike, path: PathMatch) -> str:
    """Return where the client is sent."""
    scheme = redirect.scheme or ("https" if redirect.https else request.scheme)
    port = f":{redirect.port}" if redirect.port is not None else ""
    host = redirect.host or _without_port(request, scheme, port)
    return f"{scheme}://{host}{port}{_redirected(redirect, request, path)}"


def _without_port(request: RequestLike, scheme: str, port: str) -> str:
    """Return the host; its port goes where another is given, or where it was the old scheme's."""
    host, separator, number = request.authority.rpartition(":")
    if not separator or not number.isdigit():
        return request.authority
    usual = DEFAULT_PORTS.get(request.scheme) == number
    return host if port or (scheme != request.scheme and usual) else request.authority


def _redirected(redirect: Redirect, request: RequestLike, path: PathMatch) -> str:
    plain, rest = _parts(request.path)
    rest = "" if redirect.strip_query else rest
    if redirect.path is not None:
        return redirect.path if "?" in redirect.path else redirect.path + rest
    if redirect.prefix is not None:
        return redirect.prefix + plain[len(_matched(path, plain)) :] + rest
    if redirect.regex is not None:
        pattern = expression.compiled(redirect.regex.regex)
        return expression.replaced(pattern, redirect.regex.text, plain) + rest
    return plain + rest
