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

MOST_URLCONFS = 16

REJECTED = "_fairlead_rejected"
"""Of a request: the rejection of a path that is not known. It waits for view middleware, which may
answer in a view's place."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what finds the view of a request, and what is asked before it is called."""
    from django.core.handlers.base import BaseHandler

    gate, urlconfs = Turnstile(plane, LIBRARY), Urlconfs()
    patches.replace(BaseHandler, "load_middleware", _loading(plane, gate, urlconfs))
    patches.replace(BaseHandler, "resolve_request", _resolving(gate, urlconfs))


def _loading(
    plane: DataPlane, gate: Turnstile, urlconfs: Urlconfs
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def rejected(request: Any, view: Any, *given: Any) -> Any:
        del given
        rejection = getattr(request, REJECTED, None)
        if rejection is None and not gate.open():
            rejection = gate.ask(lambda: _rejection(gate, request, view))
        return None if rejection is None else gate.ask(lambda: _answer(rejection))

    async def rejected_async(request: Any, *view: Any) -> Any:
        return rejected(request, *view)

    def wrap(original: Callable[..., None]) -> Callable[..., None]:
        def load_middleware(self: Any, is_async: bool = False) -> None:  # noqa: FBT001, FBT002
            original(self, is_async=is_async)
            self._view_middleware.insert(0, rejected_async if is_async else rejected)
            plane.interfaces.note(self, urlconfs.routes)

        return load_middleware

    return wrap


def _resolving(
    gate: Turnstile, urlconfs: Urlconfs
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    from django.urls import Resolver404

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def resolve_request(self: Any, request: Any) -> Any:
            if not gate.open():
                urlconfs.note(request)
            try:
                return original(self, request)
            except Resolver404:
                rejection = None if gate.open() else gate.ask(lambda: _unknown(gate, request))
                if rejection is None:
                    raise
                setattr(request, REJECTED, rejection)
                return _nobody, (), {}

        return resolve_request

    return wrap


class Urlconfs:
    """The routes of a project, and of the other ones that its middleware chooses by request."""

    def __init__(self) -> None:
        self._chosen: set[str] = set()

    def note(self, request: Any) -> None:
        """Remember what middleware has chosen for a request."""
        urlconf = getattr(request, "urlconf", None)
        if isinstance(urlconf, str) and len(self._chosen) < MOST_URLCONFS:
            self._chosen.add(urlconf)

    def routes(self, handler: Any) -> Iterator[tuple[str, Iterable[str] | None]]:
        """Yield the routes that are loaded: loading them is the first request's."""
        from django.urls import get_resolver

        del handler  # all of a process have the same routes
        for urlconf in (None, *self._chosen):
            resolver = get_resolver(urlconf)
            if "url_patterns" in vars(resolver):
                yield from _below(resolver, "", 0)


def _below(resolver: Any, before: str, depth: int) -> Iterator[tuple[str, Iterable[str] | None]]:
    from django.conf import settings
    from django.urls import LocalePrefixPattern

    for pattern in resolver.url_patterns if depth < DEEPEST else ():
        route = str(pattern.pattern)
        # As Django does it: in an inclusion, an expression begins where the inclusion's ends.
        route = before + route.removeprefix("^") if before else route
        if not hasattr(pattern, "url_patterns"):
            yield f"/{route}", ()
            continue
        if isinstance(pattern.pattern, LocalePrefixPattern):
            yield from ((f"/{language}/", None) for language, _ in settings.LANGUAGES)
        yield from _below(pattern, route, depth + 1)


def _rejection(gate: Turnstile, request: Any, view: Any) -> Rejection | None:
    if request.resolver_match is None:
        return None  # a path that is not known has been asked about already
    if request.method == "OPTIONS" and PREFLIGHT in request.headers and _is_a_class(view):
        return None
    return gate.refuse(request.method, f"/{request.resolver_match.route}")


def _is_a_class(view: Any) -> bool:
    """Tell whether a view answers OPTIONS in another way than GET: a function need not."""
    return hasattr(view, "view_class") or hasattr(view, "cls")


def _unknown(gate: Turnstile, request: Any) -> Rejection | None:
    return (
        None
        if any(_is_known(path, request) for path in _meant(request))
        else (gate.refuse_unknown())
    )


def _is_known(path: str, request: Any) -> bool:
    from django.urls import is_valid_path

    known: bool = is_valid_path(path, getattr(request, "urlconf", None))
    return known


def _meant(request: Any) -> Iterator[str]:
    """Yield the paths that Django's own middleware may redirect to, which is an answer already."""
    from django.conf import settings
    from django.utils.translation import get_language, get_language_from_path

    path: str = request.path_info
    ends: tuple[str, ...] = ("",)
    if settings.APPEND_SLASH and not path.endswith("/"):
        yield f"{path}/"
        ends = ("", "/")
    language = get_language() if settings.USE_I18N else None
    if language and not get_language_from_path(path):
        yield from (f"/{language}{path}{end}" for end in ends)


def _nobody(request: Any) -> Any:
    return _answer(getattr(request, REJECTED))


def _answer(rejection: Rejection) -> Any:
    from django.http import HttpResponse

    response = HttpResponse(rejection.body, status=rejection.fallback.status)
    del response.headers["Content-Type"]
    for name, value in headers_of(rejection):
        if name.lower() == "set-cookie":
            response.cookies.load(value)
        elif name in response.headers:
            response.headers[name] = f"{response.headers[name]}, {value}"
        else:
            response.headers[name] = value
    return response
