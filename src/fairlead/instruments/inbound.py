"""What every server-side hook does with a request: read its labels, choose its lane, keep it.

An entry takes the lane keys away from baggage and headers before the application sees them and sets
the lane by its rules; any other app takes the label it is given (contract 7 and 8). Which header is
where is the translation of `asgi.py` and `wsgi.py`; the decisions are `flow.lane`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Token
from types import ModuleType
from typing import TYPE_CHECKING

from fairlead.flow import baggage
from fairlead.flow.form import chosen
from fairlead.instruments import passage
from fairlead.instruments.propagate import Origin, suspend
from fairlead.policy.workload import lane_name
from fairlead.telemetry.names import AGENT_FAULTS, INVALID_LABELS, WOULD_COLOUR

if TYPE_CHECKING:
    from fairlead.flow.lane import Lanes
    from fairlead.instruments.instrument import DataPlane
    from fairlead.policy.lane import Colouring
    from fairlead.policy.match import Dice, RequestView


class Labels:
    """The lane keys that one request carries, and what it keeps when they are taken away."""

    __slots__ = ("_lanes", "found", "invalid")

    def __init__(self, lanes: Lanes) -> None:
        """Look for the keys of `lanes`."""
        self._lanes = lanes
        self.found: dict[str, str] = {}
        self.invalid = False

    def plain(self, name: str, value: str) -> None:
        """Take in a plain header called like a key, in lower case; baggage goes before it."""
        self.found.setdefault(name, value.strip())

    def baggage(self, header: str) -> str:
        """Take in a baggage header; return it without our members, ``""`` if nothing is left."""
        lower = header.lower()
        for key in self._lanes.key_names:
            if key in lower:
                break
        else:
            return header
        if len(header) > baggage.MAX_BYTES:
            # Longer than anybody must carry it, and long enough to keep a server busy.
            self.invalid = True
            return ""
        ours, theirs = baggage.split(header, self._lanes.key_set)
        self.found |= ours
        return theirs

    def inherit(self, plane: DataPlane) -> str:
        """Return the lane of the request at an app that is no entry; count labels that are none."""
        if not self._lanes.trusting:
            return self._lanes.own
        for value in self.found.values():
            if lane_name(value) is None:
                self.invalid = True
        if self.invalid:
            plane.counters.count(INVALID_LABELS)
        return self._lanes.inherit(self.found)


def finish(served: Origin, token: Token[Origin]) -> None:
    """End the request: work that still runs for it is counted from now on."""
    if served is not None:
        served.end()
    suspend(token)


def fault(plane: DataPlane, where: str) -> None:
    """Count a fault of ours that the application is not to notice."""
    plane.counters.count(AGENT_FAULTS, where)


def form_of(plane: DataPlane, source: ModuleType = passage) -> ModuleType:
    """Return what every request comes by, `passage` or what is built on it, as gates have it.

    It has the form of the gates; what is built on `passage` has the form of that, too.
    """
    pure = bool(plane.engine.gates.interpreted)
    base, _ = chosen(passage, pure=pure)
    return base if source is passage else chosen(source, pure=base is passage)[0]


Colour = Callable[["RequestView", "Dice"], tuple[str, "Colouring | None"]]
"""Chooses the lane of a request at an entry: `flow.lane.Lanes.colour`."""


def colour_of(lanes: Lanes, plane: DataPlane) -> Colour:
    """Return what chooses lanes; where rules are only observed, it counts what they would do."""
    colour = lanes.colour

    def observe(request: RequestView, dice: Dice) -> tuple[str, Colouring | None]:
        lane, colouring = colour(request, dice)
        plane.counters.count(WOULD_COLOUR, lane if colouring is None else colouring.lane)
        return lane, colouring

    return observe if lanes.observing else colour


class Door:
    """The first sign that this process serves requests, for servers that have no hook of their own.

    What was put off until first use is started there too (contract 2 and 20).
    """

    __slots__ = ("_is_open", "_plane", "_where")

    def __init__(self, plane: DataPlane, where: str) -> None:
        """Tell `plane` of a server of kind `where`, once."""
        self._plane = plane
        self._where = where
        self._is_open = False

    def prepare(self) -> None:
        """Wait for the first snapshot as long as contract 20 allows."""
        if not self._plane.ready:
            self._safely(self._plane.ensure_ready)

    def open(self) -> None:
        """Say once that requests are served here, when they can be."""
        if not self._is_open:
            self.prepare()
            self._is_open = True
            self._safely(lambda: self._plane.serving(self._where, None))

    def _safely(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception:  # counted; the application goes on
            fault(self._plane, self._where)
