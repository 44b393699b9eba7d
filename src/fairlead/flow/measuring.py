"""What is measured beside gates: requests by lane, calls by edge, statements, what was shed."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from fairlead.flow import edges
from fairlead.flow.edges import REST
from fairlead.flow.form import chosen
from fairlead.flow.sendings import Sendings

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlead.flow.edges import Edges
    from fairlead.flow.gate import Gate
    from fairlead.flow.gates import Gates

MOST_LANES = 64
"""Lanes that are told apart: a request may name any."""

MOST_METERS = 1024
"""Pairs of a resource and a lane that are."""


class Measuring:
    """One for each process."""

    __slots__ = (
        *("_drops", "_gates", "_lanes", "_reads", "drop", "edges", "known", "on", "sendings"),
        "shed",
    )

    def __init__(self, gates: Gates) -> None:
        self._gates = gates
        self.on = False
        """Whether calls are measured that no rule is about."""
        self.shed = False
        """Whether they are not for now, to spare the application: it is counted how many."""
        form = chosen(edges, pure=bool(gates.interpreted))[0]
        self.edges: Edges = form.Edges()
        self.sendings = Sendings(form.Edge)
        self.known: dict[tuple[str, str], Gate] = {}
        """Meters by resource and lane, for whoever asks on each call; `meter` makes them."""
        self._lanes: set[str] = set()
        self._drops, self._reads = count(), count(1)
        # Called on requests: a method around it would cost as much again.
        self.drop: Callable[[], object] = self._drops.__next__
        """Count a call that is not measured."""

    def begin_again(self) -> None:
        """Count from nothing, in a forked process."""
        for meter in self.known.values():
            self._gates.restart(meter)  # somebody may be inside, whose end is his own affair
        on, shed, sendings = self.on, self.shed, self.sendings
        self.__init__(self._gates)  # type: ignore[misc]
        self.on, self.shed, self.sendings = on, shed, sendings
        sendings.begin_again()

    def meter(self, resource: str, lane: str) -> Gate:
        """Return what counts calls of `resource` on a lane: a gate at which nothing is refused."""
        meter = self.known.get((resource, lane))
        return self._made(resource, lane) if meter is None else meter

    def reject(self, resource: str, lane: str, *, simulated: bool) -> None:
        """Count a call on a lane that was turned away, or would have been."""
        if self.on and lane:
            meter = self.meter(resource, lane)
            meter.rejected += not simulated
            meter.simulated += simulated

    def meters(self) -> list[tuple[str, str, Gate]]:
        """Return all of them by resource and lane."""
        return [(*key, meter) for key, meter in list(self.known.items())]

    def dropped(self) -> int:
        """Return how many calls were not measured. Only one thread at a time may ask."""
        return next(self._drops) + 1 - next(self._reads)  # asking takes a number too

    def _made(self, resource: str, lane: str) -> Gate:
        if lane not in self._lanes and len(self._lanes) >= MOST_LANES:
            lane = REST
        if len(self.known) >= MOST_METERS:
            resource = REST
        self._lanes.add(lane)
        return self.known.setdefault((resource, lane), self._gates.meter(resource))
