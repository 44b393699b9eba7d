"""Which lane an inbound request is on, and under which keys the label travels.

An entry takes the label away and sets it by its own rules; any other app trusts the label; in an
instance that is on a lane, what carries none takes the instance's (contract 7 and 8).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fairlead.flow import baggage
from fairlead.policy.governance import OBSERVE, OFF
from fairlead.policy.lane import DEFAULT_KEY, LEGACY_KEYS, Colouring
from fairlead.policy.match import Dice, Predicate, RequestView, compile_all
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import BASE, lane_name


class Lanes:
    """The lane decisions of one workload, compiled from its snapshot."""

    __slots__ = (
        "_colourings",
        "_keys",
        "_labels",
        "entry",
        "key_names",
        "key_set",
        "observing",
        "own",
        "trusting",
    )

    def __init__(self, snapshot: Snapshot, *, trust: bool = True) -> None:
        """Compile `snapshot`; without `trust` a label that comes in is dropped."""
        self.own = snapshot.workload.lane
        self.entry = snapshot.entry is not None
        self.trusting = trust and not self.entry
        self._keys = {lane.name: lane.key for lane in snapshot.lanes}
        # Every call on a lane writes one of these; what else there is to write is rare.
        self._labels = {lane.name: baggage.join(lane.key, lane.name, "") for lane in snapshot.lanes}
        # Header names and, to be safe, baggage keys are compared without regard to case.
        names = [*self._keys.values(), *LEGACY_KEYS]
        self.key_names = tuple(dict.fromkeys(name.lower() for name in names))
        self.key_set = frozenset(self.key_names)
        self.observing = snapshot.governance == OBSERVE
        """Whether rules only say which lane they would choose."""
        self._colourings = tuple(self._compiled(snapshot))

    def _compiled(self, snapshot: Snapshot) -> Iterator[tuple[str, Colouring, Predicate]]:
        """Yield the lane that each colouring leads to, the colouring, and its conditions."""
        if snapshot.entry is None or snapshot.governance == OFF:
            return
        for colouring in snapshot.entry.colourings:
            lane = self.own if self.observing else colouring.lane
            yield lane, colouring, compile_all(colouring.conditions)

    def key(self, lane: str) -> str:
        """Return the baggage key that `lane` is written under."""
        return self._keys.get(lane, DEFAULT_KEY)

    def inherit(self, labels: Mapping[str, str]) -> str:
        """Return the lane of a request that is not at an entry, from the labels it carries.

        `labels` maps lower-case keys to values, as found in the baggage or, failing that, in plain
        headers. A value that can name no lane is no label.
        """
        if self.trusting and labels:
            for name in self.key_names:
                if name in labels:
                    lane = lane_name(labels[name])
                    if lane is not None:
                        return lane or self.own
        return self.own

    def colour(self, request: RequestView, dice: Dice) -> tuple[str, Colouring | None]:
        """Return the lane of a request at an entry, and the colouring that matched it.

        Where rules are only observed, the lane is the workload's own whatever matched.
        """
        for lane, colouring, matches in self._colourings:
            if matches(request, dice):
                return lane, colouring
        return self.own, None

    def label(self, lane: str, header: str | None) -> str | None:
        """Return the outgoing baggage header for `lane`, given the one the caller wrote."""
        if not header and (lane == BASE or lane in self._labels):
            return self._labels.get(lane)
        theirs = baggage.split(header, self.key_set)[1] if header else ""
        if lane == BASE:
            return theirs or None
        return baggage.join(self.key(lane), lane, theirs)
