"""Calls from this process to apps, by callee, by the lane that called and by the lane that served.

Counted where a call has ended, gates or none; numbers only grow.
"""

from __future__ import annotations

from _thread import allocate_lock
from bisect import bisect_left
from collections import deque
from typing import NamedTuple

from fairlead.policy.buckets import BOUNDS_NS, BUCKETS
from fairlead.policy.workload import BASE

MOST_EDGES = 512
"""Edges that are told apart: labels come from the network."""

MOST_NOTED = 64
"""Calls that are noted before they are counted: one after the other they cost a third."""

REST = "*"
"""The callee, and the lanes, of all beyond them."""


class Key(NamedTuple):
    """Who was called by whom."""

    to: str
    """Resource that the call is (`policy.resource`)."""
    label: str
    """Lane of the work that called."""
    lane: str
    """Lane of the instance that was called."""


class Edge:
    """What is known of the calls of one kind."""

    __slots__ = ("buckets", "calls", "errors", "fallbacks", "lost", "retries", "rt_ns")

    def __init__(self) -> None:
        self.calls = self.errors = self.fallbacks = self.lost = self.retries = self.rt_ns = 0
        self.buckets = [0] * BUCKETS


Noted = tuple[tuple[str, str, str], int, bool, int]
"""What `Edges.record` is given."""


class Edges:
    """All edges of one process."""

    __slots__ = ("_edges", "_lock", "noted")

    def __init__(self) -> None:
        self._edges: dict[tuple[str, str, str], Edge] = {}
        self._lock = allocate_lock()
        self.noted: deque[Noted] = deque()
        """Calls that are not counted yet; who appends one sees to it that they are few."""

    def count(self) -> None:
        """Count what is noted. Any thread may."""
        noted = self.noted
        while noted:
            try:
                key, rt_ns, failed, retries = noted.popleft()
            except IndexError:  # another thread was faster
                return
            self.record(key, rt_ns, failed=failed, retries=retries)

    def record(
        self, key: tuple[str, str, str], rt_ns: int, *, failed: bool = False, retries: int = 0
    ) -> None:
        """Count a call (callee, label, lane) that took so many nanoseconds, retries included."""
        edge = self._edges.get(key) or self._edge(key)
        with self._lock:
            edge.calls += 1
            edge.rt_ns += rt_ns
            edge.buckets[bisect_left(BOUNDS_NS, rt_ns)] += 1
            if failed:
                edge.errors += 1
            if retries:
                edge.retries += retries
            if key[1] != key[2] and key[2] == BASE:
                edge.fallbacks += 1

    def lose(self, to: str, label: str) -> None:
        """Count a call to an app that was sent without the label that its work has."""
        edge = self._edge((to, label, BASE))
        with self._lock:
            edge.lost += 1

    def read(self) -> list[tuple[Key, Edge]]:
        """Return all of them, as they go on counting."""
        self.count()
        return [(Key(*key), edge) for key, edge in list(self._edges.items())]

    def _edge(self, key: tuple[str, str, str]) -> Edge:
        if key not in self._edges and len(self._edges) >= MOST_EDGES:
            key = (REST, REST if key[1] else BASE, REST if key[2] else BASE)
        return self._edges.setdefault(key, Edge())
