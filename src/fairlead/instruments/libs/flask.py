"""Flask.

``__call__`` is hooked so that WSGI middleware put around ``wsgi_app`` runs on the lane, and
``wsgi_app`` for servers that are given that method itself. The environ tells when one called the
other. Gates are entered where Flask prepares a request: what is answered there is finished like the
answer of a view.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments import wsgi_passage
from fairlead.instruments.facts import WsgiRaw
from fairlead.instruments.inbound import form_of
from fairlead.instruments.limiting import PREFLIGHT, Turnstile, headers_of
from fairlead.instruments.wsgi import KEY, governed

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry, Gate
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches
    from fairlead.instruments.wsgi_passage import WsgiPassage

LIBRARY = "flask"
VERSIONS = ("2.2", "4")


def install(plane: DataPlane, patches: Patches) -> None:
    """Govern every application, those that exist already too: the class is hooked."""
    from flask.app import Flask

    wrap = governed(plane)
    patches.replace(Flask, "__call__", wrap)
    patches.replace(Flask, "wsgi_app", wrap)
    patches.replace(Flask, "__init__", _noted(plane))
    patches.replace(Flask, "preprocess_request", _limited(Turnstile(plane, LIBRARY)))
    patches.replace(Flask, "handle_user_exception", _noting)
    patches.replace(Flask, "handle_exception", _noting)


def _noted(plane: DataPlane) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def wrap(original: Callable[..., None]) -> Callable[..., None]:
        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            plane.interfaces.note(self, _routes)

        return init

    return wrap


def _routes(application: Any) -> Iterator[tuple[str, Iterable[str]]]:
    for rule in application.url_map.iter_rules():
        yield rule.rule, rule.methods or ()


def _limited(turnstile: Turnstile) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    gates, context_of = turnstile.engine.gates, _context_of()
    form = form_of(turnstile.plane, wsgi_passage)
    enter = form.Entrance(turnstile, partial(_gate, turnstile), partial(_hold, turnstile)).enter

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        # Every request comes by here: nothing is done for one that it does not need.
        def preprocess_request(self: Any, *args: Any) -> Any:
            if gates.idle:
                return original(self, *args)
            request = context_of().request
            entry = enter(request, request.url_rule, request.method, request.environ)
            if entry is not None:
                refusal = entry.refused
                if refusal is not None:
                    answer = turnstile.ask(lambda: _answer(refusal, self))
                    return original(self, *args) if answer is None else answer
                turnstile.wait(entry, _passage())
            return original(self, *args)

        return preprocess_request

    return wrap


def _hold(turnstile: Turnstile, gate: Gate, entry: Entry | None, request: Any) -> Entry | None:
    """Return the entry of a request that does not simply pass, None for one that does.

    `entry` is what it has entered the gate by, None if that is still to be done.
    """
    passage = _passage_of(request)
    if entry is not None:
        turnstile.entered(entry, gate, passage)
    else:
        facts = None
        if gate.curious:
            facts = turnstile.facts(WsgiRaw(request.environ), request.view_args or {})
        entry = turnstile.enter(gate, passage, facts)
    return entry if entry.refused is not None or entry.wait else None


def _passage() -> WsgiPassage | None:
    flask = _globals()
    return _passage_of(flask.request) if flask.has_request_context() else None


def _passage_of(request: Any) -> WsgiPassage | None:
    passage = request.environ.get(KEY)
    return passage if hasattr(passage, "entries") else None


def _context_of() -> Callable[[], Any]:
    """Return what returns that of which the running request is an attribute.

    Each question to what stands for the request would cost as much as its gate.
    """
    variable: ContextVar[Any] = object.__getattribute__(_globals().request, "_LocalProxy__wrapped")
    if not isinstance(variable, ContextVar):
        raise TypeError("flask.request is kept where this instrument does not know")
    return variable.get


def _globals() -> Any:
    return sys.modules["flask"]


def _gate(turnstile: Turnstile, request: Any) -> Gate | None:
    if request.url_rule is None:
        # Of what has no route, a method that is not allowed and a redirect are answers already.
        unknown = getattr(request.routing_exception, "code", None) == 404
        return turnstile.unknown() if unknown else None
    if request.method == "OPTIONS" and PREFLIGHT in request.headers:
        return None
    return turnstile.gate(request.method, request.url_rule.rule)


def _answer(refusal: Refusal, application: Any) -> Any:
    return application.response_class(refusal.body, refusal.fallback.status, headers_of(refusal))


def _noting(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what makes an answer of an exception: a rule may ask for its class."""

    def handle(self: Any, error: Exception) -> Any:
        passage = _passage()
        if passage is not None:
            passage.error = error
        return original(self, error)

    return handle
