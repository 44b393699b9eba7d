"""Flask.

``__call__`` is hooked so that WSGI middleware put around ``wsgi_app`` runs on the lane, and
``wsgi_app`` for servers that are given that method itself. The environ tells when one called the
other. Limits are asked where Flask prepares a request: what is answered there is finished like the
answer of a view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fairlead.instruments.limiting import PREFLIGHT, Turnstile, headers_of
from fairlead.instruments.wsgi import governed

if TYPE_CHECKING:
    from fairlead.flow.limit import Rejection
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

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


def _limited(gate: Turnstile) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def preprocess_request(self: Any, *args: Any) -> Any:
            answer = None if gate.open() else gate.ask(lambda: _answer(gate, self))
            return original(self, *args) if answer is None else answer

        return preprocess_request

    return wrap


def _answer(gate: Turnstile, application: Any) -> Any:
    rejection = _rejected(gate)
    if rejection is None:
        return None
    status, headers = rejection.fallback.status, headers_of(rejection)
    return application.response_class(rejection.body, status, headers)


def _rejected(gate: Turnstile) -> Rejection | None:
    from flask import request

    if request.url_rule is None:
        # Of what has no route, a method that is not allowed and a redirect are answers already.
        unknown = getattr(request.routing_exception, "code", None) == 404
        return gate.refuse_unknown() if unknown else None
    if request.method == "OPTIONS" and PREFLIGHT in request.headers:
        return None
    return gate.refuse(request.method, request.url_rule.rule)
