"""Django's views: the gates of their resources, entered before any view middleware.

The middleware around a view has run its first half by then, and runs its second half on the
rejection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from fairlead.instruments import wsgi
from fairlead.instruments.facts import AsgiRaw, WsgiRaw
from fairlead.instruments.limiting import PREFLIGHT, Turnstile, headers_of
from fairlead.instruments.passage import KEY, Passage

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry, Gate
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "Django"
VERSIONS = ("4.2", "6.1")

DEEPEST = 16
"""Inclusions within inclusions that are looked into."""

MOST_URLCONFS = 16

STOPPED = "_fairlead_stopped"
"""Of a request to a path that is not known: its `Stop`, for view middleware, which may answer in a
view's place, and may wait."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what finds the view of a request, and what is asked before it is called."""
    from django.core.handlers import exception
    from django.core.handlers.base import BaseHandler

    turnstile, urlconfs = Turnstile(plane, LIBRARY), Urlconfs()
    patches.replace(BaseHandler, "load_middleware", _loading(plane, turnstile, urlconfs))
    patches.replace(BaseHandler, "resolve_request", _resolving(turnstile, urlconfs))
    patches.replace(exception, "response_for_exception", _noting)


def _loading(
    plane: DataPlane, turnstile: Turnstile, urlconfs: Urlconfs
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def passing(request: Any, view: Any, *given: Any) -> Any:
        del given
        stop = _stop(turnstile, request, view)
        if stop.entry is not None and stop.entry.wait:
            turnstile.wait(stop.entry, _passage(request))
        return _outcome(turnstile, stop)

    async def passing_async(request: Any, view: Any, *given: Any) -> Any:
        del given
        stop = _stop(turnstile, request, view)
        if stop.entry is not None and stop.entry.wait:
            await turnstile.wait_async(stop.entry, _passage(request))
        return _outcome(turnstile, stop)

    def wrap(original: Callable[..., None]) -> Callable[..., None]:
        def load_middleware(self: Any, is_async: bool = False) -> None:  # noqa: FBT001, FBT002
            original(self, is_async=is_async)
            self._view_middleware.insert(0, passing_async if is_async else passing)
            plane.interfaces.note(self, urlconfs.routes)

        return load_middleware

    return wrap


class Stop(NamedTuple):
    """What a request is told before its view is called."""

    entry: Entry | None
    error: Exception | None
    """Of a path that is not known: what the project is told of it."""


def _stop(turnstile: Turnstile, request: Any, view: Any) -> Stop:
    stopped: Stop | None = getattr(request, STOPPED, None)
    if stopped is not None:
        return stopped
    if turnstile.open():
        return Stop(None, None)
    return Stop(turnstile.ask(lambda: _entered(turnstile, request, view)), None)


def _outcome(turnstile: Turnstile, stop: Stop) -> Any:
    """Return the answer in the place of a view's, None where the view is to be called."""
    refusal = None if stop.entry is None else stop.entry.refused
    if refusal is not None:
        return turnstile.ask(lambda: _answer(refusal))
    if stop.error is not None:
        raise stop.error
    return None


def _resolving(
    turnstile: Turnstile, urlconfs: Urlconfs
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    from django.urls import Resolver404

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def resolve_request(self: Any, request: Any) -> Any:
            closed = not turnstile.open()
            if closed:
                urlconfs.note(request)
            try:
                return original(self, request)
            except Resolver404 as error:
                entry = turnstile.ask(lambda: _unknown(turnstile, request)) if closed else None
                if entry is None or (entry.refused is None and not entry.wait):
                    raise
                setattr(request, STOPPED, Stop(entry, error))
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


def _entered(turnstile: Turnstile, request: Any, view: Any) -> Entry | None:
    match = request.resolver_match
    if match is None:
        return None  # a path that is not known has been asked about already
    if request.method == "OPTIONS" and PREFLIGHT in request.headers and _is_a_class(view):
        return None
    gate = turnstile.gate(request.method, f"/{match.route}")
    return _enter(turnstile, gate, request, match.kwargs or dict(enumerate(match.args)))


def _enter(turnstile: Turnstile, gate: Gate, request: Any, parameters: Mapping[Any, Any]) -> Entry:
    facts = None
    if gate.curious:
        scope = getattr(request, "scope", None)
        raw = WsgiRaw(request.META) if scope is None else AsgiRaw(scope)
        facts = turnstile.facts(raw, parameters)
    return turnstile.enter(gate, _passage(request), facts)


def _passage(request: Any) -> Passage | None:
    scope = getattr(request, "scope", None)
    passage = request.META.get(wsgi.KEY) if scope is None else scope.get(KEY)
    return passage if hasattr(passage, "entries") else None


def _noting(original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap what makes an answer of an exception: a rule may ask for its class."""

    def response_for_exception(request: Any, error: Exception) -> Any:
        passage = _passage(request)
        if passage is not None:
            passage.error = error
        return original(request, error)

    return response_for_exception


def _is_a_class(view: Any) -> bool:
    """Tell whether a view answers OPTIONS in another way than GET: a function need not."""
    return hasattr(view, "view_class") or hasattr(view, "cls")


def _unknown(turnstile: Turnstile, request: Any) -> Entry | None:
    if any(_is_known(path, request) for path in _meant(request)):
        return None
    return _enter(turnstile, turnstile.unknown(), request, {})


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
    raise getattr(request, STOPPED).error


def _answer(refusal: Refusal) -> Any:
    from django.http import HttpResponse

    response = HttpResponse(refusal.body, status=refusal.fallback.status)
    del response.headers["Content-Type"]
    for name, value in headers_of(refusal):
        if name.lower() == "set-cookie":
            response.cookies.load(value)
        elif name in response.headers:
            response.headers[name] = f"{response.headers[name]}, {value}"
        else:
            response.headers[name] = value
    return response
