# cython: language_level=3, boundscheck=False, wraparound=False, annotation_typing=False
"""Calls from this process to apps, by callee, by the lane that called and by the lane that served.

Counted where a call has ended, gates or none; numbers only grow. Compiled as the gate is
(`gate.py`), with the types of `edges.pxd`.
"""

from __future__ import annotations

from _thread import allocate_lock
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

try:
    import cython
except ImportError:  # what stands for it
    from fairlead.flow.interpreted import cython

from fairlead.flow.gate import BOUNDS
from fairlead.policy.buckets import BOUNDS_NS, BUCKETS
from fairlead.policy.workload import BASE

if TYPE_CHECKING:
    from fairlead.flow.call import Call

MOST_EDGES = 512
"""Edges that are told apart: labels come from the network."""

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

    __slots__ = (
        *("buckets", "calls", "errors", "fallbacks", "falls", "lock", "lost", "retries", "rt_ns"),
    )

    def __init__(self, label: str, lane: str) -> None:
        self.calls = self.errors = self.fallbacks = self.lost = self.retries = self.rt_ns = 0
        self.falls = label != lane and lane == BASE
        """Whether base serves calls of a lane here."""
        self.lock = allocate_lock()
        zeros = [0] * BUCKETS
        self.buckets: Any = array("q", zeros) if cython.compiled else zeros

    def count(self, rt_ns: int, failed: bool, attempts: int) -> None:  # noqa: FBT001
        """Count a call that took so many nanoseconds, all its attempts together."""
        # Nothing comes between where it is compiled: no Python code runs.
        if not cython.compiled:
            self.lock.acquire()
        self.calls += 1
        self.rt_ns += rt_ns
        if cython.compiled:
            add(self.buckets, place(BOUNDS, rt_ns))  # type: ignore[name-defined]  # noqa: F821
        else:
            self.buckets[bisect_left(BOUNDS_NS, rt_ns)] += 1
        self.errors += failed
        if attempts > 1:
            self.retries += attempts - 1
        self.fallbacks += self.falls
        if not cython.compiled:
            self.lock.release()


class Edges:
    """All edges of one process."""

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: dict[tuple[str, str, str], Edge] = {}

    def answered(self, call: Call, now: int, failed: bool) -> None:  # noqa: FBT001
        """Count a call that an endpoint has answered, at `now` on the monotonic clock."""
        key = (call.resource, call.lane, call.endpoint.lane)  # type: ignore[union-attr]
        edge = self.known.get(key)
        if edge is None:
            edge = self.edge(key)
        edge.count(now - call.began, failed, call.attempts)

    def record(
        self, key: tuple[str, str, str], rt_ns: int, *, failed: bool = False, retries: int = 0
    ) -> None:
        """Count a call (callee, label, lane) that took so many nanoseconds, retries included."""
        self.edge(key).count(rt_ns, failed, retries + 1)

    def lose(self, to: str, label: str) -> None:
        """Count a call to an app that was sent without the label that its work has."""
        edge = self.edge((to, label, BASE))
        with edge.lock:
            edge.lost += 1

    def read(self) -> list[tuple[Key, Edge]]:
        """Return all of them, as they go on counting."""
        return [(Key(*key), edge) for key, edge in list(self.known.items())]

    def edge(self, key: tuple[str, str, str]) -> Edge:
        """Return the edge of calls of one kind, which others share when there are many."""
        if key not in self.known and len(self.known) >= MOST_EDGES:
            key = (REST, REST if key[1] else BASE, REST if key[2] else BASE)
        edge = self.known.get(key)
        return self.known.setdefault(key, Edge(key[1], key[2])) if edge is None else edge
