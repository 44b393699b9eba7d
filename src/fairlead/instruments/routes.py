"""Routes of Starlette and of what is built on it: the limits of their resource.

A route's resource is its path below those of the mounts that led to it. The limit is asked when a
route has been chosen and before anything of it runs, inside the application's own middleware.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fairlead.instruments.limiting import PREFLIGHT, Turnstile, headers_of

if TYPE_CHECKING:
    from fairlead.flow.limit import Rejection
    from fairlead.instruments.asgi import Receive, Scope, Send
    from fairlead.instruments.instrument import DataPlane

    Handle = Callable[[Any, Scope, Receive, Send], Awaitable[None]]

PREFIX = "fairlead.prefix"
"""In a scope: the paths of the mounts that the request has come through."""

ASKED = "fairlead.asked"
"""In a scope: the limits of its route have been asked; what a route hands on to is inside it."""

DEEPEST = 16
"""Mounts within mounts that are looked into."""

BODILESS = frozenset((204, 304))
"""Statuses without a body (RFC 9110 §8.6)."""


def limited(gate: Turnstile) -> Callable[[Handle], Handle]:
    """Return what wraps the ``handle`` of a class of routes."""

    def wrap(original: Handle) -> Handle:
        def handle(self: Any, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            if gate.open() or ASKED in scope:
                return original(self, scope, receive, send)
            scope[ASKED] = True
            rejection = _asked(gate, self, scope)
            if rejection is None:
                return original(self, scope, receive, send)
            return _answer(rejection, scope, send)

        return handle

    return wrap


def _asked(gate: Turnstile, route: Any, scope: Scope) -> Rejection | None:
    # Apart from the hook: what a lambda holds on to would cost there also where nothing is limited.
    return gate.ask(lambda: _rejected(gate, route, scope, _path(route, scope)))


def mounted(gate: Turnstile) -> Callable[[Handle], Handle]:
    """Return what wraps the ``handle`` of mounts."""

    def wrap(original: Handle) -> Handle:
        def handle(self: Any, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            if gate.open() or ASKED in scope or scope["type"] not in ("http", "websocket"):
                return original(self, scope, receive, send)
            rejection = gate.ask(lambda: _rejected_below(gate, self, scope))
            if rejection is None:
                return original(self, scope, receive, send)
            return _answer(rejection, scope, send)

        return handle

    return wrap


def unknown(gate: Turnstile) -> Callable[[Handle], Handle]:
    """Return what wraps a router's answer to a path that it does not know."""

    def wrap(original: Handle) -> Handle:
        def not_found(self: Any, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            if gate.open() or ASKED in scope or scope["type"] != "http":
                return original(self, scope, receive, send)
            # Not noted in the scope: the request may go on to the next of several applications.
            rejection = gate.ask(gate.refuse_unknown)
            if rejection is None:
                return original(self, scope, receive, send)
            return _answer(rejection, scope, send)

        return not_found

    return wrap


def _path(route: Any, scope: Scope) -> str:
    """Return a route's path with the prefixes of the routers that include it.

    From 0.165 on FastAPI keeps the prefixed path beside the route, which others may include too.
    """
    included = scope.get("fastapi", {}).get("effective_route_context")
    if included is not None and getattr(included, "original_route", None) is route:
        return str(included.path_format)
    return str(route.path_format)


def _rejected(gate: Turnstile, route: Any, scope: Scope, path: str) -> Rejection | None:
    path = scope.get(PREFIX, "") + path
    method = scope.get("method", "GET")
    methods = getattr(route, "methods", None)
    if methods and method not in methods:
        return None  # it is about to say which methods it has
    if method == "OPTIONS" and any(name == PREFLIGHT.encode() for name, _ in scope["headers"]):
        return None
    return gate.refuse(method, path)


def _rejected_below(gate: Turnstile, mount: Any, scope: Scope) -> Rejection | None:
    """Note the prefix of what has routes of its own, and ask for what has none.

    Files, or an application of another make: all below it is one resource.
    """
    if not _below(mount):
        scope[ASKED] = True
        return _rejected(gate, mount, scope, f"{_prefix(mount)}/{{path}}")
    scope[PREFIX] = scope.get(PREFIX, "") + _prefix(mount)
    return None


def _prefix(mount: Any) -> str:
    """Return the path of a mount; a host has none."""
    return getattr(mount, "path", "")


def _below(mount: Any) -> Iterable[Any]:
    """Return the routes below a mount that are asked about by themselves.

    ASGI middleware around an application keeps it as ``app``, by convention. Other frameworks have
    routes too, which nobody hooks.
    """
    application = mount
    for _ in range(DEEPEST):
        routes = getattr(application, "routes", None)
        if isinstance(routes, (list, tuple)) and routes and hasattr(routes[0], "url_path_for"):
            return routes
        application = getattr(application, "app", None)
        if application is None:
            break
    return ()


def noted(plane: DataPlane) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Return what wraps a thing that an application does by itself, once."""

    def wrap(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def once(self: Any) -> Any:
            plane.interfaces.note(self, routes_of)
            return original(self)

        return once

    return wrap


def routes_of(application: Any) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield the paths of an application's routes, and their methods."""
    yield from _routes(application.routes, "", 0)


def _routes(routes: Iterable[Any], prefix: str, depth: int) -> Iterator[tuple[str, Iterable[str]]]:
    for route in routes if depth < DEEPEST else ():
        if hasattr(route, "effective_route_contexts"):  # FastAPI's, of a router that is included
            for one in route.effective_route_contexts():
                if (made := getattr(one, "starlette_route", None)) is not None:
                    yield from _routes([made], prefix, depth + 1)  # a websocket, a mount
                elif one.path_format:
                    yield prefix + one.path_format, one.methods or ()
        elif hasattr(route, "path_format") and hasattr(route, "endpoint"):
            yield prefix + route.path_format, getattr(route, "methods", None) or ()
        elif inner := _below(route):
            yield from _routes(inner, prefix + _prefix(route), depth + 1)
        elif hasattr(route, "path") or hasattr(route, "host"):
            yield f"{prefix}{_prefix(route)}/{{path}}", ()


async def _answer(rejection: Rejection, scope: Scope, send: Send) -> None:
    """Send the answer; a handshake has one of its own kind where its server knows it."""
    kind = "http"
    if scope["type"] == "websocket":
        kind = "websocket.http"
        if "websocket.http.response" not in scope.get("extensions", {}):
            # RFC 6455 §7.4.1: try again later. As nothing is accepted yet, servers answer 403.
            await send({"type": "websocket.close", "code": 1013, "reason": ""})
            return
    body, status = rejection.body.encode(), rejection.fallback.status
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in headers_of(rejection)
    ]
    if status not in BODILESS:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": f"{kind}.response.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": body})
