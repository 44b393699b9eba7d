"""How an entry's requests are shared out between lanes, as its agents count them.

Agents send counters that only grow. What is added up here is their growth, so that a process that
starts again from nothing takes nothing away.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping

from fairlead.telemetry.counters import OTHERS
from fairlead.telemetry.names import COLOURED, WOULD_COLOUR

REMEMBERED = 20_000
"""Nodes whose last counters are kept; one that was forgotten counts from nothing again."""

MOST_APPS, MOST_LANES = 10_000, 1_000
"""Apps, and lanes of each, that are counted apart: their names are the network's words."""


class Traffic:
    """Requests by entry app and lane since the control plane started."""

    def __init__(self) -> None:
        self._put = _Tally(COLOURED)
        self._would = _Tally(WOULD_COLOUR)

    def report(
        self, node: str, namespace: str, app: str, counters: Mapping[str, Mapping[str, int]]
    ) -> None:
        """Add what a node has counted since its last report."""
        for tally in (self._put, self._would):
            tally.add(node, (namespace, app), counters)

    def lanes(self, namespace: str, app: str) -> dict[str, int]:
        """Return the requests of an entry app by lane, ``""`` for base."""
        return dict(self._put.totals.get((namespace, app), {}))

    def observed(self, namespace: str, app: str) -> dict[str, int]:
        """Return the requests of an entry that only observed, by the lane of its rules."""
        return dict(self._would.totals.get((namespace, app), {}))

    def apps(self, namespace: str) -> dict[str, dict[str, int]]:
        """Return the requests by lane of every entry app of a namespace."""
        found = sorted(self._put.totals.items())
        return {app: dict(lanes) for (where, app), lanes in found if where == namespace}

    def share(self, namespace: str, app: str, lane: str) -> float | None:
        """Return the part of an entry app's requests that took a lane, None before the first."""
        lanes = self.lanes(namespace, app)
        total = sum(lanes.values())
        return lanes.get(lane, 0) / total if total else None


class _Tally:
    """What one counter has grown by, over all nodes, by app and lane."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last: OrderedDict[str, Mapping[str, int]] = OrderedDict()
        self.totals: OrderedDict[tuple[str, str], dict[str, int]] = OrderedDict()

    def add(
        self, node: str, app: tuple[str, str], counters: Mapping[str, Mapping[str, int]]
    ) -> None:
        """Add what a node has counted for an app since its last report."""
        counted = counters.get(self._name)
        if not counted:
            return
        last = self._last.pop(node, {})
        self._last[node] = counted
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        totals = self.totals.setdefault(app, defaultdict(int))
        self.totals.move_to_end(app)
        if len(self.totals) > MOST_APPS:
            self.totals.popitem(last=False)
        for lane, count in counted.items():
            before = last.get(lane, 0)
            # Less than before: the process began to count again.
            growth = count - before if count >= before else count
            known = lane in totals or len(totals) < MOST_LANES
            totals[lane if known else OTHERS] += growth
