"""Who is watched, and how often each process is to report because of it.

A process reports every ten seconds, and every second while somebody looks at its app, as long as no
more than LIVELY do: then less often, or as without a watcher where it is a whole namespace that is
looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from fairlead.control.clocks import Clocks
from fairlead.control.nodes import Node, Nodes
from fairlead.control.telemetry.memory import App
from fairlead.protocols.watch.codec import Telemetry, telemetry_line

OFTEN, SELDOM = 1.0, 10.0
"""Seconds between two reports of a process."""

LIVELY = 200
"""Reports a second that watching may cause."""

LINGER = 30.0
"""Seconds for which an app stays watched: who looks at another page and comes back finds no gap."""

TAPPED = 48
"""Requests a second that the processes of what is tapped tell one by one, together."""

ALL = ""
"""In the place of an app: every app of a namespace."""


class Watching:
    """The apps that are watched. Belongs to one event loop."""

    def __init__(self, nodes: Nodes, clocks: Clocks, wanted: Callable[[], Telemetry]) -> None:
        """Tell `nodes`; `wanted` says what is to be measured besides."""
        self._nodes, self._clocks, self._wanted = nodes, clocks, wanted
        self._open: Counter[App] = Counter()
        self._until: dict[App, float] = {}
        self._taps: Counter[App] = Counter()

    @contextmanager
    def watch(
        self, namespaces: Iterator[str] | list[str], app: str = ALL, *, tap: bool = False
    ) -> Iterator[None]:
        """Watch an app, or all apps of some namespaces, for the length of the block.

        With `tap` some of their requests are told one by one as well.
        """
        keys = [(namespace, app) for namespace in namespaces]
        taps = Counter(keys if tap else ())
        self._open.update(keys)
        self._taps += taps
        self.refresh()
        try:
            yield
        finally:
            end = self._clocks.elapsed() + LINGER
            for key in keys:
                self._open[key] -= 1
                self._until[key] = end
            self._open += Counter()
            self._taps -= taps
            self.refresh()

    def watched(self) -> frozenset[App]:
        """Return what is watched; with ALL in the place of the app every app of a namespace."""
        now = self._clocks.elapsed()
        self._until = {key: end for key, end in self._until.items() if end > now}
        return frozenset(self._open) | frozenset(self._until)

    def greet(self, node: Node) -> None:
        """Tell a process that has just connected how often it is to report."""
        self._tell(node, self._periods(), self._tapped())

    def refresh(self) -> None:
        """Tell every process for which something is different; to be called each second."""
        periods, tapped = self._periods(), self._tapped()
        for node in self._nodes.all():
            if node.connected:
                self._tell(node, periods, tapped)

    def _tell(self, node: Node, periods: dict[App, float], tapped: dict[str, int]) -> None:
        every = periods.get((node.wanted.namespace, node.wanted.app), SELDOM)
        tap = tapped.get(node.id, 0)
        line = telemetry_line(replace(self._wanted(), every=every, tap=tap))
        if line != node.measures:
            node.measures = line
            node.outbox.say(line)

    def _tapped(self) -> dict[str, int]:
        """Return how many requests a second each process tells; of a great many, some tell none."""
        if not self._taps:
            return {}
        there = [
            node.id
            for node in self._nodes.all()
            if (node.wanted.namespace, node.wanted.app) in self._taps
            or (node.wanted.namespace, ALL) in self._taps
        ]
        each = max(1, TAPPED // max(1, len(there)))
        return dict.fromkeys(sorted(there)[:TAPPED], each)

    def _periods(self) -> dict[App, float]:
        """Return the seconds between reports of each app that is watched."""
        watched = self.watched()
        if not watched:
            return {}
        there = Counter((n.wanted.namespace, n.wanted.app) for n in self._nodes.all())
        named = [key for key in there if key in watched]
        reports = sum(there[key] for key in named)
        every = max(OFTEN, round(2 * reports / LIVELY) / 2)
        found = dict.fromkeys(named, every)
        room = LIVELY - reports
        for key in sorted(there):
            if key not in found and (key[0], ALL) in watched and there[key] <= room:
                room -= there[key]
                found[key] = OFTEN
        return found
