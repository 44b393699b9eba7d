"""aiohttp's server.

A request is on its lane in the task that aiohttp makes for it, with everything that writes its
response. Gates are entered in a middleware inside all others, so that these see a rejection as they
see any answer. Of a server without an application, `web.Server`, only lanes are governed: it has no
routes.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from inspect import signature
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from fairlead.instruments import aiohttp_passage
from fairlead.instruments.aiohttp_admission import Admission, AiohttpRaw
from fairlead.instruments.aiohttp_door import AiohttpDoorkeeper
from fairlead.instruments.aiohttp_passage import KEY, Handler, awaited
from fairlead.instruments.aiohttp_sites import Sites, let_be_last
from fairlead.instruments.drive import pause_async
from fairlead.instruments.inbound import Door, finish, form_of
from fairlead.instruments.limiting import PREFLIGHT, Turnstile, headers_of
from fairlead.instruments.propagate import current, resume
from fairlead.policy.resource import METHODS

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry, Gate
    from fairlead.flow.refusal import Refusal
    from fairlead.instruments.aiohttp_passage import AiohttpPassage
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "aiohttp.web"
VERSIONS = ("3.10", "3.15")

MOST_KNOWN = 10_000
"""Resources whose templates are at hand."""

CLOSED_REQUEST = 499
"""Status, for access logs, of a request whose client has gone while it waited (nginx's)."""


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
    patches.replace(RequestHandler, "handle_error", _noting)
    patches.replace(RequestHandler, "connection_lost", entrance.losing)
    patches.replace(Application, "pre_freeze", entrance.freezing)
    form = form_of(plane, aiohttp_passage)
    patches.replace(StreamResponse, "write_eof", form.ending(_last))
    patches.replace(WebSocketResponse, "close", _closed(form))
    patches.replace(BaseRunner, "setup", sites.preparing)
    patches.replace(BaseRunner, "cleanup", sites.cleaning)
    patches.replace(BaseSite, "stop", sites.stopping)
    for kind in (TCPSite, UnixSite, SockSite):
        patches.replace(kind, "start", sites.starting)


def _governed(plane: DataPlane, door: Door, sites: Sites) -> Callable[[Any], Any]:
    from aiohttp import hdrs
    from aiohttp.web_protocol import ERROR

    # Its own kind of text: headers fold another's case each time.
    admit = Admission(plane, door, LIBRARY, type(hdrs.HOST)).admit
    passing = form_of(plane, aiohttp_passage).AiohttpPassage
    busy, leaving = sites.busy, sites.leaving
    keeper = AiohttpDoorkeeper(plane, LIBRARY, _response)
    protection = keeper.protection

    def wrap(original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def handle(self: Any, request: Any, started: Any, handler: Handler) -> Any:
            if request._message is ERROR:  # no request could be read
                return await original(self, request, started, handler)
            served: Any = admit(request)
            passage = served if type(served) is passing else None
            busy[self] = request
            if leaving and self._manager in leaving:
                let_be_last(request)
            if protection.on and passage is not None:
                handler = keeper.judged(passage, request, handler)
            token = resume(served)
            try:
                ended = await original(self, request, started, handler)
            except BaseException as error:
                if passage is not None and passage.error is None:
                    passage.broke(error)
                raise
            else:
                if passage is not None and awaited(passage):
                    _written(passage, *ended)
                return ended
            finally:
                busy.pop(self, None)
                finish(served, token)

        return handle

    return wrap


def _written(passage: AiohttpPassage, response: Any, reset: bool) -> None:  # noqa: FBT001
    """Note how the response of a request that has not left ended."""
    passage.status = response.status
    passage.gone = passage.gone or (reset and passage.error is None)


def _noting(original: Callable[..., Any]) -> Callable[..., Any]:
    """Note an error that comes out of an application, before an answer is made of it."""

    def handle_error(self: Any, request: Any, status: int = 500, *args: Any, **more: Any) -> Any:
        passage, error = request._state.get(KEY), sys.exc_info()[1]
        if hasattr(passage, "entries") and error is not None:
            passage.status = status  # of the answer, if one can still be sent
            passage.broke(error)
            transport = request.transport
            cut = transport is None or transport.is_closing()
            passage.gone = cut and isinstance(error, ConnectionError)
        return original(self, request, status, *args, **more)

    return handle_error


async def _last(passage: AiohttpPassage, writing: Awaitable[None]) -> None:
    try:
        await writing
    except OSError:
        passage.gone = True
        raise
    finally:
        passage.leave()


def _closed(form: ModuleType) -> Callable[[Callable[..., Any]], Callable[..., Awaitable[bool]]]:
    """Leave when either side closes a websocket: aiohttp answers the client's closing by this."""

    def wrap(original: Callable[..., Awaitable[bool]]) -> Callable[..., Awaitable[bool]]:
        def close(self: Any, *args: Any, **kwargs: Any) -> Awaitable[bool]:
            passage = form.passage_of(self)
            if passage is not None and (passage.entries or passage.note is not None):
                passage.status = self.status
                passage.leave()
            return original(self, *args, **kwargs)

        return close

    return wrap


class Entrance:
    """Where requests enter the gates of their resources."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._turnstile = Turnstile(plane, LIBRARY)
        self._form = form_of(plane, aiohttp_passage)
        self._entrance = self._form.Entrance(self._turnstile, self._gate, self._hold, _answered)
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
        self._plane.interfaces.note(application, _routes)
        around = application._middlewares_handlers
        mounted = application._subapps
        middleware = self._entrance.middleware(application, alone=not mounted)
        if not application.middlewares and all(map(_is_bare, mounted)):
            # All that is around is aiohttp's own, which keeps apart whose middleware runs.
            around = ()
        else:
            _put_back(mounted)
        application._middlewares_handlers = ((middleware, True), *around)
        application._run_middlewares = True

    def _hold(
        self, gate: Gate, entry: Entry | None, request: Any, handler: Handler
    ) -> Awaitable[Any]:
        """Return what answers a request that does not simply pass.

        `entry` is what it has entered the gate by, None if that is still to be done.
        """
        turnstile, passage = self._turnstile, self._served()
        if entry is not None:
            turnstile.entered(entry, gate, passage)
        else:
            facts = None
            if gate.curious:
                facts = turnstile.facts(AiohttpRaw(request), request.match_info)
            entry = turnstile.enter(gate, passage, facts)
        return self._answer(entry, passage, request, handler)

    def _gate(self, request: Any) -> Gate | None:
        match = request.match_info
        unknown = match.http_exception
        if unknown is not None:
            # A method that is not allowed is an answer already.
            return self._turnstile.unknown() if unknown.status == 404 else None
        resource = match.route.resource
        if resource is None or (request.method == "OPTIONS" and PREFLIGHT in request.headers):
            return None
        gate = self._turnstile.gate(request.method, self._path(resource))
        # Which follows from the route, but for one of any method, and methods that are unusual.
        if request.method == match.route.method in METHODS - {"OPTIONS"}:
            self._entrance.keep(match.route, gate)
        return gate

    def _path(self, resource: Any) -> str:
        path = self._paths.get(resource)
        if path is None:
            if len(self._paths) >= MOST_KNOWN:
                self._paths.clear()
            path = self._paths[resource] = _template(resource)
        return path

    def _served(self) -> AiohttpPassage | None:
        passage: Any = current()
        return passage if type(passage) is self._form.AiohttpPassage else None

    async def _answer(
        self, entry: Entry, passage: AiohttpPassage | None, request: Any, handler: Handler
    ) -> Any:
        """Answer in the place of a handler, or have it answer when the request has waited."""
        refusal = entry.refused
        if refusal is not None:
            answer = self._turnstile.ask(lambda: _response(refusal))
            return await handler(request) if answer is None else answer
        if entry.wait and not await self._waited(entry, passage, request):
            return _closed_request()
        return await (handler(request) if passage is None else _answered(passage, request, handler))

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


def _is_bare(application: Any) -> bool:
    return len(application._middlewares_handlers) == 1


def _put_back(applications: Iterable[Any]) -> None:
    """Give applications without middlewares what is needed where others around have some."""
    for application in applications:
        if _is_bare(application):
            application._middlewares_handlers += tuple(application._prepare_middleware())
            _put_back(application._subapps)


async def _answered(passage: AiohttpPassage, request: Any, handler: Handler) -> Any:
    """Have a handler answer, and note what it raises: middlewares may make an answer of it."""
    try:
        return await handler(request)
    except BaseException as error:
        passage.error = error
        raise


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
    """Return the answer of a rule to a request that it turns away."""
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
