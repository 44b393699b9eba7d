"""How an entry's requests are shared out between lanes, as its agents count them.

Agents send counters that only grow. What is added up here is their growth, so that a process that
starts again from nothing takes nothing away.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping

from fairlead.telemetry.names import COLOURED

REMEMBERED = 20_000
"""Nodes whose last counters are kept; one that was forgotten counts from nothing again."""


class Traffic:
    """Requests by entry app and lane since the control plane started."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, Mapping[str, int]] = OrderedDict()
        self._totals: dict[tuple[str, str], dict[str, int]] = {}

    def report(
        self, node: str, namespace: str, app: str, counters: Mapping[str, Mapping[str, int]]
    ) -> None:
        """Add what a node has counted since its last report."""
        counted = counters.get(COLOURED)
        if not counted:
            return
        last = self._last.pop(node, {})
        self._last[node] = counted
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        totals = self._totals.setdefault((namespace, app), defaultdict(int))
        for lane, count in counted.items():
            before = last.get(lane, 0)
            # Less than before: the process began to count again.
            totals[lane] += count - before if count >= before else count

    def lanes(self, namespace: str, app: str) -> dict[str, int]:
        """Return the requests of an entry app by lane, ``""`` for base."""
        return dict(self._totals.get((namespace, app), {}))

    def apps(self, namespace: str) -> dict[str, dict[str, int]]:
        """Return the requests by lane of every entry app of a namespace."""
        found = sorted(self._totals.items())
        return {app: dict(lanes) for (where, app), lanes in found if where == namespace}

    def share(self, namespace: str, app: str, lane: str) -> float | None:
        """Return the part of an entry app's requests that took a lane, None before the first."""
        lanes = self.lanes(namespace, app)
        total = sum(lanes.values())
        return lanes.get(lane, 0) / total if total else None
