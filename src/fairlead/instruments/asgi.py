"""Requests of ASGI applications: which lane they are on, and that it ends with them.

A request ends when the application's ``__call__`` returns, which is after the last byte of a
streamed body and after background tasks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from fairlead.instruments.inbound import Door, Labels, choose, fault, finish
from fairlead.instruments.propagate import Origin, Served, resume
from fairlead.instruments.request import AsgiRequest

if TYPE_CHECKING:
    from fairlead.flow.lane import Lanes
    from fairlead.instruments.instrument import DataPlane

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Scope, Receive, Send], Awaitable[None]]
"""The ``__call__`` of an application's class."""

KEY = "fairlead"
"""In a scope: the request is on its lane already; a mounted application leaves it alone."""


def governed(plane: DataPlane) -> Callable[[App], App]:
    """Return what wraps an application class's ``__call__``."""
    gate = Gate(plane)

    def wrap(original: App) -> App:
        async def call(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
            kind = scope["type"]
            if KEY in scope or kind not in {"http", "websocket"}:
                if kind == "lifespan":
                    send = gate.lifespan(send)
                await original(self, scope, receive, send)
                return
            served = gate.admit(scope)
            token = resume(served)
            try:
                await original(self, scope, receive, send)
            finally:
                finish(served, token)

        return call

    return wrap


class Gate:
    """Puts requests on their lane; a request it fails on goes through as one without a label."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._door = Door(plane, "asgi")
        self._names: tuple[Lanes | None, frozenset[bytes]] = (None, frozenset())

    def lifespan(self, send: Send) -> Send:
        """Make ready before the application starts; say when it has started."""
        self._door.prepare()

        async def told(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self._door.open()

        return told

    def admit(self, scope: Scope) -> Origin:
        """Return the request in `scope` on its lane; an entry's loses its labels."""
        try:
            scope[KEY] = True
            self._door.prepare()
            self._door.open()
            return self._served(scope)
        except Exception:  # counted; the request goes through
            fault(self._plane, "asgi")
            return None

    def _served(self, scope: Scope) -> Served:
        lanes = self._plane.engine.plan.lanes
        compiled, names = self._names
        if compiled is not lanes:
            names = frozenset([b"baggage", *(name.encode() for name in lanes.key_names)])
            self._names = (lanes, names)
        request = AsgiRequest(scope)
        labels = None
        for pair in scope["headers"]:
            if pair[0] in names:
                labels = _labels(scope, lanes, names)
                break
        return Served(choose(self._plane, lanes, labels, request))


def _labels(scope: Scope, lanes: Lanes, names: frozenset[bytes]) -> Labels:
    labels = Labels(lanes.key_set)
    kept = []
    for name, value in scope["headers"]:
        if name not in names:
            kept.append((name, value))
        elif name == b"baggage":
            theirs = labels.baggage(value.decode("latin-1"))
            if theirs:
                kept.append((name, theirs.encode("latin-1")))
        else:
            labels.plain(name.decode("latin-1"), value.decode("latin-1"))
    if not lanes.trusting:
        # In place: an outer middleware that looks for what routing leaves in the scope finds it.
        scope["headers"] = kept
    return labels
