"""Requests of ASGI applications: which lane they are on, and that it ends with them.

A request ends when the application's ``__call__`` returns, which is after the last byte of a
streamed body and after background tasks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.flow.lane import Lanes
from fairlead.instruments.inbound import Door, Labels, colour_of, fault
from fairlead.instruments.outbound import BAGGAGE
from fairlead.instruments.passage import AsgiPassage, Message, Receive, Send
from fairlead.instruments.propagate import Origin, Served, resume, suspend
from fairlead.instruments.request import AsgiRequest, asked_headers
from fairlead.policy.resource import CALLER
from fairlead.policy.snapshot import Snapshot
from fairlead.telemetry.counters import Counter, Counters
from fairlead.telemetry.names import COLOURED

if TYPE_CHECKING:
    from fairlead.flow.engine import Plan
    from fairlead.instruments.instrument import DataPlane

Scope = MutableMapping[str, Any]
App = Callable[[Any, Scope, Receive, Send], Awaitable[None]]
"""The ``__call__`` of an application's class."""

KEY = "fairlead"
"""In a scope: the request is on its lane already; a mounted application leaves it alone.

It is the request's `AsgiPassage` where rules about the flow of calls are in force.
"""

REQUESTS = frozenset({"http", "websocket"})

KNOWN, KNOWN_LENGTH = 256, 128
"""How many baggage headers a plan remembers the lane of, and how long they may be."""


def governed(plane: DataPlane) -> Callable[[App], App]:
    """Return what wraps an application class's ``__call__``."""
    gate = Gate(plane)

    def wrap(original: App) -> App:
        async def call(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
            if KEY in scope or scope["type"] not in REQUESTS:
                await original(self, scope, receive, gate.apart(scope, send))
                return
            served, passage = gate.admit(scope, send), None
            if served.__class__ is AsgiPassage:
                passage = served
                send = passage.send
                if scope["type"] != "http":
                    receive = passage.watching(receive)
            token = resume(served)
            try:
                await original(self, scope, receive, send)
            except BaseException as error:
                if passage is not None:
                    passage.broke(error)
                raise
            finally:
                if served is not None:
                    served.end()
                suspend(token)

        return call

    return wrap


class Gate:
    """Puts requests on their lane; a request it fails on goes through as one without a label."""

    __slots__ = ("_compiled", "_door", "_engine", "_fault", "_plane")

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane
        self._engine = plane.engine
        self._door = Door(plane, "asgi")
        self._fault = partial(fault, plane, "asgi")
        self._compiled = Compiled(None, plane)

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

    def admit(self, scope: Scope, send: Send) -> Origin:
        """Return the request in `scope` on its lane; an entry's loses its labels.

        It is a passage where rules about the flow of calls are in force.
        """
        # Every request comes by here: nothing is done for one that it does not need.
        try:
            scope[KEY] = True
            compiled = self._compiled
            if compiled.plan is not self._engine.plan:
                compiled = self._renewed()
            headers, names = scope["headers"], compiled.names
            if type(headers) is not list:
                headers = scope["headers"] = list(headers)
            request = AsgiRequest()
            for name, value in headers:
                if name in names:
                    request.add(names[name], value)
            if not compiled.lanes.trusting and not compiled.labels.isdisjoint(request):
                # In place: who looks for what routing leaves in the scope finds it. And first: a
                # rule that fails must not let a label through.
                scope["headers"] = compiled.strip(headers, request)
            if compiled.entry:
                lane = compiled.blank
                if request or lane is None:
                    request.scope = scope
                    lane, _ = compiled.colour(request, self._engine.dice)
                compiled.coloured[lane].raise_by_one()
            else:
                lane = compiled.inherit(request) if request else compiled.lanes.own
            if self._engine.gates.none:
                return Served(lane)
            scope[KEY] = passage = AsgiPassage(lane, self._fault, scope["headers"], send)
            return passage
        except Exception:  # counted; the request goes through
            fault(self._plane, "asgi")
            return None

    def _renewed(self) -> Compiled:
        # The first request finds no plan here, so that none after it has to ask the door.
        self._door.open()
        self._compiled = Compiled(self._engine.plan, self._plane)
        return self._compiled


class Compiled:
    """One plan, as far as it is asked of ASGI requests."""

    __slots__ = (
        "_known",
        "_plane",
        "blank",
        "colour",
        "coloured",
        "entry",
        "labels",
        "lanes",
        "names",
        "plan",
    )

    def __init__(self, plan: Plan | None, plane: DataPlane) -> None:
        self._plane = plane
        self._known: dict[str, str] = {}
        self.plan = plan
        self.lanes = Lanes(Snapshot()) if plan is None else plan.lanes
        self.entry = self.lanes.entry
        self.colour = colour_of(self.lanes, plane)
        self.coloured = Coloured(plane.counters)
        self.labels = frozenset([BAGGAGE, *self.lanes.key_names])
        if not self.lanes.trusting:
            self.labels |= {CALLER}
        asked = self.labels if plan is None else self.labels.union(asked_headers(plan.snapshot))
        self.names = {name.encode("utf-8", "replace"): name for name in asked}
        self.blank = None if plan is None else self._blank(plan.snapshot)
        """The lane, at an entry, of a request without a header that a rule asks for.

        None where rules ask for other things too, or each request is counted for its own. Most
        requests have no such header.
        """

    def _blank(self, snapshot: Snapshot) -> str | None:
        colourings = snapshot.entry.colourings if snapshot.entry else ()
        sources = {one.source for colouring in colourings for one in colouring.conditions}
        if not sources <= {"header", "cookie"} or self.lanes.observing:
            return None
        try:
            return self.lanes.colour(AsgiRequest(), self._plane.engine.dice)[0]
        except Exception:  # it will fail with a request again, whose labels are gone by then
            return None

    def inherit(self, found: dict[str, str]) -> str:
        """Return the lane of a request that carries labels, or other people's baggage."""
        header = found.get(BAGGAGE, "") if len(found) == 1 else ""
        lane = self._known.get(header)
        if lane is None:
            labels, _ = self._read(found)
            lane = labels.inherit(self._plane)
            # A lane's header is the same on every request; with other people's members in it, it
            # is another each time, and the first few are kept in vain.
            known = header and not labels.invalid and len(header) <= KNOWN_LENGTH
            if known and len(self._known) < KNOWN:
                self._known[header] = lane
        return lane

    def strip(
        self, headers: list[tuple[bytes, bytes]], found: dict[str, str]
    ) -> list[tuple[bytes, bytes]]:
        """Return `headers` without labels, and with every other member of the baggage."""
        labels, theirs = self._read(found)
        if not labels.found and not labels.invalid and CALLER not in found:
            return headers
        kept = [pair for pair in headers if self.names.get(pair[0]) not in self.labels]
        if theirs:
            kept.append((BAGGAGE.encode(), theirs.encode("latin-1")))
        return kept

    def _read(self, found: dict[str, str]) -> tuple[Labels, str]:
        labels = Labels(self.lanes)
        theirs = labels.baggage(found.get(BAGGAGE, ""))
        for name in self.lanes.key_names:
            if name in found:
                labels.plain(name, found[name])
        return labels, theirs


class Coloured(dict[str, Counter]):
    """The counters of coloured requests by lane, each looked for once."""

    def __init__(self, counters: Counters) -> None:
        super().__init__()
        self._counters = counters

    def __missing__(self, lane: str) -> Counter:
        self[lane] = counter = self._counters.counter(COLOURED, lane)
        return counter
