"""One inbound request on its way through gates: what it has entered, and how its response ended.

A request leaves its gates when its response has ended, once: with the last byte of the body, or
with whatever ends it before, an error, a cancellation, a client that is gone. What the application
does for it afterwards, in background tasks, holds no place.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from fairlead.instruments.facts import CALLER_LENGTH
from fairlead.instruments.propagate import Served
from fairlead.policy.resource import CALLER

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
StartResponse = Callable[..., Any]

GONE = frozenset(
    ("ClientDisconnect", "ClientDisconnected", "RequestAborted", "WebSocketDisconnect")
)
"""Exceptions by which frameworks and servers say that the client has gone: no fault of anybody's.
By name, as nothing of theirs is imported here."""


_CALLER = CALLER.encode()
_CALLER = CALLER.encode()
_LAST = frozenset(("http.response.pathsend", "websocket.close"))
_PARTS = frozenset(("http.response.zerocopysend", "websocket.http.response.body"))


class Passage(Served):
    """A request in gates. It is the outcome that breakers with conditions of their own look at."""

    __slots__ = ("_count_fault", "broken", "entrance", "entries", "error", "gone", "status")

    grpc: int | None = None
    fault: str = ""

    def __init__(self, lane: str, count_fault: Callable[[], None]) -> None:
        """`count_fault` counts a fault of ours."""
        self.lane = lane
        self.ended = False
        self.entrance = ""
        self.entries: tuple[Entry, ...] = ()
        """What has been entered, and is to be left."""
        self.status: int | None = None
        self.error: BaseException | None = None
        """What the application raised, also where it made an answer of it."""
        self.broken = False
        """Whether an error came out of the application."""
        self.gone = False
        """Whether the client is known to have gone, which is nobody's fault."""
        self._count_fault = count_fault

    def take(self, entry: Entry, resource: str) -> None:
        """Keep an entry until the response has ended."""
        self.entries += (entry,)
        self.entrance = resource

    def broke(self, error: BaseException) -> None:
        """Say that `error` came out of the application. A cancellation is nobody's fault."""
        self.error = error
        self.broken = isinstance(error, Exception)
        if self.status is None and self.broken:
            self.status = 500  # what the server will say

    def leave(self) -> None:
        """Leave all gates; does nothing the second time."""
        entries, self.entries = self.entries, ()
        try:
            status = self.status
            # Most requests have gone well, and are not looked at any closer.
            well = status is not None and status < 400 and not self.broken
            failed = not well and self._failed()
            for entry in entries:
                entry.exit(failed, self)
        except Exception:  # counted; the response goes on
            self._count_fault()

    def end(self) -> None:
        """End the request, whose response has ended at the latest by now."""
        self.ended = True
        if self.entries:
            self.leave()
        self.error = None  # its frames hold what the request had, and this

    def _failed(self) -> bool:
        status, error = self.status, self.error
        if error is None or self.gone:
            return not self.gone and status is not None and status >= 500
        if not GONE.isdisjoint(kind.__name__ for kind in type(error).mro()):
            return False
        return self.broken or (status is not None and status >= 500)


class AsgiPassage(Passage):
    """A request of an ASGI application, which sends and receives through it."""

    __slots__ = ("_headers", "_send")

    def __init__(
        self,
        lane: str,
        count_fault: Callable[[], None],
        headers: Sequence[tuple[bytes, bytes]],
        send: Send,
    ) -> None:
        """`headers` are without what nobody believes; not the scope, which holds the passage."""
        # Made for every request: a call of the class above would cost as much again.
        self.lane = lane
        self.ended = self.broken = self.gone = False
        self.entrance = ""
        self.entries = ()
        self.status = self.error = None
        self._count_fault = count_fault
        self._headers = headers
        self._send = send

    def caller(self) -> str:
        """Return the app that sent it, as far as that is believed; ``""`` for none."""
        for name, value in self._headers:
            if name == _CALLER:
                return value.decode("latin-1") if len(value) <= CALLER_LENGTH else ""
        return ""

    def send(self, message: Message) -> Awaitable[None]:
        """Send a message; after the last one of a response, leave."""
        kind = message["type"]
        if kind == "http.response.start" or kind == "websocket.http.response.start":  # noqa: PLR1714
            self.status = status = message["status"]
            if status >= 400:
                # An answer that is made of an exception is sent while it is handled.
                self.error = sys.exc_info()[1] or self.error
            return self._send(message)
        if kind == "http.response.body" or kind in _PARTS:
            return self._part(message) if message.get("more_body") else self._last(message)
        return self._last(message) if kind in _LAST else self._send(message)

    async def _last(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:
            self.gone = True  # by the protocol, as the server finds it out
            raise
        finally:
            if self.entries:
                self.leave()

    async def _part(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError:
            self.gone = True
            raise

    def watching(self, receive: Receive) -> Receive:
        """Return what receives for a websocket; when the client has closed it, that leaves."""

        async def watched() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                self.leave()
            return message

        return watched


class WsgiPassage(Passage):
    """A request of a WSGI application."""

    __slots__ = ("sender",)

    def __init__(self, lane: str, fault: Callable[[], None]) -> None:
        super().__init__(lane, fault)
        self.sender = ""
        """What it says of who sent it, where that is believed."""

    def caller(self) -> str:
        """Return the app that sent it, as far as that is believed; ``""`` for none."""
        return self.sender if len(self.sender) <= CALLER_LENGTH else ""

    def starting(self, start_response: StartResponse) -> StartResponse:
        """Return what an application starts its response with."""

        def start(status: str, *more: Any) -> Any:
            self.status = int(status[:3]) if status[:3].isdigit() else None
            return start_response(status, *more)

        return start

    def kept_by(self, file: Any) -> bool:
        """Leave when a server has sent `file`, its own wrapper of one, and closes it.

        False where there is nothing to leave, or the wrapper takes no ``close`` but its own.
        """
        if not self.entries:
            return False
        close = getattr(file, "close", None)

        def closed() -> None:
            try:
                if close is not None:
                    close()
            finally:
                self.end()

        try:
            file.close = closed
        except (AttributeError, TypeError):
            return False
        return True
