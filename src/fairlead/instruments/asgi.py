"""Requests of ASGI applications: which lane they are on, and that it ends with them.

A request ends when the application's ``__call__`` returns, which is after the last byte of a
streamed body and after background tasks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments import reading
from fairlead.instruments.asgi_answer import answer_asgi
from fairlead.instruments.asgi_types import Message, Receive, Scope, Send
from fairlead.instruments.doorkeeper import Doorkeeper
from fairlead.instruments.ending import watching
from fairlead.instruments.inbound import Door, fault, form_of
from fairlead.instruments.passage import KEY, Pairs
from fairlead.instruments.propagate import Origin, back, resume
from fairlead.instruments.reading import begun_by
from fairlead.instruments.request import AsgiRequest
from fairlead.policy.resource import CALLER

if TYPE_CHECKING:
    from fairlead.flow.overload.protection import Verdict
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.passage import AsgiPassage, Reading

Admit = Callable[[Scope, Send], Origin]
App = Callable[[Any, Scope, Receive, Send], Awaitable[None]]
"""The ``__call__`` of an application's class."""

REQUESTS = frozenset({"http", "websocket"})


def governed(plane: DataPlane) -> Callable[[App], App]:
    """Return what wraps an application class's ``__call__``."""
    gate = Gate(plane)
    admit, passing = gate.admit, gate.form.AsgiPassage
    keeper = AsgiDoorkeeper(plane)
    protection = keeper.protection

    def wrap(original: App) -> App:
        async def call(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
            if KEY in scope or scope["type"] not in REQUESTS:
                await original(self, scope, receive, gate.apart(scope, send))
                return None
            served = admit(scope, send)
            passage: Any = _NOBODY
            if type(served) is passing:
                passage = served
                if protection.on and (verdict := keeper.judge(passage, scope, send)) is not None:
                    return await keeper.refuse(verdict, passage, scope)
                send = passage.send
                if scope["type"] != "http":
                    receive = watching(passage, receive)
            token = resume(served)
            try:
                await original(self, scope, receive, send)
            except BaseException as error:
                passage.broke(error)
                raise
            finally:
                if served is not None:
                    served.end()
                # Servers keep a scope with what sends for it: it would hold itself.
                scope[KEY] = True
                try:  # noqa: SIM105  what `suspend` does, without a call around it
                    back(token)
                except ValueError:
                    pass

        return call

    return wrap


class AsgiDoorkeeper(Doorkeeper):
    """At the door of ASGI applications."""

    __slots__ = ()

    def __init__(self, plane: DataPlane) -> None:
        super().__init__(plane, "asgi")

    def judge(self, passage: AsgiPassage, scope: Scope, send: Send) -> Verdict | None:
        """Return why a request does not come in, None where it does."""
        path, root = scope["path"], scope.get("root_path")
        # A probe asks the process itself, and servers put before it what their proxy takes away.
        if root and path.startswith(root) and self.protection.spares(path[len(root) :]):
            path = path[len(root) :]
        if self.protection.plain and scope["type"] == "http":
            return self.ask_plainly(passage, path)

        def header(name: str) -> str | None:
            wanted = name.encode()
            for key, value in passage.headers:
                if key == wanted:
                    return str(value, "latin-1")
            return None

        def socket() -> Any:
            if self.protection.punctual:
                return None  # it has waited for what stands before the application and awaits
            # uvicorn's `send` is a method of what knows the connection.
            return send.__self__.transport.get_extra_info("socket")  # type: ignore[attr-defined]

        lasts = scope["type"] != "http"
        return self.ask(passage, path, header, socket, lasts=lasts)

    async def refuse(self, verdict: Verdict, passage: AsgiPassage, scope: Scope) -> None:
        """Answer a request that does not come in."""
        try:
            if verdict.refused is not None:
                await answer_asgi(verdict.refused, scope, passage.send)
        finally:
            passage.end()
            scope[KEY] = True


class _Nobody:
    """Stands for the passage of a request that has none."""

    def broke(self, error: BaseException) -> None:
        """It is nobody's."""


_NOBODY = _Nobody()


class Gate:
    """What requests of applications of one class come in by; it reads headers by the plan."""

    __slots__ = ("_door", "_plane", "admit", "form")

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._door = Door(plane, "asgi")
        self.form = form_of(plane)
        count_fault = partial(fault, plane, "asgi")
        self.admit: Admit = self.form.Arrivals(plane.engine, self._renewed, count_fault).admit

    def apart(self, scope: Scope, send: Send) -> Send:
        """Return what sends for messages that are no request, or belong to one.

        Make ready before the application starts; say when it has started.
        """
        if scope["type"] != "lifespan":
            return send
        self._door.prepare()

        async def told(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self._door.open()

        return told

    def _renewed(self) -> Reading:
        # The first request finds no plan here, so that none after it has to ask the door.
        self._door.open()
        compiled = Compiled(self._plane.engine.plan, self._plane, _spelled)
        reading = compiled.reading(self.form, frozenset, compiled.lane)
        reading.begun = begun_by(self._plane, lambda scope: scope.get("method", "GET"), _header)
        return reading


def _header(scope: Scope, name: str) -> str | None:
    wanted = name.encode()
    for key, value in scope["headers"]:
        if key == wanted:
            text: str = value.decode("latin-1")
            return text
    return None


def _spelled(name: str) -> bytes:
    return name.encode("utf-8", "replace")


class Compiled(reading.Compiled):
    """One plan, as far as it is asked of ASGI requests."""

    def lane(self, scope: Scope, asked: Pairs) -> str:
        """Return the lane of a request with these headers; it loses labels nobody believes."""
        request = AsgiRequest()
        for name, value in asked:
            request.add(self.names[name], value)
        if not self.lanes.trusting and any(name in self.labels for name, _ in asked):
            # In place: who looks for what routing leaves in the scope finds it. And first: a
            # rule that fails must not let a label through.
            scope["headers"] = self._stripped(scope["headers"], request)
        if self.lanes.entry:
            request.scope = scope
            return self.colour(request, self.plane.engine.dice)[0]
        labels, _ = self.read(request)
        lane = labels.inherit(self.plane)
        self.keep(asked, lane, valid=not labels.invalid)
        return lane

    def _stripped(
        self, headers: list[tuple[bytes, bytes]], found: dict[str, str]
    ) -> list[tuple[bytes, bytes]]:
        """Return `headers` without labels, and with every other member of the baggage."""
        labels, theirs = self.read(found)
        if not labels.found and not labels.invalid and CALLER not in found:
            return headers
        kept = [pair for pair in headers if pair[0] not in self.labels]
        if theirs:
            kept.append((self.baggage, theirs.encode("latin-1")))
        return kept
