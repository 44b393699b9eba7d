"""aiohttp's server.

A request is on its lane in the task that aiohttp makes for it, with everything that writes its
response. Gates are entered in a middleware inside all others, so that these see a rejection as they
see any answer. Of a server without an application, `web.Server`, only lanes are governed: it has no
routes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from fairlead.instruments.aiohttp_admission import KEY, AiohttpPassage, AiohttpRaw, Arrivals
from fairlead.instruments.aiohttp_sites import Sites
from fairlead.instruments.drive import pause_async
from fairlead.instruments.inbound import Door, finish
from fairlead.instruments.limiting import PREFLIGHT, Turnstile, headers_of
from fairlead.instruments.propagate import current, resume

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry, Gate
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "aiohttp.web"
VERSIONS = ("3.10", "3.15")

MOST_KNOWN = 10_000
"""Resources whose templates are at hand."""

CLOSED_REQUEST = 499
"""Status, for access logs, of a request whose client has gone while it waited (nginx's)."""

Handler = Callable[[Any], Awaitable[Any]]
"""Answers a request."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook requests, applications, and what makes and stops sites; all by their classes."""
    from aiohttp.web_app import Application
    from aiohttp.web_protocol import RequestHandler
    from aiohttp.web_response import StreamResponse
    from aiohttp.web_runner import BaseRunner, BaseSite, SockSite, TCPSite, UnixSite
    from aiohttp.web_ws import WebSocketResponse

    _check(RequestHandler)
    door = Door(plane, LIBRARY)
    sites = Sites(plane, door, LIBRARY)
    entrance = Entrance(plane)
    patches.replace(RequestHandler, "_handle_request", _governed(plane, door, sites))
    patches.replace(RequestHandler, "connection_lost", entrance.losing)
    patches.replace(Application, "pre_freeze", entrance.freezing)
    patches.replace(StreamResponse, "write_eof", _ended)
    patches.replace(WebSocketResponse, "close", _closed)
    patches.replace(BaseRunner, "setup", sites.preparing)
    patches.replace(BaseRunner, "cleanup", sites.cleaning)
    patches.replace(BaseSite, "stop", sites.stopping)
    for kind in (TCPSite, UnixSite, SockSite):
        patches.replace(kind, "start", sites.starting)


def _governed(plane: DataPlane, door: Door, sites: Sites) -> Callable[[Any], Any]:
    from aiohttp.web_protocol import ERROR

    arrivals = Arrivals(plane, door, LIBRARY)

    def wrap(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def handle(self: Any, request: Any, started: Any, handler: Handler) -> Any:
            if request._message is ERROR:  # no request could be read
                return await original(self, request, started, handler)
            served = arrivals.admit(request)
            passage = served if type(served) is AiohttpPassage else None
            if passage is not None:
                handler = partial(_noting, passage, handler)
            sites.begin(self, request)
            token = resume(served)
            try:
                response, reset = await original(self, request, started, handler)
                if passage is not None:
                    passage.status = response.status
                    passage.gone = passage.gone or (reset and passage.error is None)
            except BaseException as error:
                if passage is not None and passage.error is None:
                    passage.broke(error)
                raise
            finally:
                sites.end(self)
                finish(served, token)
            return response, reset

        return handle

    return wrap


async def _noting(passage: AiohttpPassage, handler: Handler, request: Any) -> Any:
    """Have the application answer, and note what comes out of it before that is sent."""
    try:
        response = await handler(request)
    except BaseException as error:
        _note(passage, request.transport, error)
        raise
    passage.status = getattr(response, "status", 500)
    return response


def _note(passage: AiohttpPassage, transport: Any, error: BaseException) -> None:
    from aiohttp.web_exceptions import HTTPException

    if isinstance(error, HTTPException):  # an answer
        passage.error, passage.status = error, error.status
        return
    if isinstance(error, asyncio.TimeoutError):
        passage.status = 504  # what the server will say
    passage.broke(error)
    cut = transport is None or transport.is_closing()
    passage.gone = cut and isinstance(error, ConnectionError)


def _ended(original: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Leave with the last byte of a response."""

    def write_eof(self: Any, *args: Any) -> Awaitable[None]:
        passage = _passage(self)
        if passage is None or not passage.entries:
            return original(self, *args)
        passage.status = self.status
        return _last(passage, original(self, *args))

    return write_eof


async def _last(passage: AiohttpPassage, writing: Awaitable[None]) -> None:
    try:
        await writing
    except OSError:
        passage.gone = True
        raise
    finally:
        passage.leave()


def _closed(original: Callable[..., Awaitable[bool]]) -> Callable[..., Awaitable[bool]]:
    """Leave when either side closes a websocket: aiohttp answers the client's closing by this."""

    def close(self: Any, *args: Any, **kwargs: Any) -> Awaitable[bool]:
        passage = _passage(self)
        if passage is not None and passage.entries:
            passage.status = self.status
            passage.leave()
        return original(self, *args, **kwargs)

    return close


def _passage(response: Any) -> AiohttpPassage | None:
    """Return the request of a response; another one may be writing to it."""
    request = response._req
    passage = None if request is None else request._state.get(KEY)
    return passage if type(passage) is AiohttpPassage else None


class Entrance:
    """Where requests enter the gates of their resources."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._turnstile = Turnstile(plane, LIBRARY)
        self._paths: dict[Any, str] = {}
        self._waiting: dict[Any, asyncio.Future[None]] = {}
        """Connections whose request waits, and what ends that when they are lost."""

    def freezing(self, original: Callable[[Any], None]) -> Callable[[Any], None]:
        """Put a middleware inside all others of an application whose middlewares are settled."""

        def pre_freeze(application: Any) -> None:
            settled = application.pre_frozen
            original(application)
            if not settled:
                self._turnstile.ask(lambda: self._stand_in(application))

        return pre_freeze

    def losing(self, original: Callable[..., None]) -> Callable[..., None]:
        """Tell who waits that its client has gone: aiohttp lets handlers go on."""

        def connection_lost(connection: Any, error: Any) -> None:
            original(connection, error)
            waiting = self._waiting.pop(connection, None)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)

        return connection_lost

    def _stand_in(self, application: Any) -> None:
        turnstile, gates = self._turnstile, self._turnstile.engine.gates

        def middleware(request: Any, handler: Handler) -> Awaitable[Any]:
            # An application's own, around those that are mounted in it.
            if gates.idle or request.match_info.apps[-1] is not application:
                return handler(request)
            entry = turnstile.ask(lambda: self._enter(request))
            return handler(request) if entry is None else self._answer(entry, request, handler)

        self._plane.interfaces.note(application, _routes)
        application._middlewares_handlers = (
            (middleware, True),
            *application._middlewares_handlers,
        )
        application._run_middlewares = True

    def _enter(self, request: Any) -> Entry | None:
        gate = self._gate(request)
        if gate is None:
            return None
        facts = None
        if gate.curious:
            facts = self._turnstile.facts(AiohttpRaw(request), request.match_info)
        return self._turnstile.enter(gate, _served(), facts)

    def _gate(self, request: Any) -> Gate | None:
        match = request.match_info
        unknown = match.http_exception
        if unknown is not None:
            # A method that is not allowed is an answer already.
            return self._turnstile.unknown() if unknown.status == 404 else None
        resource = match.route.resource
        if resource is None or (request.method == "OPTIONS" and PREFLIGHT in request.headers):
            return None
        return self._turnstile.gate(request.method, self._path(resource))

    def _path(self, resource: Any) -> str:
        path = self._paths.get(resource)
        if path is None:
            if len(self._paths) >= MOST_KNOWN:
                self._paths.clear()
            path = self._paths[resource] = _template(resource)
        return path

    async def _answer(self, entry: Entry, request: Any, handler: Handler) -> Any:
        """Answer in the place of a handler, or have it answer when the request has waited."""
        refusal = entry.refused
        if refusal is not None:
            answer = self._turnstile.ask(lambda: _response(refusal))
            return await handler(request) if answer is None else answer
        passage = _served()
        if entry.wait and not await self._waited(entry, passage, request):
            return _closed_request()
        try:
            return await handler(request)
        except BaseException as error:
            if passage is not None:
                passage.error = error  # middlewares may make an answer of it
            raise

    async def _waited(self, entry: Entry, passage: AiohttpPassage | None, request: Any) -> bool:
        """Wait until the call of `entry` may begin; False if its client has gone before."""
        connection, gone = request.protocol, asyncio.get_running_loop().create_future()
        self._waiting[connection] = gone
        waiting = asyncio.ensure_future(pause_async(entry))
        try:
            if request.transport is not None:
                await asyncio.wait((gone, waiting), return_when=asyncio.FIRST_COMPLETED)
            if stays := waiting.done():
                await waiting
        finally:
            self._waiting.pop(connection, None)
            waiting.cancel()
            await asyncio.wait((waiting,))
        if passage is None:
            entry.exit()
        elif not stays:
            passage.leave()
        return stays


def _served() -> AiohttpPassage | None:
    passage = current()
    return passage if type(passage) is AiohttpPassage else None


def _routes(application: Any) -> Iterator[tuple[str, Iterable[str]]]:
    """Yield an application's own; those of what is mounted in it are told by that."""
    for resource in application.router.resources():
        if "app" not in resource.get_info():
            # `*` is any method.
            methods = {route.method for route in resource}
            yield _template(resource), () if "*" in methods else methods


def _template(resource: Any) -> str:
    """Return the path of a resource, prefixes included."""
    path = unquote(resource.canonical)
    return f"{path}/{{filename}}" if "directory" in resource.get_info() else path


def _response(refusal: Refusal) -> Any:
    from aiohttp.web_response import Response

    status, body = refusal.fallback.status, refusal.body.encode()
    return Response(status=status, headers=headers_of(refusal), body=body)


def _closed_request() -> Any:
    from aiohttp.web_response import Response

    return Response(status=CLOSED_REQUEST)


def _check(connection: Any) -> None:
    """Raise where this version does not handle requests in the way this instrument knows."""
    known = ["self", "request", "start_time", "request_handler"]
    if list(signature(connection._handle_request).parameters) != known:
        raise TypeError(f"RequestHandler._handle_request does not take {tuple(known[1:])}")
