# cython: language_level=3, annotation_typing=False
"""One inbound request on its way through gates: what it has entered, and how its response ended.

A request leaves its gates when its response has ended, once: with the last byte of the body, or
with whatever ends it before, an error, a cancellation, a client that is gone. What the application
does for it afterwards, in background tasks, holds no place.

What every request of an ASGI application comes by is here in one file, in Cython's pure Python
mode: compiled with `passage.pxd` where there is a compiler, else interpreted (ADR 10).
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.ending import GONE, depart, last, part
from fairlead.instruments.facts import CALLER_LENGTH
from fairlead.policy.resource import CALLER, METHODS

if TYPE_CHECKING:
    from fairlead.flow.engine import Engine, Plan
    from fairlead.flow.gate import Entry, Gate
    from fairlead.flow.measuring import Measuring
    from fairlead.flow.overload.protection import Protection
    from fairlead.instruments.asgi_types import Answer, Handle, Message, Receive, Scope, Send
    from fairlead.instruments.limiting import Turnstile
    from fairlead.instruments.note import Note

Pairs = tuple[tuple[Any, Any], ...]
"""Headers and their values, as the interface spells them."""

KEY = "fairlead"
"""In a scope: the request is on its lane already; a mounted application leaves it alone.

It is the request's `AsgiPassage` where rules about the flow of calls are in force.
"""

PREFIX = "fairlead.prefix"
"""In a scope: the paths of the mounts that the request has come through."""

ASKED = "fairlead.asked"
"""In a scope without a passage that is `asked`: a name more may have it laid out anew."""

INCLUDED = "effective_route_context"
"""In FastAPI's part of a scope: the route as the router that includes it has it."""

MOST_KNOWN = 10_000
"""Routes whose gates are at hand."""

_CALLER = CALLER.encode()
_LAST = frozenset(("http.response.pathsend", "websocket.close"))
_PARTS = frozenset(("http.response.zerocopysend", "websocket.http.response.body"))


class Served:
    """A request that this process serves: the lane its work is on, and whether it is over."""

    __slots__ = ("above", "ended", "entrance", "headers", "lane", "trace")

    def __init__(self, lane: str) -> None:
        self.lane = lane
        self.ended, self.entrance = False, ""
        """The resource it came in by, ``""`` where no gate was asked."""
        self.headers: Any = ()
        """What it came with, as far as the trace is to be looked for: pairs in lower case."""
        self.trace: Any = None
        self.above: Any = None
        """What its calls carry on, None for nothing: trace (trace.py), time (inherit.py)."""

    def caller(self) -> str:
        """Return the app that sent it, as far as that is believed; ``""`` for none."""
        return ""

    def end(self) -> None:
        """Say that it is over: work that still runs for it is counted from now on."""
        self.ended = True


class Passage(Served):
    """A request in gates. It is the outcome that breakers with conditions of their own look at."""

    __slots__ = (
        "broken", "count_fault", "door", "entries", "error", "gone", "light", "note", "status",
    )  # fmt: skip

    grpc: int | None = None
    fault: str = ""

    def __init__(self, lane: str, count_fault: Callable[[], None]) -> None:
        """`count_fault` counts a fault of ours."""
        self.begin(lane, count_fault)

    def begin(self, lane: str, count_fault: Callable[[], None]) -> None:
        """Do what `__init__` does, for whoever makes one for each request: a class costs more."""
        self.lane, self.ended, self.entrance = lane, False, ""
        self.headers, self.trace, self.above = (), None, None
        self.entries: tuple[Entry, ...] = ()
        """What has been entered, and is to be left."""
        self.status: int | None = None
        self.error: BaseException | None = None
        """What the application raised, also where it made an answer of it."""
        self.broken = False
        """Whether an error came out of the application."""
        self.gone = False
        """Whether the client is known to have gone, which is nobody's fault."""
        self.light = False
        """Whether no rule waits for its end: it may leave before its last part is sent."""
        self.count_fault = count_fault
        self.note: Note | None = None
        """Its line in the access log, None where there is to be none."""
        self.door: tuple[Protection, float] | None = None
        """What has let it into the process, and when; None where nobody was asked."""

    def come(self, gate: Gate, measuring: Measuring) -> Entry | None:
        """Enter a gate that asks for no facts; return the entry where it does not simply pass."""
        entry = gate.enter()
        if entry.refused is None and entry.simulated is None and not entry.wait:
            entries = self.entries
            self.entries = (*entries, entry) if entries else (entry,)
            self.entrance = gate.resource
            self.light = gate.open
            if self.lane and measuring.on:
                meter = measuring.known.get((gate.resource, self.lane))
                if meter is None:
                    meter = measuring.meter(gate.resource, self.lane)
                self.entries = (*self.entries, meter.enter())
            return None
        return entry

    def take(self, entry: Entry, resource: str) -> None:
        """Keep an entry until the response has ended."""
        self.entries = (*self.entries, entry)
        self.entrance = resource

    def broke(self, error: BaseException) -> None:
        """Say that `error` came out of the application. A cancellation is nobody's fault."""
        self.error = error
        self.broken = isinstance(error, Exception)
        if self.status is None and self.broken:
            self.status = 500  # what the server will say

    def leave(self) -> None:
        """Leave all gates; does nothing the second time."""
        if self.note is not None:
            note, self.note = self.note, None
            note.over(self)
        if self.door is not None:
            depart(self)
        entries = self.entries
        if not entries:
            return
        self.entries = ()
        try:
            status = self.status
            # Most requests have gone well, and are not looked at any closer.
            well = status is not None and status < 400 and not self.broken
            failed = False if well else self.failed()
            for entry in entries:
                entry.exit(failed, self)
        except Exception:  # counted; the response goes on
            self.count_fault()

    def end(self) -> None:
        """End the request, whose response has ended at the latest by now."""
        self.ended = True
        if self.entries or self.note is not None or self.door is not None:
            self.leave()
        self.error = None  # its frames hold what the request had, and this

    def failed(self) -> bool:
        """Tell whether it ended in what HTTP calls an error of the server's."""
        status, error = self.status, self.error
        if error is None or self.gone:
            return not self.gone and status is not None and status >= 500
        if not GONE.isdisjoint([kind.__name__ for kind in type(error).mro()]):
            return False
        return self.broken or (status is not None and status >= 500)


class AsgiPassage(Passage):
    """A request of an ASGI application, which sends and receives through it."""

    __slots__ = ("asked", "out")

    def __init__(self, lane: str, fault: Callable[[], None], headers: Any, out: Send) -> None:
        """`headers` are without what nobody believes; `out` is the server's ``send``."""
        self.begin(lane, fault)
        self.headers, self.out, self.asked = headers, out, False
        """`asked`: the gate of its route has been; what a route hands on to is inside it."""

    def caller(self) -> str:
        """Return the app that sent it, as far as that is believed; ``""`` for none."""
        for name, value in self.headers:
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
        elif kind == "http.response.body" or kind in _PARTS:
            if "more_body" in message and message["more_body"]:  # noqa: RUF019  `get` is a call
                return part(self, self.out, message)
            if self.light:
                self.leave()
                return self.out(message)
            return last(self, self.out, message)
        elif kind in _LAST:
            return last(self, self.out, message)
        return self.out(message)


class Reading:
    """What headers say by one plan."""

    __slots__ = ("ask", "begun", "coloured", "governed", "known", "names", "plan")

    def __init__(self, plan: Plan | None, names: Collection[Any], known: dict[Pairs, str]) -> None:
        """Ask for headers of these `names`."""
        self.plan = plan
        self.names = names
        self.known = known
        """The lane of requests that have these of them."""
        self.ask: Any = None
        """Returns the lane of other requests; they lose what nobody believes."""
        self.coloured: Any = None
        """At an entry the counters of coloured requests, by lane."""
        self.begun: Callable[[Served, Any], None] | None = None
        """Hears of each request, where somebody wants to."""
        self.governed = False
        """Whether requests are passages: whoever rules about the flow of calls, measures or notes
        them needs to know how they end."""


class Arrivals:
    """Puts requests on their lane; one that it fails on goes through as one without a label."""

    __slots__ = ("count_fault", "engine", "reading", "renew")

    def __init__(
        self, engine: Engine, renew: Callable[[], Reading], count_fault: Callable[[], None]
    ) -> None:
        """`renew` returns what is to be read by the plan in force."""
        self.engine = engine
        self.renew = renew
        self.count_fault = count_fault
        self.reading = Reading(None, frozenset(), {})

    def admit(self, scope: Scope, send: Send) -> Served | None:
        """Return the request in `scope`, on its lane; an entry's loses its labels."""
        # Every request comes by here: nothing is done for one that it does not need.
        try:
            reading = self.reading
            if reading.plan is not self.engine.plan:
                reading = self.reading = self.renew()
            headers = scope["headers"]
            if type(headers) is not list:
                headers = scope["headers"] = list(headers)
            names = reading.names
            asked: Pairs = ()
            for pair in headers:
                if pair[0] in names:
                    asked = (*asked, tuple(pair))
            lane = reading.known.get(asked)
            if lane is None:
                lane = reading.ask(scope, asked)
                headers = scope["headers"]
            if reading.coloured is not None:
                reading.coloured[lane].raise_by_one()
            if not reading.governed:
                served = Served(lane)
                served.headers, scope[KEY] = headers, True
            else:
                passage = AsgiPassage.__new__(AsgiPassage)
                passage.begin(lane, self.count_fault)
                passage.headers, passage.out, passage.asked = headers, send, False
                served = scope[KEY] = passage
            if reading.begun is not None:
                reading.begun(served, scope)
            return served
        except Exception:  # counted; the request goes through
            scope[KEY] = True
            self.count_fault()
            return None


class Ways:
    """The routes that are known, by what they are rather than by a path, which others may have."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, dict[str, Gate]]] = {}
        """Each with its gates by method."""

    def gate(self, route: Any, method: str) -> Gate | None:
        """Return the gate of a route for a method, None where it is not known."""
        way = self._known.get(id(route))
        if way is None:
            return None
        gates = way[1]
        return gates.get(method)

    def keep(self, route: Any, method: str, gate: Gate) -> None:
        """Remember a gate; not a stranger's method, nor a browser's question, which passes."""
        if method not in METHODS or method == "OPTIONS":
            return
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known.setdefault(id(route), (route, {}))[1][method] = gate


class Entrance:
    """Where requests enter the gates of a kind of things that a router hands them to."""

    __slots__ = ("_choose", "_fault", "_gates", "_hold", "_measuring", "_plain", "_ways")

    def __init__(
        self,
        turnstile: Turnstile,
        choose: Callable[[Any, Scope], Gate | None],
        hold: Callable[[Gate, Entry | None, Scope], Answer | None],
        plain: bool,  # noqa: FBT001
    ) -> None:
        """`choose` returns the gate of a request.

        Where it is `plain` the things are routes, and the gate follows from route and method. What
        does not simply pass is `hold`'s, which returns what answers it, None where it passes after
        all.
        """
        self._gates = turnstile.engine.gates
        self._measuring = turnstile.engine.measuring
        self._ways = Ways()
        self._fault = turnstile.fault
        self._choose = choose
        self._hold = hold
        self._plain = plain

    def around(self, original: Handle) -> Handle:
        """Return what stands for `original`, by which one of the things answers a request."""
        gates = self._gates

        # Every request comes by here, some twice.
        def handle(route: Any, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            if gates.idle:
                return original(route, scope, receive, send)
            answer = self.enter(route, scope)
            if answer is None:
                return original(route, scope, receive, send)
            return answer(partial(original, route, scope), receive, send)

        return handle

    def enter(self, route: Any, scope: Scope) -> Answer | None:
        """Enter the gate of a request that `route` is about to be handed; None where it passes."""
        # Every request comes by here: nothing is done for one that it does not need.
        gate = found = passage = None
        try:
            known = scope if type(scope) is dict else dict(scope)
            mine = known.get(KEY)
            if type(mine) is AsgiPassage:
                passage = mine
            if ASKED in known or (passage is not None and passage.asked):
                return None
            if self._plain and known["type"] == "http" and PREFIX not in known:
                fastapi = known.get("fastapi")
                found = route if fastapi is None else _included(route, fastapi)
                gate = self._ways.gate(found, known["method"])
            if gate is None:
                gate = self._choose(route, scope)
                if gate is None:
                    return None
                if found is not None:
                    self._ways.keep(found, scope["method"], gate)
            elif passage is None:
                scope[ASKED] = True
            else:
                passage.asked = True
            if passage is None or gate.curious:
                return self._hold(gate, None, scope)
            entry = passage.come(gate, self._measuring)
            return None if entry is None else self._hold(gate, entry, scope)
        except Exception:  # counted; the request goes through
            self._fault()
            return None


def _included(route: Any, fastapi: Any) -> Any:
    """Return `route` as the router that includes it has it, with its path there."""
    included = fastapi.get(INCLUDED)
    return included if included is not None and included.original_route is route else route
