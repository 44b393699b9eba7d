"""A simulated machine under requests that come whether or not it keeps up (discrete events).

Two kinds of servers. `Shared` has threads: C cores are shared evenly by all requests under way,
with mild contention, and a protection sees all of them. `Loop` is an event loop: one request at a
time, first come first served, so that a protection never sees more than one under way and knows
only how long each has waited. In both a rejection costs time of the processor, and a client that
has given up is served all the same, in vain.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf
from random import Random
from typing import Protocol

from fairlead.flow.overload.strategy import Strategy

REJECTION = 40e-6
"""Seconds of a core that a rejection takes."""
PATIENCE = 0.5
"""Seconds after which a client has given up."""
CONTENTION = 0.001
"""Part of a core's speed that each request under way beyond the cores costs."""
EVERY = 0.1
"""Seconds between two samples of how busy it is."""

Service = Callable[[Random], float]
"""Draws the seconds of a core that a request needs."""


@dataclass(frozen=True, slots=True)
class Phase:
    """So many seconds of so many requests a second, on so many cores."""

    seconds: float
    rate: float
    cores: float
    counted: bool
    waits: float = 0.0
    """Seconds, on average, that a request waits for others before it needs a core."""


@dataclass(slots=True)
class Seen:
    """What clients saw of the requests that came in phases that count."""

    offered: int = 0
    rejected: int = 0
    good: int = 0
    """Answered before the client gave up."""
    took: list[float] = field(default_factory=list)
    """Seconds that each admitted request took, PATIENCE at most."""

    def p99(self) -> float:
        """Return the 99th percentile of admitted requests in milliseconds."""
        found = sorted(self.took) or [PATIENCE]
        return found[min(len(found) - 1, int(len(found) * 0.99))] * 1000


class Kind(Protocol):
    """A kind of server."""

    def __call__(
        self, phases: Sequence[Phase], service: Service, strategy: Strategy, random: Random
    ) -> Seen:
        """Serve the requests of `phases`, and return what became of those that count."""
        ...


def arrivals(phases: Sequence[Phase], random: Random) -> Iterator[tuple[float, Phase]]:
    """Yield when requests come, independently of each other, each with its phase."""
    begins = 0.0
    for phase in phases:
        now = begins + random.expovariate(phase.rate)
        while now < begins + phase.seconds:
            yield now, phase
            now += random.expovariate(phase.rate)
        begins += phase.seconds


class Shared:
    """Cores that all requests under way share evenly."""

    def __init__(self, cores: float, strategy: Strategy, seen: Seen) -> None:
        self._cores, self._strategy, self._seen = cores, strategy, seen
        self._now = self._work = 0.0
        """`_work`: seconds that a request has got which has been here from the beginning."""
        self._ends: list[tuple[float, float, bool, bool]] = []
        """By the work at which each ends: when it came, whether it was admitted, is counted."""
        self._waiting: list[tuple[float, float, float, bool]] = []
        """By when others have answered: when it came, what it needs then, whether it is counted."""
        self._inside = 0
        self._used = self._sampled = 0.0

    def run(self, phases: Sequence[Phase], service: Service, random: Random) -> None:
        """Serve the requests of `phases`."""
        for now, phase in arrivals(phases, random):
            self._until(now)
            self._cores = phase.cores
            seen = self._seen if phase.counted else Seen()
            seen.offered += 1
            admitted = self._strategy.admits(now, self._inside, 0.0)
            need = service(random) if admitted else REJECTION
            self._inside += admitted
            seen.rejected += not admitted
            if admitted and phase.waits:
                answered = now + random.expovariate(1 / phase.waits)
                heappush(self._waiting, (answered, now, need, phase.counted))
            else:
                heappush(self._ends, (self._work + need, now, admitted, phase.counted))
        self._until(self._now + 10.0)

    def _until(self, end: float) -> None:
        while self._now < end:
            number = len(self._ends)
            speed = min(1.0, self._cores / number) if number else 0.0
            speed /= 1 + CONTENTION * max(0.0, number - self._cores)
            first = self._now + (self._ends[0][0] - self._work) / speed if number else inf
            sample = self._sampled + EVERY
            answer = self._waiting[0][0] if self._waiting else inf
            now = min(end, first, sample, answer)
            self._work += (now - self._now) * speed
            self._used += (now - self._now) * min(number, self._cores)
            self._now = now
            if now == sample:
                self._strategy.sample(now, self._used / EVERY / self._cores)
                self._used, self._sampled = 0.0, now
            elif now == answer:
                _, came, need, counted = heappop(self._waiting)
                heappush(self._ends, (self._work + need, came, True, counted))
            elif now == first:
                work, came, admitted, counted = heappop(self._ends)
                self._work = work  # exactly, or rounding would let it come again
                if admitted:
                    self._ended(now - came, counted=counted)

    def _ended(self, took: float, *, counted: bool) -> None:
        self._inside -= 1
        self._strategy.ended(self._now, took)
        if counted:
            self._seen.good += took <= PATIENCE
            self._seen.took.append(min(took, PATIENCE))


def shared(phases: Sequence[Phase], service: Service, strategy: Strategy, random: Random) -> Seen:
    """Serve `phases` on cores that all requests under way share."""
    seen = Seen()
    Shared(phases[0].cores, strategy, seen).run(phases, service, random)
    return seen


def loop(phases: Sequence[Phase], service: Service, strategy: Strategy, random: Random) -> Seen:
    """Serve `phases` one request after the other, as an event loop does; a core is its speed."""
    seen, now, used, sampled = Seen(), 0.0, 0.0, EVERY
    waiting: deque[tuple[float, Phase]] = deque()
    coming = arrivals(phases, random)
    following = next(coming, None)
    while waiting or following is not None:
        if not waiting and following is not None:
            now = max(now, following[0])
        while following is not None and following[0] <= now:
            waiting.append(following)
            following = next(coming, None)
        while sampled <= now:
            strategy.sample(sampled, min(1.0, used / EVERY))
            used, sampled = max(0.0, used - EVERY), sampled + EVERY
        came, phase = waiting.popleft()
        counted = seen if phase.counted else Seen()
        counted.offered += 1
        if not strategy.admits(now, 0, now - came):
            counted.rejected += 1
            now, used = now + REJECTION / phase.cores, used + REJECTION / phase.cores
            continue
        need = service(random) / phase.cores
        now, used = now + need, used + need
        strategy.ended(now, need)
        counted.good += now - came <= PATIENCE
        counted.took.append(min(now - came, PATIENCE))
    return seen
