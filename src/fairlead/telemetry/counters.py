"""Counters that many threads may raise and one reads.

Plain integers under the interpreter lock would lose counts on free-threaded builds, and a lock per
count costs more than the count; `itertools.count` is atomic on every build.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final

Key = tuple[str, str]

MOST = 1000
"""Counters that are kept apart. Some labels are the network's words: they must neither fill the
memory nor make a report so long that the control plane refuses it."""

OTHERS = "*"
"""The label, which is no lane's name, that events beyond MOST are counted under."""


class Counter:
    """A number that only grows."""

    __slots__ = ("_next", "_reads", "raise_by_one")

    def __init__(self) -> None:
        self._next = count()
        self._reads: Final = count(1)
        # Called on every request: a method would cost as much again as the count.
        self.raise_by_one: Final[Callable[[], object]] = self._next.__next__
        """Count one event."""

    def value(self) -> int:
        """Return the events counted so far. Only one thread at a time may ask."""
        # Asking takes a number too: as many as there were questions are not events.
        return next(self._next) + 1 - next(self._reads)


class Counters:
    """Counters by name and label value, made when first raised."""

    def __init__(self) -> None:
        self._counters: dict[Key, Counter] = {}

    def count(self, name: str, label: str = "") -> None:
        """Count one event of `name`, told apart by `label`."""
        self.counter(name, label).raise_by_one()

    def counter(self, name: str, label: str = "") -> Counter:
        """Return the counter itself, for whoever counts on every request."""
        counter = self._counters.get((name, label))
        if counter is None:
            if len(self._counters) >= MOST:
                label = OTHERS
            counter = self._counters.setdefault((name, label), Counter())
        return counter

    def read(self) -> dict[str, dict[str, int]]:
        """Return every count by name and label."""
        result: dict[str, dict[str, int]] = {}
        for (name, label), counter in sorted(self._counters.items()):
            result.setdefault(name, {})[label] = counter.value()
        return result
