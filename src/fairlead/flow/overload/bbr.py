"""BBR: what the process has shown that it can do, once it is busy. Sentinel's and Kratos' forms.

Both hold the requests under way against the best of a window: the most that were completed in one
of its parts, times the least that one took, which by Little's law is how many were under way when
nobody waited.
"""

from __future__ import annotations

from math import floor, inf

from fairlead.flow.overload.strategy import Smoothed


class Buckets:
    """Completions and response times of a window, by its parts."""

    __slots__ = ("_ends", "_length", "_number", "_slots")

    def __init__(self, window: float, number: int) -> None:
        self._length, self._number = window / number, number
        self._slots: list[list[float]] = []
        """Parts that had completions, the oldest first: index, number, sum and least of times."""

    def add(self, now: float, took: float) -> None:
        """Count a completion."""
        index = now // self._length
        slots = self._slots
        if slots and slots[-1][0] == index:
            last = slots[-1]
            last[1] += 1
            last[2] += took
            last[3] = min(last[3], took)
            return
        slots.append([index, 1, took, took])
        self._forget(index)

    def whole(self, now: float, *, current: bool) -> list[list[float]]:
        """Return the parts of the window that ends now, with or without the one that goes on."""
        index = now // self._length
        self._forget(index)
        return [one for one in self._slots if current or one[0] != index]

    def _forget(self, index: float) -> None:
        first = index - self._number
        while self._slots and self._slots[0][0] <= first:
            del self._slots[0]


class SentinelBBR:
    """Sentinel's: the window is a second in two parts, and the least time is that of one request.

    Blocks while busy, and ``inside > 1`` and ``inside > most completed a second * least time``
    (SystemRuleManager.checkBbr). Its gate is the load average; ours is what the rule measures.
    """

    WINDOW, PARTS = 1.0, 2

    def __init__(self, threshold: float) -> None:
        """Begin at a share `threshold` of what the process may use."""
        self._threshold = threshold
        self._recent, self._busy = Smoothed(), False
        self._buckets = Buckets(self.WINDOW, self.PARTS)
        self._room, self._until = inf, -inf

    def sample(self, now: float, busy: float) -> None:
        """Compare."""
        self._busy = self._recent.take(busy) >= self._threshold

    def admits(self, now: float, inside: int, waited: float, spare: float = 0.0) -> bool:
        """Admit while the process is not busy, or no more are under way than it can do."""
        return not self._busy or inside <= 1 or inside <= self._most(now) * (1 - spare)

    def ended(self, now: float, took: float) -> None:
        """Count it."""
        self._buckets.add(now, took)

    def _most(self, now: float) -> float:
        if now >= self._until:  # a hundred times a second is as good as each time
            self._until = now + 0.01
            found = self._buckets.whole(now, current=True)
            most = max((one[1] for one in found), default=0.0) * self.PARTS / self.WINDOW
            least = min((one[3] for one in found), default=0.0)
            self._room = most * least
        return self._room


class KratosBBR:
    """Kratos': ten seconds in a hundred parts without the current one, least mean of a part.

    CPU is smoothed (0.95 of the old value each half second), and once it dropped a request it goes
    on to judge for a second. Drops while ``inside > 1`` and ``inside > floor(most completed in a
    part * least mean * parts a second + 0.5)``.
    """

    WINDOW, PARTS = 10.0, 100
    DECAY, EVERY = 0.95, 0.5
    COOL = 1.0
    LEAST = 0.001
    """Seconds: times are whole milliseconds there, rounded up."""

    def __init__(self, threshold: float) -> None:
        """Begin at a share `threshold` of what the process may use."""
        self._threshold = threshold
        self._cpu, self._heard = 0.0, -inf
        self._buckets = Buckets(self.WINDOW, self.PARTS)
        self._dropped = -inf
        self._room, self._until = inf, -inf

    def sample(self, now: float, busy: float) -> None:
        """Smooth."""
        passed = min(now - self._heard, 60.0) if self._heard > -inf else 0.0
        self._cpu = busy + (self._cpu - busy) * self.DECAY ** (passed / self.EVERY)
        self._heard = now

    def admits(self, now: float, inside: int, waited: float, spare: float = 0.0) -> bool:
        """Admit while the process is not busy, or fewer are under way than it can do."""
        judged = self._cpu >= self._threshold or now - self._dropped <= self.COOL
        if not judged or inside <= 1 or inside <= self._most(now) * (1 - spare):
            return True
        if self._cpu >= self._threshold:
            self._dropped = now
        return False

    def ended(self, now: float, took: float) -> None:
        """Count it."""
        self._buckets.add(now, took)

    def _most(self, now: float) -> float:
        if now >= self._until:
            self._until = now + 0.01
            most, least = self.best(now)
            self._room = floor(most * least * self.PARTS / self.WINDOW + 0.5)
        return self._room

    def best(self, now: float) -> tuple[float, float]:
        """Return the most completions of a part, and the least mean of a part in seconds."""
        found = self._buckets.whole(now, current=False)
        least = min((one[2] / one[1] for one in found), default=self.LEAST)
        return max((one[1] for one in found), default=1.0), max(self.LEAST, least)
