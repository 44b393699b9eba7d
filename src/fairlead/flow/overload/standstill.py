"""A queue inside the process for something that is not the processor: a pool of connections.

It is seen from completions alone. Where requests stand in a queue, response times grow and no more
end than before. Where a callee has become slow, none end at first, and then as many as before. It
may be taken for a queue all the same; then fewer end as fewer are let in, which they do not where
there is a queue. Whoever asks holds a lock; times are seconds.
"""

from __future__ import annotations

from itertools import accumulate
from math import sqrt
from typing import NamedTuple

GROWN, FLAT = 1.5, 1.15
"""From the first half of a time to the second: how much longer requests take at least, and how many
more end at most."""
STEEP = 0.08
"""Seconds by which response times grow in a second at least: a twelfth more comes than goes."""
SIGNS, CHANCE = 1.5, 2.5
"""How certain both have to be, in standard deviations: that response times differ, and that more
has come than chance brings. The second is not asked for where more end than ever and take twice as
long as they should."""
POINTS, LINE = 5, 5.0
"""Windows that a line takes at least, and its slope in standard errors."""
LEAST, LONGEST, MEANS = 0.2, 3.0, 2.0
"""How long it takes to know, in seconds; and from when on the older half of a time is let go: in
seconds, and in mean response times."""
LOST, SETTLED = 0.7, 3.0
"""Of those that ended a second, the part that still has to end when fewer are let in; asked after
so many mean response times."""
MANY, FADES = 100.0, 0.998
"""Requests that a rate is a mean of, and what is left of the best one after a window."""
SMOOTH = 0.2
CALM = 1.0
"""Seconds without one slow window, or one rejection, after which there is no queue any more."""


class Span(NamedTuple):
    """Windows: their seconds, the requests that ended, and their mean response time."""

    passed: float
    ended: int
    mean: float

    @property
    def rate(self) -> float:
        """Requests that ended in a second."""
        return self.ended / self.passed


class Standstill:
    """Whether requests wait for each other though the processor has time."""

    __slots__ = ("_best", "_calm", "_mean", "_rate", "_since", "_slow", "_usual", "on")

    def __init__(self) -> None:
        self.on = False
        self._slow: list[Span] = []
        """Windows since they became slow."""
        self._usual = 0.0
        """Requests that end in a second, of windows that are not."""
        self._calm = self._since = self._mean = self._rate = self._best = 0.0

    def settle(self, window: Span, should: float, rate: float, *, rejected: bool) -> float | None:
        """Take a window in, and the mean that it should have at most.

        `rate` are the requests that end in a second, smoothed. Returns the response time that is
        usual now, where it was no queue; otherwise None.
        """
        slow = window.mean > should
        if self.on:
            return self._look(window, calm=not slow and not rejected, rejected=rejected)
        if not slow:
            self._slow.clear()
            self._usual += SMOOTH * (window.rate - self._usual)
            return None
        self._slow.append(window)
        if self._stands(should):
            self.on, self._slow = True, []
            self._calm = self._since = 0.0
            self._mean, self._rate, self._best = window.mean, rate, rate
        return None

    def _stands(self, should: float) -> bool:
        total = sum(window.passed for window in self._slow)
        if total < LEAST or len(self._slow) < 2:
            return False
        first, then = _halves(self._slow, total / 2)
        if then.ended and then.rate <= FLAT * first.rate:
            if _rises(self._slow):
                return True
            more = (then.mean - first.mean) * then.rate
            if _grown(first, then, total / 2) and more > 0:
                certain = more >= CHANCE * sqrt(then.ended + more)
                if certain or (then.rate >= self._usual and then.mean >= 2 * should):
                    return True
        if total >= max(LONGEST, MEANS * then.mean):
            self._slow = self._slow[len(self._slow) // 2 :]
        return False

    def _look(self, window: Span, *, calm: bool, rejected: bool) -> float | None:
        self._calm = self._calm + window.passed if calm else 0.0
        self._since += window.passed
        self._mean += SMOOTH * (window.mean - self._mean)
        part = window.ended / (window.ended + MANY)
        self._rate += part * (window.rate - self._rate)
        self._best = max(self._best * FADES, self._rate)
        settled = self._since >= SETTLED * self._mean
        fewer = settled and rejected and self._rate < LOST * self._best
        self.on = not fewer and self._calm < CALM
        return self._mean if fewer else None


def _grown(first: Span, then: Span, half: float) -> bool:
    """Tell whether requests took much longer."""
    longer = then.mean - first.mean
    chance = sqrt(first.mean**2 / first.ended + then.mean**2 / then.ended)
    least = max(STEEP * half, (GROWN - 1) * first.mean, SIGNS * chance)
    return longer >= least


def _rises(windows: list[Span]) -> bool:
    """Tell whether response times lie on a line that rises, by least squares."""
    number = len(windows)
    if number < POINTS:
        return False
    ends = list(accumulate(window.passed for window in windows))
    middle = sum(ends) / number
    level = sum(window.mean for window in windows) / number
    points = [
        (end - middle, window.mean - level) for end, window in zip(ends, windows, strict=True)
    ]
    spread = sum(x * x for x, _ in points)
    slope = sum(x * y for x, y in points) / spread
    off = sum((y - slope * x) ** 2 for x, y in points)
    return slope >= max(STEEP, LINE * sqrt(off / (number - 2) / spread))


def _halves(windows: list[Span], half: float) -> tuple[Span, Span]:
    """Return two spans in place of many: what began in the first `half`, and the rest."""
    at, number = 0.0, 0
    for number, window in enumerate(windows):  # noqa: B007
        if at >= half:
            break
        at += window.passed
    else:
        number = len(windows) - 1
    return _together(windows[:number]), _together(windows[number:])


def _together(windows: list[Span]) -> Span:
    ended = sum(window.ended for window in windows)
    took = sum(window.ended * window.mean for window in windows)
    return Span(sum(window.passed for window in windows), ended, took / (ended or 1))
