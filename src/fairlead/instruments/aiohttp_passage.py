# cython: language_level=3, annotation_typing=False
"""One request of aiohttp's server: onto its lane, through gates, to the last byte of its response.

What every request comes by is here, in Cython's pure Python mode: compiled with
`aiohttp_passage.pxd` where there is a compiler, else interpreted (ADR 10). Its coroutines are in
`libs/aiohttp_server.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

try:
    import cython
except ImportError:  # what stands for it
    from fairlead.flow.gate import cython  # type: ignore[attr-defined]

from fairlead.instruments.facts import CALLER_LENGTH
from fairlead.instruments.propagate import current
from fairlead.policy.resource import CALLER
from fairlead.policy.trace import PARENT, STATE

if not cython.compiled:
    from fairlead.instruments.passage import Passage, Reading, Served

if TYPE_CHECKING:
    from fairlead.flow.engine import Engine
    from fairlead.flow.gate import Entry, Gate
    from fairlead.instruments.limiting import Turnstile
    from fairlead.instruments.propagate import Origin

Handler = Callable[[Any], Awaitable[Any]]
"""Answers a request."""
Hold = Callable[["Gate", "Entry | None", Any, Handler], Awaitable[Any]]

KEY = "fairlead"
"""In what a request keeps for its application, and its clones with it: its `AiohttpPassage`."""

MOST_KNOWN = 10_000
"""Routes whose gates are at hand."""


class AiohttpPassage(Passage):
    """A request of aiohttp's server."""

    __slots__ = ("shown",)

    def __init__(self, lane: str, count_fault: Callable[[], None], shown: Any) -> None:
        """`shown` are its headers, without what nobody believes."""
        self.begin(lane, count_fault)
        self.shown = shown

    def caller(self) -> str:
        """Return the app that sent it, as far as that is believed; ``""`` for none."""
        sender: str = self.shown.get(CALLER, "")
        return sender if len(sender) <= CALLER_LENGTH else ""


class Arrivals:
    """Puts requests on their lane; one that it fails on goes through as one without a label."""

    __slots__ = ("count_fault", "engine", "parent", "reading", "renew")

    def __init__(
        self,
        engine: Engine,
        renew: Callable[[], Reading],
        count_fault: Callable[[], None],
        spell: Callable[[str], Any],
    ) -> None:
        """`renew` returns what is to be read by the plan in force.

        `spell` makes the name of a header one that headers need not fold.
        """
        self.engine = engine
        self.renew = renew
        self.count_fault = count_fault
        self.parent = spell(PARENT)
        self.reading = Reading(None, (), {})

    def admit(self, request: Any) -> Origin:
        """Return the request on its lane; an entry's loses its labels.

        It is a passage where somebody rules about the flow of calls, or measures them.
        """
        # Every request comes by here: nothing is done for one that it does not need.
        try:
            reading = self.reading
            if reading.plan is not self.engine.plan:
                reading = self.reading = self.renew()
            headers = request.headers
            asked: Any = ()
            for name in reading.names:
                if name in headers:
                    asked = (*asked, (name, joined(headers, name)))
            lane = reading.known.get(asked)
            if lane is None:
                lane = reading.ask(request, asked)
                headers = request.headers
            if reading.coloured is not None:
                reading.coloured[lane].raise_by_one()
            if not reading.governed:
                served = Served(lane)
            else:
                passage = AiohttpPassage.__new__(AiohttpPassage)
                passage.begin(lane, self.count_fault)
                passage.shown = headers
                served = request._state[KEY] = passage
            if self.parent in headers:
                served.headers = _traced(headers)
            if reading.begun is not None:
                reading.begun(served, request)
            return served
        except Exception:  # counted; the request goes through
            self.count_fault()
            return None


def joined(headers: Any, name: str) -> str | None:
    """Return the value of a header, repeated ones joined as RFC 9110 and 6265 say."""
    values = headers.getall(name, None)
    return None if values is None else (";" if name == "cookie" else ",").join(values)


def _traced(headers: Any) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that a trace is looked for in, as they are in a scope."""
    found = [(name, joined(headers, name) or "") for name in (PARENT, STATE)]
    return tuple([(name.encode(), value.encode("latin-1", "replace")) for name, value in found])


class Entrance:
    """Where requests enter the gates of their routes, in a middleware inside all others."""

    __slots__ = ("answered", "choose", "fault", "gates", "hold", "measuring", "ways")

    def __init__(
        self,
        turnstile: Turnstile,
        choose: Callable[[Any], Gate | None],
        hold: Hold,
        answered: Callable[[Any, Any, Handler], Awaitable[Any]],
    ) -> None:
        """`choose` returns the gate of a request whose route is not known.

        What does not simply pass is `hold`'s, which returns what answers it; `answered` has a
        handler answer a request that rules wait for.
        """
        self.gates = turnstile.engine.gates
        self.measuring = turnstile.engine.measuring
        self.ways: dict[Any, Gate] = {}
        """Gates by their routes."""
        self.fault, self.choose, self.hold = turnstile.fault, choose, hold
        self.answered = answered

    def middleware(self, application: Any, *, alone: bool) -> Callable[..., Awaitable[Any]]:
        """Return the middleware of an application; `alone`, if nothing is mounted in it."""
        gates = self.gates

        # An application's own is around those that are mounted in it.
        def middleware(request: Any, handler: Handler) -> Awaitable[Any]:
            if gates.idle or not (alone or request.match_info.apps[-1] is application):
                return handler(request)
            answer = self.enter(request, handler)
            return handler(request) if answer is None else answer

        return middleware

    def enter(self, request: Any, handler: Handler) -> Awaitable[Any] | None:
        """Enter the gate of a request; return what answers it, None where it passes."""
        # Every request comes by here: nothing is done for one that it does not need.
        try:
            gate = self.ways.get(request._match_info.route)
            if gate is None:
                gate = self.choose(request)
                if gate is None:
                    return None
            mine = current()
            if type(mine) is not AiohttpPassage or gate.curious:
                return self.hold(gate, None, request, handler)
            passage: AiohttpPassage = mine
            entry = passage.come(gate, self.measuring)
            if entry is not None:
                return self.hold(gate, entry, request, handler)
            return None if gate.open else self.answered(passage, request, handler)
        except Exception:  # counted; the request goes through
            self.fault()
            return None

    def keep(self, route: Any, gate: Gate) -> None:
        """Remember the gate of a route."""
        if len(self.ways) >= MOST_KNOWN:
            self.ways.clear()
        self.ways[route] = gate


def ending(
    last: Callable[[Any, Awaitable[None]], Awaitable[None]],
) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., Awaitable[None]]]:
    """Return what wraps the end of a response, with whose last byte its request leaves.

    `last` writes that of a request that rules wait for.
    """

    def wrap(original: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        def write_eof(response: Any, data: bytes = b"") -> Awaitable[None]:
            passage = passage_of(response)
            if passage is None or not awaited(passage):
                return original(response, data)
            passage.status = response.status
            if isinstance(response, Exception):  # an answer that was raised
                passage.error = response
            if passage.light:
                passage.leave()
                return original(response, data)
            return last(passage, original(response, data))

        return write_eof

    return wrap


def awaited(passage: AiohttpPassage) -> bool:
    """Tell whether anybody is still to hear how a request ends."""
    return bool(passage.entries) or passage.note is not None or passage.door is not None


def passage_of(response: Any) -> AiohttpPassage | None:
    """Return the request of a response; another one may be writing to it."""
    request = response._req
    passage = None if request is None else request._state.get(KEY)
    return passage if type(passage) is AiohttpPassage else None
