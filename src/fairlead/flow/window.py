"""At most so many calls in any window: a bookmark in what a gate counts.

`base` is the gate's count at the beginning of what still counts, so that ``count - base`` calls are
in the window, and nothing has to be added when one passes. A small threshold is counted to date, by
the times that the gate remembers. A large one is counted in buckets: the current one and all those
that a window ending now can reach into count in full, so that no window holds more than the
threshold; of 64 buckets a steady stream finds at least 98 % of it. With `buckets` it is counted as
Sentinel counts, where the oldest bucket leaves when the current one begins.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from math import floor
from typing import Any, NamedTuple

from fairlead.flow.log import NEVER, UNKNOWN
from fairlead.policy import limit
from fairlead.policy.rule import Rule

LOG = 128
"""Largest threshold that is counted to date, by as many times of admission."""

BUCKETS = 64
MS = 1_000_000


class Size(NamedTuple):
    """What a window's threshold and length come to; one for all gates of a rule. Times are ns."""

    most: int
    """The highest limit."""
    length: int
    step: int
    """Length of a bucket; 0 for a window that is counted to date."""
    keep: int
    """Buckets that count beside the current one."""
    far: int
    """How far ahead of now a call that was let in may begin, and a window's length more."""


NONE = Size(0, 0, 0, 0, 0)


class Window:
    """One window of one rule at one gate; `shape` (flow/shape.py) moves its limit."""

    __slots__ = ("base", "edge", "limit", "marks", "rule", "shape", "size", "start")

    def __init__(self, rule: Rule, window: limit.Window, count: int, shape: Any = None) -> None:
        """Begin at `count`, with nothing used. Memory is made when the first call comes."""
        self.base = count
        self.marks: array[int] | None = None
        """Of each bucket in which calls came, the oldest first: its start, and the count then."""
        self.start = UNKNOWN
        """Of the current bucket; counted to date, of the calls that the gate's log does not reach.
        """
        self.size = NONE
        self.tune(rule, window, shape)

    def tune(self, rule: Rule, window: limit.Window, shape: Any = None) -> bool:
        """Count by another threshold; say whether the length is another too."""
        before = self.size
        most = window.threshold if shape is None else shape.most
        borrow = getattr(rule, "borrow_ms", 0)
        self.size = size = _size(most, window.window_ms, window.buckets, borrow)
        self.rule, self.limit, self.shape = rule, size.most, shape
        self.edge = 0
        if before[1:4] == size[1:4] or not (before.step or size.step):
            return False
        self.marks = None
        self.start = UNKNOWN
        return True

    lends = False

    def move(self, by: int) -> None:
        """Go on in the counts of another gate, which are so many more."""
        self.base += by
        for i in range(1, len(self.marks or ()), 2):
            self.marks[i] += by  # type: ignore[index]
        if self.shape is not None:
            self.shape.move(by)

    @property
    def logs(self) -> int:
        """How many times of admission the gate has to remember for it."""
        return 0 if self.size.step else max(1, self.size.most)

    def roll(self, count: int, log: Any, now: int) -> None:
        """Bring `base`, `limit` and `edge` up to `now`."""
        if self.size.step:
            past = now - self.start
            if past >= self.size.step or past < -self.size.length or self.marks is None:
                self._turn(count, now)
            self.edge = self.start + self.size.step
        else:
            self._follow(count, log, now)
            self.edge = NEVER
        if self.shape is not None:
            self.limit = self.shape.limit(count, now)
            self.edge = min(self.edge, self.shape.due)

    def _turn(self, count: int, now: int) -> None:
        """Begin the bucket of `now`; a clock that went back a whole window begins all anew."""
        start = now - now % self.size.step
        if self.marks is None:  # what was used before counts as if it were now
            self.marks = array("q", (start, self.base))
        elif start < self.start:
            self.marks = array("q", (start, count))
        else:
            forget(self.marks, start - self.size.keep * self.size.step, 2)
            self.marks.extend((start, count))
        self.start, self.base = start, self.marks[1]

    def _follow(self, count: int, log: Any, now: int) -> None:
        if self.base == count:
            return
        span, old = len(log), now - self.size.length
        if log[(count - 1) % span] > now + self.size.far:
            self.base = count  # the clock went back further than a window is long
            return
        if not old < self.start <= now + self.size.far:
            self.start = UNKNOWN
            self.base = max(self.base, count - span)
        base, known = self.base, self.start == UNKNOWN
        while base < count and log[base % span] <= old:
            if not known and self._came(base, count, log) > old:
                break
            base += 1
        self.base = base

    def frees(self, count: int, log: Any) -> int:
        """Return when there may be room again, at the latest of what is known."""
        if not self.size.step:
            return self._came(self.base, count, log) + self.size.length
        marks = self.marks or array("q")
        later = (i for i in range(3, len(marks), 2) if marks[i] > self.base)
        last = marks[next(later, len(marks) + 1) - 3] if marks else self.start
        return last + (self.size.keep + 1) * self.size.step

    def _came(self, i: int, count: int, log: Any) -> int:
        """Return when admission `i` came, NEVER of one that has not yet."""
        if i >= count:
            return NEVER
        came: int = log[i % len(log)] if i >= count - len(log) else UNKNOWN
        return self.start if came == UNKNOWN else came

    def used(self, count: int, log: Any, now: int) -> int:
        """Return how many calls are in the window that ends `now`."""
        self.roll(count, log, now)
        return count - self.base


def forget(marks: array[int], before: int, width: int) -> None:
    """Leave out marks, of so many numbers each, of buckets that began `before`."""
    old = 0
    while old < len(marks) and marks[old] < before:
        old += width
    del marks[:old]


@lru_cache(4096)
def _size(threshold: float, window_ms: int, buckets: int, borrow_ms: int) -> Size:
    most, length, keep = floor(threshold), window_ms * MS, buckets - 1
    if not buckets and most > LOG:
        buckets = keep = BUCKETS
    step = -(-length // buckets) if buckets else 0
    return Size(most, length, step, keep, length + borrow_ms * MS)


class Watched(Window):
    """A window that limits nothing where it is: another resource reads it."""

    __slots__ = ()

    def roll(self, count: int, log: Any, now: int) -> None:
        """Move as any window, but have room for everything."""
        super().roll(count, log, now)
        self.limit = limit.MOST_THRESHOLD**2


class Lending(Window):
    """A window of which a call that must not be rejected may take what comes to be free.

    What is lent is passed, and counts from when its call begins: until then the marks stand higher
    by it.
    """

    __slots__ = ("lent",)

    lends = True

    def __init__(self, rule: Rule, window: limit.Window, count: int, shape: Any = None) -> None:
        """Begin with nothing lent."""
        self.lent: list[tuple[int, int]] = []
        """When the bucket begins in which so many count."""
        super().__init__(rule, window, count, shape)

    def loan(self, n: int, count: int, log: Any) -> int:
        """Return when `n` calls find room, or NEVER; after `roll`."""
        need = count - self.base + n - self.limit
        if not self.size.step:
            came = self._came(self.base + need - 1, count, log)
            return came + self.size.length if n <= self.limit else NEVER
        marks = self.marks or array("q")
        for ahead in range(1, self.size.keep + 2):
            begins = self.start + ahead * self.size.step
            owed = sum([calls for due, calls in self.lent if due <= begins])
            oldest = begins - self.size.keep * self.size.step
            counting = (marks[i + 1] for i in range(0, len(marks), 2) if marks[i] >= oldest)
            base = next(counting, count)
            if count - base + owed + n <= self.limit:
                return begins
        return NEVER

    def lend(self, n: int, count: int, begins: int) -> None:
        """Make room for `n` calls that count in the bucket that begins then."""
        need = count - self.base + n - self.limit
        if not self.size.step:
            self.base += need
        elif self.marks is not None:
            self._raise(need)
            self.lent = sorted([*self.lent, (begins, need)])

    def roll(self, count: int, log: Any, now: int) -> None:
        """Count what was lent in the bucket that it was promised."""
        while self.lent and self.lent[0][0] <= now:
            begins, n = self.lent.pop(0)
            super().roll(count, log, begins)
            self._raise(-n)
        super().roll(count, log, now)

    def _raise(self, n: int) -> None:
        if self.marks is not None:
            for i in range(1, len(self.marks), 2):
                self.marks[i] += n
            self.base += n
