"""Routes of Starlette and of what is built on it: the gates of their resources.

A route's resource is its path below those of the mounts that led to it. Its gate is entered when a
route has been chosen and before anything of it runs, inside the application's own middleware.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.asgi import REQUESTS
from fairlead.instruments.asgi_answer import answer_asgi, send_asgi
from fairlead.instruments.ending import watching
from fairlead.instruments.facts import AsgiRaw
from fairlead.instruments.limiting import PREFLIGHT, Turnstile
from fairlead.instruments.passage import ASKED, INCLUDED, KEY, PREFIX
from fairlead.instruments.patience import waited

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry, Gate
    from fairlead.instruments.asgi_types import Answer, Handle, Receive, Scope, Send, Step
    from fairlead.instruments.instrument import DataPlane

    Choose = Callable[[Any, Scope], Gate | None]

_NONE: dict[str, Any] = {}

DEEPEST = 16
"""Mounts within mounts that are looked into."""

CLOSED_REQUEST = 499
"""Status, for access logs, of a request whose client has gone while it waited (nginx's)."""


def limited(turnstile: Turnstile) -> Callable[[Handle], Handle]:
    """Return what wraps the ``handle`` of a class of routes."""

    def choose(route: Any, scope: Scope) -> Gate | None:
        scope[ASKED] = True
        included = scope.get("fastapi", _NONE).get(INCLUDED)
        methods = getattr(route, "methods", None)
        if methods and scope.get("method", "GET") not in methods:
            return None  # it is about to say which methods it has
        return _gate(turnstile, scope, _path(route, included))

    return _passing(turnstile, choose, plain=True)


def mounted(turnstile: Turnstile) -> Callable[[Handle], Handle]:
    """Return what wraps the ``handle`` of mounts."""

    def choose(mount: Any, scope: Scope) -> Gate | None:
        return _below_mount(turnstile, mount, scope) if scope["type"] in REQUESTS else None

    return _passing(turnstile, choose)


def unknown(turnstile: Turnstile) -> Callable[[Handle], Handle]:
    """Return what wraps a router's answer to a path that it does not know."""

    def choose(router: Any, scope: Scope) -> Gate | None:
        # Not noted in the scope: the request may go on to the next of several applications.
        return turnstile.unknown() if scope["type"] == "http" else None

    return _passing(turnstile, choose)


def _passing(
    turnstile: Turnstile, choose: Choose, *, plain: bool = False
) -> Callable[[Handle], Handle]:
    entrance = turnstile.form.Entrance(turnstile, choose, partial(_hold, turnstile), plain)
    around: Callable[[Handle], Handle] = entrance.around
    return around


def _hold(turnstile: Turnstile, gate: Gate, entry: Entry | None, scope: Scope) -> Answer | None:
    """Return what answers a request that does not simply pass, None for one that does.

    `entry` is what it has entered the gate by, None if that is still to be done.
    """
    passage = scope.get(KEY)
    if type(passage) is not turnstile.form.AsgiPassage:
        return partial(_alone, turnstile, gate, scope)
    if entry is None:
        raw, parameters = AsgiRaw(scope), scope.get("path_params") or {}
        facts = turnstile.facts(raw, parameters) if gate.curious else None
        entry = turnstile.enter(gate, passage, facts)
    else:
        turnstile.entered(entry, gate, passage)
    if entry.refused is None and not entry.wait:
        return None
    return partial(_held, turnstile, entry, scope)


async def _held(
    turnstile: Turnstile, entry: Entry, scope: Scope, step: Step, receive: Receive, send: Send
) -> None:
    """Answer in the place of a route, or have it answer when the request has waited."""
    if entry.refused is not None:
        await answer_asgi(entry.refused, scope, send)
        return
    patient: Receive | None = receive
    try:
        patient = await waited(entry, receive)
    except Exception:  # counted; the request goes through
        turnstile.fault()
    if patient is None:
        scope[KEY].leave()
        await send_asgi(scope, send, CLOSED_REQUEST, [], b"")
        return
    await step(patient, send)


async def _alone(
    turnstile: Turnstile, gate: Gate, scope: Scope, step: Step, receive: Receive, send: Send
) -> None:
    """Do the same where no application around has a passage: at a router by itself."""
    passage = turnstile.form.AsgiPassage("", turnstile.fault, scope["headers"], send)
    send = passage.send
    if scope["type"] != "http":
        receive = watching(passage, receive)
    inside = {**scope, KEY: passage}
    try:
        answer = turnstile.ask(lambda: _hold(turnstile, gate, None, inside))
        await (step(receive, send) if answer is None else answer(step, receive, send))
    except BaseException as error:
        passage.broke(error)
        raise
    finally:
        passage.end()


def _path(route: Any, included: Any) -> str:
    """Return a route's path with the prefixes of the routers that include it.

    From 0.165 on FastAPI keeps the prefixed path beside the route, which others may include too.
    """
    if included is not None and getattr(included, "original_route", None) is route:
        return str(included.path_format)
    return str(route.path_format)


def _gate(turnstile: Turnstile, scope: Scope, path: str) -> Gate | None:
    method = scope.get("method", "GET")
    if method == "OPTIONS" and any(name == PREFLIGHT.encode() for name, _ in scope["headers"]):
        return None
    return turnstile.gate(method, scope.get(PREFIX, "") + path)


def _below_mount(turnstile: Turnstile, mount: Any, scope: Scope) -> Gate | None:
    """Note the prefix of what has routes of its own; return the gate of what has none.

    Files, or an application of another make: all below it is one resource.
    """
    if not _below(mount):
        scope[ASKED] = True
        return _gate(turnstile, scope, f"{_prefix(mount)}/{{path}}")
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
