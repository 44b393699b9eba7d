"""ADAPTIVE, our own: no threshold is set by hand.

Two queues have to stay short. The one inside, of requests under way that share the processor, shows
in response times: while the process is busy and the mean of a window is more than it should be, so
many fewer may be under way as Little's law says; otherwise, while the limit is reached, some more.
What it should be is what is usual when nobody waits, and a few times that part of it in which the
request itself needs the processor. So a callee that becomes slow takes no strength away.

A queue inside may also be one for something else: a connection of a pool. No processor shows it,
but response times grow then and completions do not (`Standstill`). A callee that became slow looks
different: completions fail to come, and then come as before. Where it was one all the same, fewer
requests under way take no less time, which makes that time the usual one.

The queue before the gate, in sockets, pools and event loops, shows in how long a request has waited
there: while that queue never becomes empty, who waited longer than a few times the usual response
time is rejected (the controlled delay of CoDel, as servers have it: Maurer, ACM Queue 2015). It was
empty, too, when somebody came after the one before him had been asked: what all of them have waited
for since is a pause, of the collector or of a start, and not a queue.

Every number here was chosen on the training sets of benchmarks/overload.
"""

from __future__ import annotations

from math import inf, sqrt

from fairlead.flow.overload.standstill import Span, Standstill

LOOSE, TIGHT = 4.0, 2.1
"""How long a request may take that shares the processor, in times that it takes alone: while hardly
anybody is rejected, and, above 1 and for a single core, from MANY rejected on. A burst may have a
queue. An overload needs one only so that no core is idle: one that grows as the square root of the
cores (Halfin and Whitt, 1981).
"""
MANY = 0.4
"""Share of requests."""
SPREAD = 1.5
"""How far the number of requests that need the processor at once strays from its mean where most
wait for others, in standard deviations."""
DEEPEST = 0.6
"""Share of the limit that one window leaves at least: its mean may be chance."""
GROWTH = 0.1
SPARE, DECAY = 0.5, 0.98
"""A limit of which less than this share is used falls by and by, or a step of load would meet one
that nobody has tried."""

FULL, SOME = 0.9, 0.4
"""How busy the process is when response times are its own doing; below the second a limit grows as
quickly as it is used."""
MOST = 10_000.0
"""Requests at a time beyond which a limit says nothing."""
AHEAD, ANYWAY = 6.0, 10.0
"""Up to which number under way it may double: in times of what was under way when nobody waited, at
the best rate of late, and so many more. What is beyond may be a queue, or a callee that has become
slower by more than that: a limit that is reached grows more slowly then."""
CREEP = 1.1
"""How much from one sample to the next."""
FADES = 0.95
"""Part of the best rate that is left after a window of less."""
DOUBLINGS = 2
"""How often a limit may double between two samples of a process that is not busy."""
SMOOTH = 0.5
"""Part of a new sample in how busy it is: one alone may be a burst."""

WINDOW, FEWEST, LONGEST = 0.1, 10, 1.0
"""A window lasts so many seconds and so many requests, or the longest time. Where nobody has
found room or ended for as long, one is let in: those inside may never end, and nothing would be
learnt."""
DOWN, UP, RATE = 0.1, 0.02, 0.2
"""Part of a window in what is usual, where it is faster and where it is slower, and in the rate."""

SHORT, LONG = (16.0, 0.02, 0.1), (40.0, 0.1, 0.25)
"""Longest wait while the queue before the gate never becomes empty, and otherwise: in usual
response times, within these seconds."""
STANDS = (60.0, 0.1, 1.0)
"""How long it has not been empty when it counts as one that stands, likewise."""
EMPTY = 0.005
"""Seconds that a request waits at most which found nobody before it; kernels tell it in steps of up
to 4 ms."""


def _within(bounds: tuple[float, float, float], usual: float) -> float:
    times, least, most = bounds
    return min(max(times * usual, least), most)


class Adaptive:
    """Of one process."""

    def __init__(self, cores: float) -> None:
        """`cores` are those that requests can use at once."""
        self._least = max(1.0, cores)
        self._tight = 1 + TIGHT / sqrt(self._least)
        self.limit = self._least
        """Requests that may be under way; at first one for each core, so that none waits."""
        self.usual = 0.0
        """Mean response time, in seconds, when nobody waits for another; 0.0 until it is known."""
        self._work = self._rate = 0.0
        """Seconds of the processor that a request needs, and requests that end in a second."""
        self._doubling = True
        """Until the first window that is slow."""
        self._slow = False
        """Whether the last one was."""
        self._best, self._ahead = 0.0, inf
        self._standstill = Standstill()
        self._busy = self._last = 0.0
        self._doublings = 0
        self._asked = self._moved = self._empty = -inf
        """When one was asked last; let in, or ended; when nobody was before the gate."""
        self._begin(-inf)

    def _begin(self, now: float) -> None:
        self._begins, self._sum = now, 0.0
        self._ended = self._rejected = self._most = 0

    def sample(self, now: float, busy: float) -> None:
        """Hear how busy it is."""
        self._last = busy
        self._busy += SMOOTH * (busy - self._busy)
        idle = max(busy, self._busy) < SOME and not self._standstill.on
        self._doublings = (1 if self._slow else DOUBLINGS) if idle else 0
        if idle and self._slow and self._rejected and self.limit >= self._ahead:
            self.limit *= CREEP

    def admits(self, now: float, inside: int, waited: float, spare: float = 0.0) -> bool:
        """Admit while there is room and the request has not waited for too long."""
        before, self._asked = self._asked, now
        if waited <= EMPTY or now - waited > before:
            self._empty = now
        elif self._too_long(now, waited / (1 - spare)):
            return False
        if inside >= (self.limit * (1 - spare) if spare else self.limit) and self._is_full(
            now, inside, 1 - spare
        ):
            return False
        self._moved = now
        if inside >= self._most:
            self._most = inside + 1
        return True

    def ended(self, now: float, took: float) -> None:
        """Take a request into its window."""
        self._moved = now
        self._sum += took
        self._ended += 1
        passed = now - self._begins
        if passed >= WINDOW and (self._ended >= FEWEST or passed >= LONGEST):
            if passed < inf:
                self._settle(passed)
            self._begin(now)

    def _is_full(self, now: float, inside: int, share: float) -> bool:
        """Count one that finds no room, unless the limit may double for it."""
        if now - self._moved >= LONGEST:
            return False
        if self._doublings and self.limit < self._ahead:
            self._doublings -= 1
            self.limit = min(self.limit * 2, MOST)
            if inside < self.limit * share:
                return False
        self._most = max(self._most, inside)
        self._rejected += 1
        return True

    def _too_long(self, now: float, waited: float) -> bool:
        stood, long = now - self._empty, _within(LONG, self.usual)
        if min(waited, stood) > long:
            return True
        return stood > _within(STANDS, self.usual) and waited > _within(SHORT, self.usual)

    def _settle(self, passed: float) -> None:
        mean = self._sum / self._ended
        self.usual = self.usual or mean
        rejected = self._rejected / (self._rejected + self._ended)
        should = self._should(passed, rejected)
        slow = self._slow = mean > should
        stands = self._standstill
        window = Span(passed, self._ended, mean)
        found = stands.settle(window, should, self._rate, rejected=self._rejected > 0)
        self.usual = found or self.usual
        own = stands.on or self._busy >= FULL or (rejected >= MANY and self._last >= FULL)
        if slow and own:
            tried = min(self.limit, self._most)
            self.limit = max(self._least, tried * DEEPEST, min(tried, should * self._rate))
            if stands.on:
                self._doublings = 0
        elif self._most >= self.limit and not (slow and (self._busy >= SOME or stands.on)):
            doubles = self._doubling and self.limit < self._ahead
            self.limit += self.limit if doubles else max(1.0, GROWTH * self.limit)
        elif self._most < SPARE * self.limit:
            self.limit = max(2 * self._least, self.limit * DECAY)
        self._doubling &= not slow
        self._best = max(self._best * FADES, self._ended / passed)
        self._ahead = AHEAD * self.usual * self._best + ANYWAY
        if mean < self.usual:
            self.usual += DOWN * (mean - self.usual)
        elif self._busy < FULL and not rejected and not stands.on:
            self.usual += UP * (mean - self.usual)

    def _should(self, passed: float, rejected: float) -> float:
        """Return the mean response time that a window of so many seconds should have at most."""
        work = self._last * self._least * passed / self._ended
        self._work += DOWN * (work - self._work) if self._work else work
        self._rate += RATE * (self._ended / passed - self._rate)
        own = min(self.usual, self._work)
        times = LOOSE - (LOOSE - self._tight) * min(1.0, rejected / MANY)
        return self.usual + (times - 1) * own + SPREAD * sqrt((self.usual - own) / self._rate)
