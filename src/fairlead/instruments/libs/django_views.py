"""Django's views: the limits of their resources, asked before any view middleware.

The middleware around a view has run its first half by then, and runs its second half on the
rejection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from fairlead.instruments.limiting import PREFLIGHT, Turnstile, headers_of

if TYPE_CHECKING:
    from fairlead.flow.limit import Rejection
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "Django"
VERSIONS = ("4.2", "6.1")

DEEPEST = 16
"""Inclusions within inclusions that are looked into."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what finds the view of a request, and what is asked before it is called."""
    from django.core.handlers.base import BaseHandler

    gate = Turnstile(plane, LIBRARY)
    patches.replace(BaseHandler, "load_middleware", _loading(plane, gate))
    patches.replace(BaseHandler, "resolve_request", _resolving(gate))


def _loading(
    plane: DataPlane, gate: Turnstile
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def rejected(request: Any, *view: Any) -> Any:
        del view
        rejection = None if gate.open else gate.ask(lambda: _rejection(gate, request))
        return None if rejection is None else _answer(rejection)

    async def rejected_async(request: Any, *view: Any) -> Any:
        return rejected(request, *view)

    def wrap(original: Callable[..., None]) -> Callable[..., None]:
        def load_middleware(self: Any, is_async: bool = False) -> None:  # noqa: FBT001, FBT002
            original(self, is_async=is_async)
            self._view_middleware.insert(0, rejected_async if is_async else rejected)
            plane.interfaces.note(self, _routes)

        return load_middleware

    return wrap


def _resolving(gate: Turnstile) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    from django.urls import Resolver404

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def resolve_request(self: Any, request: Any) -> Any:
            try:
                return original(self, request)
            except Resolver404:
                rejection = None if gate.open else gate.ask(gate.refuse_unknown)
                if rejection is None:
                    raise
                answer = _answer(rejection)
                return (lambda _: answer), (), {}

        return resolve_request

    return wrap


def _routes(handler: Any) -> Iterator[tuple[str, Iterable[str]]]:
    from django.urls import get_resolver

    del handler  # all of a process have the same routes
    yield from _below(get_resolver(), "/", 0)


def _below(resolver: Any, prefix: str, depth: int) -> Iterator[tuple[str, Iterable[str]]]:
    for pattern in resolver.url_patterns if depth < DEEPEST else ():
        path = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _below(pattern, path, depth + 1)
        else:
            yield path, ()


def _rejection(gate: Turnstile, request: Any) -> Rejection | None:
    if request.resolver_match is None:
        return None  # a path that is not known has been asked about already
    if request.method == "OPTIONS" and PREFLIGHT in request.headers:
        return None
    return gate.refuse(request.method, f"/{request.resolver_match.route}")


def _answer(rejection: Rejection) -> Any:
    from django.http import HttpResponse

    response = HttpResponse(rejection.body, status=rejection.fallback.status)
    del response.headers["Content-Type"]
    for name, value in headers_of(rejection):
        response.headers[name] = value
    return response
