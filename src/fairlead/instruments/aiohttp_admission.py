"""Requests that aiohttp serves: which lane they are on, and what rules ask about them.

A request ends when the task that aiohttp handles it in does, which is after the last byte of its
response.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments import aiohttp_passage, reading
from fairlead.instruments.aiohttp_passage import joined
from fairlead.instruments.inbound import Labels, fault, form_of
from fairlead.instruments.outbound import BAGGAGE
from fairlead.instruments.reading import Spell, begun_by
from fairlead.policy.parts import cookie_value, query_value, trace_id
from fairlead.policy.resource import CALLER

if TYPE_CHECKING:
    from fairlead.instruments.inbound import Door
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.passage import Pairs, Reading
    from fairlead.instruments.propagate import Origin


class AiohttpRequest:
    """A request as a RequestView."""

    __slots__ = ("_headers", "_request")

    def __init__(self, request: Any, headers: Any) -> None:
        """`headers` are those that it came with."""
        self._request, self._headers = request, headers

    def header(self, name: str) -> str | None:
        """Value of a header, repeated ones joined."""
        return joined(self._headers, name)

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
        return joined(self._request.headers, name)

    def query(self) -> str:
        """The query string."""
        return str(self._request.rel_url.raw_query_string)

    def peer(self) -> str | None:
        """Address of the direct peer; a Unix socket's is empty."""
        return self._request.remote or None


class Admission:
    """What requests come in by; it reads headers by the plan."""

    __slots__ = ("_door", "_form", "_plane", "_spell", "admit")

    def __init__(self, plane: DataPlane, door: Door, where: str, spell: Spell) -> None:
        """Count faults as `where`; `spell` makes a name one that headers need not fold."""
        self._plane, self._door, self._spell = plane, door, spell
        self._form = form_of(plane)
        count_fault = partial(fault, plane, where)
        form = form_of(plane, aiohttp_passage)
        arrivals = form.Arrivals(plane.engine, self._renewed, count_fault, spell)
        self.admit: Callable[[Any], Origin] = arrivals.admit

    def _renewed(self) -> Reading:
        # The first request finds no plan here, so that none after it has to ask the door.
        self._door.open()
        compiled = Compiled(self._plane.engine.plan, self._plane, self._spell)
        reading = compiled.reading(self._form, tuple, compiled.lane)
        reading.begun = begun_by(self._plane, lambda request: request.method, _header)
        return reading


class Compiled(reading.Compiled):
    """One plan, as far as it is asked of requests of aiohttp."""

    def lane(self, request: Any, asked: Pairs) -> str:
        """Return the lane of a request with these headers; it loses labels nobody believes."""
        labels, came = None, request.headers
        if any(name in self.labels for name, _ in asked):
            # Taken away before a rule sees them as they came: one that fails must let none through.
            labels = self._labels(request, asked)
        if self.lanes.entry:
            return self.colour(AiohttpRequest(request, came), self.plane.engine.dice)[0]
        if labels is None:
            return self.lanes.own
        lane = labels.inherit(self.plane)
        self.keep(asked, lane, valid=not labels.invalid)
        return lane

    def _labels(self, request: Any, asked: Pairs) -> Labels:
        found = {self.names[name]: value for name, value in asked}
        labels, theirs = self.read(found)
        if not self.lanes.trusting and (labels.found or labels.invalid or CALLER in found):
            _take_away(request, self.labels, theirs)
        return labels


def _take_away(request: Any, names: frozenset[str], theirs: str) -> None:
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


def _lower(name: bytes) -> str:
    return name.decode("latin-1").lower()


def _header(request: Any, name: str) -> str | None:
    value: str | None = request.headers.get(name)
    return value
