"""Thresholds that move: by how warm a resource is, or by the memory in use.

Warm-up is Guava's and Sentinel's: a store of tokens fills while less passes than a cold resource
lets pass, and the fuller it is, the less may pass. It is looked at once a second, or once a window
if that is longer. Where Sentinel divides by nothing or rounds to
nothing, this does not: the store is deeper than its warning line by at least one token, what may
pass lies between the cold and the full rate, and one call of a window always may, or a store would
never drain.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor, inf, nextafter
from typing import Protocol

from fairlead.policy.limit import MemoryScale, WarmUp

SECOND = 1_000_000_000
SAMPLE = 150_000_000
"""How long a reading of the memory holds, in nanoseconds."""

Memory = Callable[[], int]
"""Returns the bytes that the process uses."""


class Shape(Protocol):
    """What moves the limit of a window."""

    most: int
    """The highest limit."""
    due: int
    """When the limit may be another one."""

    def limit(self, count: int, now: int) -> int:
        """Return the limit at `now`, when `count` calls have passed in all."""
        ...

    def follow(self, before: Shape | None) -> None:
        """Go on from the state of what was in force before."""

    def move(self, by: int) -> None:
        """Go on where so many calls more have passed in all."""


class WarmUpShape:
    """A threshold that begins at ``threshold / cold_factor``; `rate` is per second."""

    __slots__ = (
        "cold", "due", "idle", "mark", "max", "most", "rate", "slope", "stored", "tick", "turn",
        "warning", "window",
    )  # fmt: skip

    def __init__(self, threshold: float, window_ms: int, warm_up: WarmUp) -> None:
        self.window = window_ms / 1000
        self.most = floor(threshold)
        self.rate = threshold / self.window
        self.cold = warm_up.cold_factor
        tokens = warm_up.period_ms / 1000 * self.rate
        self.warning = floor(floor(tokens) / (self.cold - 1))
        self.max = max(self.warning + 1, self.warning + floor(2 * tokens / (1 + self.cold)))
        depth = self.max - self.warning
        self.slope = (self.cold - 1) / self.rate / depth if self.rate else inf
        self.tick = max(SECOND, window_ms * 1_000_000)
        self.idle = max(1, floor(threshold / self.cold)) * (self.tick / SECOND / self.window)
        """With fewer calls in a tick, it cools."""
        self.stored = 0.0
        self.turn: int | None = None
        """Which tick it is."""
        self.mark = 0
        """What had passed when it began."""
        self.due = 0

    def follow(self, before: Shape | None) -> None:
        """Go on as warm as it was."""
        if isinstance(before, WarmUpShape) and before.turn is not None:
            share = before.stored / before.max
            self.stored, self.mark = share * self.max, before.mark
            self.turn = before.turn * before.tick // self.tick

    def move(self, by: int) -> None:
        """See `Shape`."""
        self.mark += by

    def limit(self, count: int, now: int) -> int:
        """Return how many calls of a window may pass."""
        lowest = min(self.most, 1)
        return min(self.most, max(lowest, floor(self.allowed(count, now) * self.window + 1e-9)))

    def allowed(self, count: int, now: int) -> float:
        """Return how many calls may pass in a second."""
        self._sync(count, now // self.tick)
        self.due = (now // self.tick + 1) * self.tick
        if self.stored < self.warning or not self.rate:
            return self.rate
        above = (self.stored - self.warning) * self.slope
        found = nextafter(1 / (above + 1 / self.rate), inf)
        return min(self.rate, max(self.rate / self.cold, found))

    def _sync(self, count: int, turn: int) -> None:
        before, self.turn = self.turn, turn
        if before is None:
            self.stored, self.mark = self.max, count
        elif turn > before:
            passed = count - self.mark if turn == before + 1 else 0
            if self.stored <= self.warning or passed < self.idle:
                tokens = (turn - before) * self.tick / SECOND * self.rate
                self.stored = min(self.max, self.stored + tokens)
            self.stored = max(0.0, self.stored - passed)
            self.mark = count
        elif turn < before:  # the clock went back
            self.mark = count


class MemoryShape:
    """A threshold that falls as memory fills."""

    __slots__ = ("due", "memory", "most", "scale")

    def __init__(self, scale: MemoryScale, memory: Memory) -> None:
        self.scale, self.memory = scale, memory
        self.most = floor(max(scale.low_threshold, scale.high_threshold))
        self.due = 0

    def follow(self, before: Shape | None) -> None:
        """Keep nothing: memory is read again."""

    def move(self, by: int) -> None:
        """Count nothing."""

    def limit(self, count: int, now: int) -> int:
        """Return how many calls of a window may pass."""
        del count
        self.due = now + SAMPLE
        scale = self.scale
        full = (self.memory() - scale.low_bytes) / (scale.high_bytes - scale.low_bytes)
        share = min(1.0, max(0.0, full))
        moved = share * (scale.high_threshold - scale.low_threshold)
        return floor(scale.low_threshold + moved + 1e-9)
