"""What is remembered of each of very many values, in memory that does not grow with them.

A value's state is exact while it is among the recent ones. Of one that is pushed out a single time
is kept, until which it still owes something, in a table of fixed size: in one of two cells that its
hash names, with 16 more bits of the hash. Where both are taken, the debt that ends first is lost.

So with ``d`` debts that are not over yet in ``m`` cells, a debt is lost with a probability of about
``(d / m) ** 2``: 0.1 % where ``d`` is as many as the exact values, 1.6 % at four times as many. It
is lost to one that ends later only, so a value regains no more than the one that took its cell had
used: flooding with values that come once frees none that is used up. And a value is taken for
another one, and owes too much, with a probability of at most ``2 ** -15``.
"""

# ruff: noqa: PLR1730 - a comparison costs a fraction of what a call of min() does
from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Generic, TypeVar

MOST_VALUES = 1_000_000
"""Values of one rule that can be exact at most, whatever is asked for: about 300 MB."""

CELLS_PER_VALUE, MOST_CELLS = 32, 1 << 22
"""Size of the table, 8 bytes each; it is made when the first debt is pushed out."""

TICK = 14
"""A cell tells time in ``2 ** TICK`` ns, and is too late by less than that."""

TAG = 0xFFFF
FAR = (1 << 62) - (1 << 16)

State = TypeVar("State")


class Recent(Generic[State]):
    """States by key: exact for at least the ``most / 2`` keys that were used last.

    Three generations: keys in use move to the youngest; when it is full it becomes the middle one,
    and what was the middle one is taken apart, a key for each that comes. No call pays for many.
    """

    __slots__ = ("_cells", "_half", "_mask", "_middle", "_oldest", "_until", "_young")

    def __init__(self, most: int, until: Callable[[State], int]) -> None:
        """Keep up to `most` states; `until` tells when a state has no more effect, in ns."""
        self._half = max(1, min(most, MOST_VALUES) // 2)
        self._until = until
        self._young: dict[str, State] = {}
        self._middle: dict[str, State] = {}
        self._oldest: dict[str, State] = {}
        self._mask = (1 << (self._half * 2 * CELLS_PER_VALUE - 1).bit_length()) - 1
        self._mask = min(self._mask, MOST_CELLS - 1)
        self._cells: array[int] | None = None

    def __len__(self) -> int:
        return len(self._young) + len(self._middle) + len(self._oldest)

    def items(self) -> Iterator[tuple[str, State]]:
        """Yield all exact states."""
        return chain(self._young.items(), self._middle.items(), self._oldest.items())

    def use(self, key: str, now: int) -> State | None:
        """Return the exact state of `key`, if there is one, and make it one of the youngest."""
        state = self._young.get(key)
        if state is not None:
            return state
        state = self._middle.pop(key, None)
        if state is None:
            state = self._oldest.pop(key, None)
        if state is not None:
            self.put(key, state, now)
        return state

    def owes(self, key: str) -> int:
        """Return until when a key without an exact state still owes something, 0 if nothing."""
        cells = self._cells
        if cells is None:
            return 0
        place, mask = hash(key), self._mask
        one, other = cells[place & mask], cells[(place >> 22) & mask]
        tag = (place >> 44) & TAG
        found = one if one & TAG == tag else 0
        if other & TAG == tag and other > found:
            found = other
        return found >> 16 << TICK

    def put(self, key: str, state: State, now: int) -> None:
        """Remember `state`, and perhaps another one no longer exactly."""
        young = self._young
        if len(young) >= self._half:
            while self._oldest:  # threads without a lock: elsewhere it is empty by now
                self._retire(now)
            self._young, self._middle, self._oldest = self._oldest, young, self._middle
            young = self._young
        young[key] = state
        if self._oldest:
            self._retire(now)

    def _retire(self, now: int) -> None:
        key, state = self._oldest.popitem()
        until = self._until(state)
        if until <= now:
            return
        cells = self._cells
        if cells is None:
            cells = self._cells = array("Q", bytes(8 * self._mask + 8))
        place, mask = hash(key), self._mask
        cell, other, tag = place & mask, (place >> 22) & mask, (place >> 44) & TAG
        if cells[other] < cells[cell] and cells[cell] & TAG != tag:
            cell = other
        # Rounded up: a debt may be too long by a tick, never too short.
        debt = ((min(until, FAR) >> TICK) + 1) << 16 | tag
        if cells[cell] < debt:
            cells[cell] = debt
