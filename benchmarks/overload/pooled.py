"""A simulated server whose requests wait for one of a few connections to something else.

It has strength to spare: each request takes little of a core, and a query takes its time elsewhere.
What is not admitted would stand in the queue for a connection, which no processor shows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush
from math import inf
from random import Random

from benchmarks.overload.machine import (
    EVERY,
    PATIENCE,
    REJECTION,
    Phase,
    Seen,
    Service,
    arrivals,
)
from fairlead.flow.overload.strategy import Strategy

WORK = 300e-6
"""Seconds of a core that a request needs."""


class Pooled:
    """Connections that are given out in turn; a phase's cores are how many there are.

    A phase's `waits` are times that a query takes longer in it.
    """

    def __init__(self, strategy: Strategy, seen: Seen) -> None:
        self._strategy, self._seen = strategy, seen
        self._waiting: deque[tuple[float, float, bool]] = deque()
        """When each came, how long its query takes, and whether it is counted."""
        self._queries: list[tuple[float, float, bool]] = []
        """By when they end: when its request came, and whether that is counted."""
        self._connections = self._sampled = self._used = 0.0

    def run(self, phases: Sequence[Phase], service: Service, random: Random) -> None:
        """Serve the requests of `phases`."""
        for now, phase in arrivals(phases, random):
            self._connections = phase.cores
            self._until(now)
            seen = self._seen if phase.counted else Seen()
            seen.offered += 1
            inside = len(self._waiting) + len(self._queries)
            if self._strategy.admits(now, inside, 0.0):
                self._used += WORK
                self._waiting.append((now, service(random) * (phase.waits or 1.0), phase.counted))
                self._begin(now)
            else:
                self._used += REJECTION
                seen.rejected += 1
        self._until(inf)

    def _begin(self, now: float) -> None:
        while self._waiting and len(self._queries) < self._connections:
            came, takes, counted = self._waiting.popleft()
            heappush(self._queries, (now + takes, came, counted))

    def _until(self, end: float) -> None:
        while self._queries:
            sample = self._sampled + EVERY
            ended = self._queries[0][0]
            if min(sample, ended) > end:
                return
            if sample < ended:
                self._strategy.sample(sample, self._used / EVERY)
                self._used, self._sampled = 0.0, sample
                continue
            _, came, counted = heappop(self._queries)
            self._strategy.ended(ended, ended - came)
            if counted:
                self._seen.good += ended - came <= PATIENCE
                self._seen.took.append(min(ended - came, PATIENCE))
            self._begin(ended)


def pooled(phases: Sequence[Phase], service: Service, strategy: Strategy, random: Random) -> Seen:
    """Serve `phases` by connections that are given out in turn."""
    seen = Seen()
    Pooled(strategy, seen).run(phases, service, random)
    return seen
