"""Every request passes here: who is it, may they, is there room. What nobody allowed is refused.

The decision is taken on the head alone, before a byte of the body is read. Behind the gate stand
all routes there are and all there will be: a new one is refused until a rule allows it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairlead.control.access.attributes import attributes_of, is_deferred
from fairlead.control.access.caller import KEY, Caller, not_permitted, unauthorized
from fairlead.control.access.load import Limits, Load, TooMuch, too_many_requests
from fairlead.control.access.roles import SNAPSHOTS, Attributes, allowed, conceivable, is_public
from fairlead.control.access.sessions import Sessions, cookie_of
from fairlead.control.access.tokens import NotAuthenticated, Tokens
from fairlead.control.api.refusing import turn_away
from fairlead.control.api.status import Refused, bad_request

SWEEP = 1.0
"""Seconds between looks whether the tokens of open watches still hold."""

log = logging.getLogger(__name__)


class _TooSlow(Exception):
    """The reader's fault: an answer is not taken in time."""


@dataclass(slots=True, kw_only=True)
class Access:
    """What the gate decides by, and the streams that it let through."""

    tokens: Tokens | None
    """None where no token is asked."""
    sessions: Sessions | None = None
    """Those who signed in with a browser; None where nobody can."""
    limits: Limits = field(default_factory=Limits)
    write_deadline: float = 30.0
    """Seconds that a reader may take for what it was sent."""
    load: Load = field(init=False)
    _open: dict[asyncio.Event, Caller] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.load = Load(self.limits)

    def admit(self, scope: Scope, asked: Attributes) -> Caller:
        """Return the caller of an allowed request. Raises NotAuthenticated or Refused."""
        headers = Headers(scope=scope)
        if self.tokens is None:
            return Caller(None, trusted=True)
        if is_public(asked) and "authorization" not in headers:
            return Caller(None)
        caller = self._who(self.tokens, scope, headers)
        if is_public(asked):
            return caller
        rule = conceivable if is_deferred(asked) else allowed
        if not rule(caller.grants, asked):
            raise not_permitted(caller, asked)
        caller.settled = not is_deferred(asked)
        return caller

    def known(self, authorization: bytes | None) -> Caller | None:
        """Return who sends a header ``Authorization``, None where it says nobody who is known."""
        if self.tokens is None:
            return Caller(None, trusted=True)
        try:
            header = None if authorization is None else authorization.decode("latin-1")
            return Caller(self.tokens.identify(header))
        except NotAuthenticated:
            return None

    def _who(self, tokens: Tokens, scope: Scope, headers: Headers) -> Caller:
        given = headers.getlist("authorization")
        if len(given) > 1:
            raise bad_request("the header Authorization is there twice")
        if not given and self.sessions and (cookie := cookie_of(scope, headers)):
            return self.sessions.caller(scope["method"], headers, cookie)
        return Caller(tokens.identify(given[0] if given else None))

    @contextmanager
    def watching(self, caller: Caller) -> Iterator[asyncio.Event]:
        """Give an event that is set when the caller's token has ended."""
        ended = asyncio.Event()
        self._open[ended] = caller
        try:
            yield ended
        finally:
            del self._open[ended]

    def sweep(self) -> None:
        """End the watches whose token was revoked or has expired."""
        tokens = self.tokens
        if tokens is None:
            return
        for ended, caller in self._open.items():
            good = caller.identity is None or tokens.holds(caller.identity)
            if not (good and caller.still()):
                ended.set()

    async def run(self) -> None:
        """Sweep for good."""
        while True:
            await asyncio.sleep(SWEEP)
            self.sweep()


class Gate:
    """The middleware in front of every route."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a Status."""
        if scope["type"] != "http":
            return
        asked = _asked(scope)
        try:
            caller = self._access.admit(scope, asked)
        except NotAuthenticated as error:
            await turn_away(unauthorized(str(error)), scope, receive, send)
            return
        except Refused as refused:
            await turn_away(refused.response(), scope, receive, send)
            return
        try:
            with self._access.load.carry(caller, asked):
                await self._let_in(caller, asked, (scope, receive, send))
        except TooMuch as error:
            await turn_away(too_many_requests(error), scope, receive, send)

    async def _let_in(
        self, caller: Caller, asked: Attributes, request: tuple[Scope, Receive, Send]
    ) -> None:
        scope, receive, send = request
        scope[KEY] = caller
        # The stream of an agent keeps the deadline itself, and can say which agent it is.
        unbounded = asked.full_resource == SNAPSHOTS
        answer = _Answer(send, caller, None if unbounded else self._access.write_deadline)
        try:
            if asked.verb != "watch":
                await self._app(scope, receive, answer.send)
                return
            with self._access.watching(caller) as ended:
                await self._app(scope, _until(ended, receive), answer.send)
                if ended.is_set():
                    await answer.finish()
        except _TooSlow:
            log.warning("%s does not read the answer to %s: given up", caller.name, asked.path)


class _Answer:
    """Passes an answer on: in bounded time, once its handler has asked who may have it."""

    def __init__(self, send: Send, caller: Caller, deadline: float | None) -> None:
        self._send, self._caller, self._deadline = send, caller, deadline
        self._begun = self._complete = self._withheld = False

    async def send(self, message: Message) -> None:
        if self._withheld:
            return
        if message["type"] == "http.response.start":
            if message["status"] < 300 and not self._caller.settled:
                await self._withhold()
                return
            self._begun = True
        elif message["type"] == "http.response.body":
            self._complete = not message.get("more_body", False)
        try:
            async with asyncio.timeout(self._deadline):
                await self._send(message)
        except TimeoutError as error:
            raise _TooSlow from error

    async def finish(self) -> None:
        """End an answer that was broken off, as its sender would have."""
        if self._begun and not self._complete:
            with suppress(OSError, _TooSlow):
                await self.send({"type": "http.response.body", "body": b""})

    async def _withhold(self) -> None:
        self._withheld = True
        log.error("a handler answered without asking whether its caller may know")
        why = "whether this is allowed was not decided; the answer is withheld"
        refused = Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", why)
        await refused.response()({"type": "http"}, _nothing, self._send)


def _asked(scope: Scope) -> Attributes:
    watch = QueryParams(scope["query_string"]).get("watch", "")
    return attributes_of(scope["method"], scope["path"], watch)


def _until(ended: asyncio.Event, receive: Receive) -> Receive:
    """Return a `receive` whose peer is gone, as far as the handler sees, when `ended` is set."""

    async def either() -> Message:
        waiting = [asyncio.ensure_future(receive()), asyncio.ensure_future(ended.wait())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if ended.is_set():
                return {"type": "http.disconnect"}
            message: Message = waiting[0].result()  # type: ignore[assignment]
            return message
        finally:
            for task in waiting:
                task.cancel()

    return either


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
