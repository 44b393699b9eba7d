"""Requests of ASGI applications: which lane they are on, and that it ends with them.

A request ends when the application's ``__call__`` returns, which is after the last byte of a
streamed body and after background tasks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.ending import watching
from fairlead.instruments.inbound import Door, Labels, colour_of, fault, form_of
from fairlead.instruments.outbound import BAGGAGE
from fairlead.instruments.passage import KEY, Message, Pairs, Receive, Scope, Send
from fairlead.instruments.propagate import Origin, back, resume
from fairlead.instruments.request import AsgiRequest, asked_headers
from fairlead.policy.resource import CALLER
from fairlead.telemetry.counters import Counter, Counters
from fairlead.telemetry.names import COLOURED

if TYPE_CHECKING:
    from fairlead.flow.engine import Plan
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.passage import Reading

Admit = Callable[[Scope, Send], Origin]
App = Callable[[Any, Scope, Receive, Send], Awaitable[None]]
"""The ``__call__`` of an application's class."""

REQUESTS = frozenset({"http", "websocket"})

KNOWN, KNOWN_LENGTH = 256, 128
"""How many baggage headers a plan remembers the lane of, and how long they may be."""

_BAGGAGE = BAGGAGE.encode()


def governed(plane: DataPlane) -> Callable[[App], App]:
    """Return what wraps an application class's ``__call__``."""
    gate = Gate(plane)
    admit, passing = gate.admit, gate.form.AsgiPassage

    def wrap(original: App) -> App:
        async def call(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
            if KEY in scope or scope["type"] not in REQUESTS:
                await original(self, scope, receive, gate.apart(scope, send))
                return
            served = admit(scope, send)
            passage: Any = None
            if type(served) is passing:
                passage = served
                send = passage.send
                if scope["type"] != "http":
                    receive = watching(passage, receive)
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
                # Servers keep a scope with what sends for it: it would hold itself.
                scope[KEY] = True
                try:  # noqa: SIM105  what `suspend` does, without a call around it
                    back(token)
                except ValueError:
                    pass

        return call

    return wrap


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
        compiled = Compiled(self._plane.engine.plan, self._plane)
        reading: Reading = self.form.Reading(compiled.plan, compiled.names, compiled.known)
        reading.ask = compiled.lane
        reading.coloured = compiled.coloured
        # Read after the plan, which is swapped when its rules are in force.
        engine = self._plane.engine
        reading.governed = not engine.gates.idle
        reading.begun = self._begun()
        return reading

    def _begun(self) -> Callable[[Any, Scope], None] | None:
        """Return what hears of each request, None where nobody wants to."""
        engine, observing = self._plane.engine, self._plane.observing
        shed = engine.measuring.shed and engine.gates.idle
        if not shed and not observing.wants_requests:
            return None

        def begun(served: Any, scope: Scope) -> None:
            if shed:
                engine.measuring.drop()
            observing.begun(served, scope.get("method", "GET"))

        return begun


class Compiled:
    """One plan, as far as it is asked of ASGI requests."""

    __slots__ = ("_colour", "_labels", "_lanes", "_names", "_plane", "coloured", "known", "plan")

    def __init__(self, plan: Plan, plane: DataPlane) -> None:
        self._plane = plane
        self.plan = plan
        self._lanes = plan.lanes
        self._colour = colour_of(self._lanes, plane)
        self.coloured = Coloured(plane.counters) if self._lanes.entry else None
        self._labels = frozenset([BAGGAGE, *self._lanes.key_names])
        if not self._lanes.trusting:
            self._labels |= {CALLER}
        asked = self._labels.union(asked_headers(plan.snapshot))
        self._names = {name.encode("utf-8", "replace"): name for name in asked}
        self.known: dict[Pairs, str] = {}
        """The lane of requests with these headers: those without one, which are most, and hops
        whose label is all that they are asked for."""
        blank = self._blank(plan)
        if blank is not None:
            self.known[()] = blank

    @property
    def names(self) -> frozenset[bytes]:
        """The headers that are asked for."""
        return frozenset(self._names)

    def _blank(self, plan: Plan) -> str | None:
        """Return the lane of a request without a header that is asked for.

        None where the rules of an entry ask for other things too, or each request is counted for
        its own.
        """
        if not self._lanes.entry:
            return self._lanes.own
        entry = plan.snapshot.entry
        colourings = entry.colourings if entry else ()
        sources = {one.source for colouring in colourings for one in colouring.conditions}
        if not sources <= {"header", "cookie"} or self._lanes.observing:
            return None
        try:
            return self._lanes.colour(AsgiRequest(), self._plane.engine.dice)[0]
        except Exception:  # it will fail with a request again, whose labels are gone by then
            return None

    def lane(self, scope: Scope, asked: Pairs) -> str:
        """Return the lane of a request with these headers; it loses labels nobody believes."""
        request = AsgiRequest()
        for name, value in asked:
            request.add(self._names[name], value)
        if not self._lanes.trusting and not self._labels.isdisjoint(request):
            # In place: who looks for what routing leaves in the scope finds it. And first: a
            # rule that fails must not let a label through.
            scope["headers"] = self._stripped(scope["headers"], request)
        if self._lanes.entry:
            request.scope = scope
            return self._colour(request, self._plane.engine.dice)[0]
        labels, _ = self._read(request)
        lane = labels.inherit(self._plane)
        # A lane's header is the same on every request; with other people's members in it, it is
        # another each time, and the first few are kept in vain.
        alone = len(asked) == 1 and asked[0][0] == _BAGGAGE and self._lanes.trusting
        known = alone and not labels.invalid and len(asked[0][1]) <= KNOWN_LENGTH
        if known and len(self.known) < KNOWN:
            self.known[asked] = lane
        return lane

    def _stripped(
        self, headers: list[tuple[bytes, bytes]], found: dict[str, str]
    ) -> list[tuple[bytes, bytes]]:
        """Return `headers` without labels, and with every other member of the baggage."""
        labels, theirs = self._read(found)
        if not labels.found and not labels.invalid and CALLER not in found:
            return headers
        kept = [pair for pair in headers if self._names.get(pair[0]) not in self._labels]
        if theirs:
            kept.append((_BAGGAGE, theirs.encode("latin-1")))
        return kept

    def _read(self, found: dict[str, str]) -> tuple[Labels, str]:
        labels = Labels(self._lanes)
        theirs = labels.baggage(found.get(BAGGAGE, ""))
        for name in self._lanes.key_names:
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
