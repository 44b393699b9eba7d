"""What one plan asks of the headers of inbound requests, however an interface spells them.

What every request comes by (`passage.py` and what is built on it) picks out the headers that
somebody asks for, and looks up their lane. Here is what it does not know yet, once for each plan or
label, and what is done with each request where somebody wants to hear of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fairlead.instruments.inbound import Labels, colour_of
from fairlead.instruments.outbound import BAGGAGE
from fairlead.instruments.request import AsgiRequest, asked_headers
from fairlead.policy.resource import CALLER
from fairlead.telemetry.counters import Counter, Counters
from fairlead.telemetry.names import COLOURED

if TYPE_CHECKING:
    from fairlead.flow.engine import Plan
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.passage import Pairs, Reading

KNOWN, KNOWN_LENGTH = 256, 128
"""How many baggage headers a plan remembers the lane of, and how long they may be."""

Spell = Callable[[str], Any]
"""Spells the name of a header, in lower case, as an interface does."""


class Compiled:
    """One plan, as far as it is asked of requests of one interface."""

    def __init__(self, plan: Plan, plane: DataPlane, spell: Spell) -> None:
        self.plane, self.plan, self.lanes = plane, plan, plan.lanes
        self.colour = colour_of(self.lanes, plane)
        labels = {BAGGAGE, *self.lanes.key_names, *(() if self.lanes.trusting else (CALLER,))}
        self.labels = frozenset(spell(name) for name in labels)
        """Headers that a label may be in, and those that nobody is believed."""
        self.names = {spell(name): name for name in (*labels, *asked_headers(plan.snapshot))}
        """All headers that are asked for."""
        self.baggage = spell(BAGGAGE)
        self.known: dict[Pairs, str] = {}
        """The lane of requests with these headers: those without one, which are most, and hops
        whose label is all that they are asked for."""
        blank = self._blank()
        if blank is not None:
            self.known[()] = blank

    def reading(self, form: ModuleType, names: Callable[[Any], Any], ask: Any) -> Reading:
        """Return what requests are read by: `names` makes what they are asked for.

        `ask` returns the lane of those that are not known, and takes away what nobody believes.
        """
        reading: Reading = form.Reading(self.plan, names(self.names), self.known)
        reading.ask = ask
        reading.coloured = Coloured(self.plane.counters) if self.lanes.entry else None
        # Read after the plan, which is swapped when its rules are in force.
        reading.governed = not self.plane.engine.gates.idle or self.plane.engine.overload.on
        return reading

    def keep(self, asked: Pairs, lane: str, *, valid: bool) -> None:
        """Remember the lane of a label that is `valid`, where it is all that was asked for."""
        # A lane's header is the same on every request; with other people's members in it, it is
        # another each time, and the first few are kept in vain.
        alone = len(asked) == 1 and asked[0][0] == self.baggage and self.lanes.trusting
        if alone and valid and len(asked[0][1]) <= KNOWN_LENGTH and len(self.known) < KNOWN:
            self.known[asked] = lane

    def read(self, found: dict[str, str]) -> tuple[Labels, str]:
        """Return the labels among headers, by their names, and other people's baggage."""
        labels = Labels(self.lanes)
        theirs = labels.baggage(found.get(BAGGAGE, ""))
        for name in self.lanes.key_names:
            if name in found:
                labels.plain(name, found[name])
        return labels, theirs

    def _blank(self) -> str | None:
        """Return the lane of a request without a header that is asked for.

        None where the rules of an entry ask for other things too, or each request is counted for
        its own.
        """
        if not self.lanes.entry:
            return self.lanes.own
        entry = self.plan.snapshot.entry
        colourings = entry.colourings if entry else ()
        sources = {one.source for colouring in colourings for one in colouring.conditions}
        if not sources <= {"header", "cookie"} or self.lanes.observing:
            return None
        try:
            return self.lanes.colour(AsgiRequest(), self.plane.engine.dice)[0]
        except Exception:  # it will fail with a request again, whose labels are gone by then
            return None


class Coloured(dict[str, Counter]):
    """The counters of coloured requests by lane, each looked for once."""

    def __init__(self, counters: Counters) -> None:
        super().__init__()
        self._counters = counters

    def __missing__(self, lane: str) -> Counter:
        self[lane] = counter = self._counters.counter(COLOURED, lane)
        return counter


def begun_by(
    plane: DataPlane,
    method_of: Callable[[Any], str],
    header_of: Callable[[Any, str], str | None],
) -> Callable[[Any, Any], None] | None:
    """Return what hears of each request, None where nobody wants to.

    `header_of` returns a header by its name in lower case.
    """
    engine, observing = plane.engine, plane.observing
    shed = engine.measuring.shed and engine.gates.idle
    if not shed and not observing.wants_requests:
        return None

    def begun(served: Any, request: Any) -> None:
        if shed:
            engine.measuring.drop()
        observing.begun(served, method_of(request), partial(header_of, request))

    return begun
