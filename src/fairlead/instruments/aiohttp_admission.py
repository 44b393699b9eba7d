"""Requests that aiohttp serves: which lane they are on, and what rules ask about them.

A request ends when the task that aiohttp handles it in does, which is after the last byte of its
response.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from fairlead.instruments.facts import CALLER_LENGTH
from fairlead.instruments.inbound import Colour, Labels, colour_of, fault
from fairlead.instruments.outbound import BAGGAGE
from fairlead.instruments.passage import Passage, Served
from fairlead.policy.parts import cookie_value, query_value, trace_id
from fairlead.policy.resource import CALLER
from fairlead.policy.trace import PARENT, STATE
from fairlead.telemetry.names import COLOURED

if TYPE_CHECKING:
    from fairlead.flow.engine import Plan
    from fairlead.flow.lane import Lanes
    from fairlead.instruments.inbound import Door
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.propagate import Origin

KEY = "fairlead"
"""In what a request keeps for its application, and its clones with it: its `AiohttpPassage`."""


class AiohttpPassage(Passage):
    """A request of aiohttp's server."""

    __slots__ = ("light", "shown")

    def __init__(self, lane: str, count_fault: Callable[[], None], shown: Any) -> None:
        """`shown` are its headers, without what nobody believes."""
        super().__init__(lane, count_fault)
        self.shown = shown
        self.light = False
        """Whether no rule waits for its end: it leaves before its last byte is sent."""

    def caller(self) -> str:
        """Return the app that sent it, as far as that is believed; ``""`` for none."""
        sender: str = self.shown.get(CALLER, "")
        return sender if len(sender) <= CALLER_LENGTH else ""


class AiohttpRequest:
    """A request as a RequestView."""

    __slots__ = ("_headers", "_request")

    def __init__(self, request: Any, headers: Any) -> None:
        """`headers` are those that it came with."""
        self._request, self._headers = request, headers

    def header(self, name: str) -> str | None:
        """Value of a header, repeated ones joined."""
        return _joined(self._headers, name)

    def query(self, name: str) -> str | None:
        """First value of a query parameter, decoded."""
        return query_value(self._request.rel_url.raw_query_string, name)

    def cookie(self, name: str) -> str | None:
        """First value of a cookie."""
        return cookie_value(self.header("cookie"), name)

    def path(self) -> str | None:
        """Decoded path."""
        return str(self._request.path)

    def method(self) -> str | None:
        """Method, upper case."""
        return str(self._request.method).upper()

    def source_ip(self) -> str | None:
        """Address of the direct peer; a Unix socket's is empty."""
        return self._request.remote or None

    def trace(self) -> str | None:
        """Trace id, as `policy.parts.trace_id` finds it."""
        return trace_id(self.header)


class AiohttpRaw:
    """A request as facts are read from it."""

    __slots__ = ("_request",)

    def __init__(self, request: Any) -> None:
        self._request = request

    def header(self, name: str) -> str | None:
        """Value of a header, repeated ones joined."""
        return _joined(self._request.headers, name)

    def query(self) -> str:
        """The query string."""
        return str(self._request.rel_url.raw_query_string)

    def peer(self) -> str | None:
        """Address of the direct peer; a Unix socket's is empty."""
        return self._request.remote or None


class Compiled(NamedTuple):
    """One plan's lanes, as far as they are asked of requests."""

    plan: Plan
    lanes: Lanes
    names: tuple[str, ...]
    """Headers that a label may be in, and those that nobody is believed."""
    colour: Colour


class Arrivals:
    """Puts requests on their lane; one that it fails on goes through as one without a label."""

    __slots__ = ("_compiled", "_door", "_engine", "_fault", "_plane")

    def __init__(self, plane: DataPlane, door: Door, where: str) -> None:
        """Count faults as `where`."""
        self._plane, self._door = plane, door
        self._engine = plane.engine
        self._fault = partial(fault, plane, where)
        self._compiled: Compiled | None = None

    def admit(self, request: Any) -> Origin:
        """Return the request on its lane; an entry's loses its labels.

        It is a passage where somebody rules about the flow of calls, or measures them.
        """
        # Every request comes by here: nothing is done for one that it does not need.
        try:
            engine, observing, headers = self._engine, self._plane.observing, request.headers
            compiled = self._compiled
            if compiled is None or compiled.plan is not engine.plan:
                compiled = self._renewed()
            lane = "" if compiled.lanes.entry else compiled.lanes.own
            for name in compiled.names:
                if name in headers:
                    lane = self._labelled(request, compiled)
                    headers = request.headers
                    break
            else:
                if compiled.lanes.entry:
                    lane = self._coloured(request, headers, compiled)
            served: Served
            if engine.gates.idle:
                served = Served(lane)
                if engine.measuring.shed:
                    engine.measuring.drop()
            else:
                served = request._state[KEY] = AiohttpPassage(lane, self._fault, headers)
            if PARENT in headers:
                served.headers = _traced(headers)
            if observing.wants_requests:
                observing.begun(served, request.method)
            return served
        except Exception:  # counted; the request goes through
            self._fault()
            return None

    def _labelled(self, request: Any, compiled: Compiled) -> str:
        came = request.headers
        # Taken away before a rule sees them as they came: one that fails must not let any through.
        labels = _labels(request, compiled)
        if compiled.lanes.entry:
            return self._coloured(request, came, compiled)
        return labels.inherit(self._plane)

    def _coloured(self, request: Any, came: Any, compiled: Compiled) -> str:
        lane, _ = compiled.colour(AiohttpRequest(request, came), self._engine.dice)
        self._plane.counters.count(COLOURED, lane)
        return lane

    def _renewed(self) -> Compiled:
        # The first request finds no plan here, so that none after it has to ask the door.
        self._door.open()
        plan = self._engine.plan
        lanes = plan.lanes
        asked = {BAGGAGE, *lanes.key_names, *(() if lanes.trusting else (CALLER,))}
        compiled = Compiled(plan, lanes, tuple(asked), colour_of(lanes, self._plane))
        self._compiled = compiled
        return compiled


def _labels(request: Any, compiled: Compiled) -> Labels:
    lanes, headers = compiled.lanes, request.headers
    labels = Labels(lanes)
    theirs = labels.baggage(_joined(headers, BAGGAGE) or "")
    for name in lanes.key_names:
        if name in headers:
            labels.plain(name, _joined(headers, name) or "")
    if not lanes.trusting and (labels.found or labels.invalid or CALLER in headers):
        _take_away(request, compiled.names, theirs)
    return labels


def _take_away(request: Any, names: tuple[str, ...], theirs: str) -> None:
    """Leave a request without headers of these names, and with other people's baggage."""
    message, headers = request._message, request.headers.copy()
    for name in names:
        headers.popall(name, None)
    raw = [(key, value) for key, value in message.raw_headers if _lower(key) not in names]
    if theirs:
        headers.add(BAGGAGE, theirs)
        raw.append((BAGGAGE.encode(), theirs.encode("utf-8", "surrogateescape")))
    shown = type(request.headers)(headers)
    request._message = message._replace(headers=shown, raw_headers=tuple(raw))
    request._headers = shown
    for name in ("headers", "raw_headers"):  # kept from when they were asked for
        request._cache.pop(name, None)


def _traced(headers: Any) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that a trace is looked for in, as they are in a scope."""
    found = ((name, _joined(headers, name) or "") for name in (PARENT, STATE))
    return tuple((name.encode(), value.encode("latin-1", "replace")) for name, value in found)


def _lower(name: bytes) -> str:
    return name.decode("latin-1").lower()


def _joined(headers: Any, name: str) -> str | None:
    """Return the value of a header, repeated ones joined as RFC 9110 and 6265 say."""
    values = headers.getall(name, None)
    return None if values is None else (";" if name == "cookie" else ",").join(values)
