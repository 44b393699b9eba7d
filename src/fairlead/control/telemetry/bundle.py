"""Interfaces that are told of together, report after report: all their counts in one integer.

A process tells of the same interfaces nearly every time, and so do the others of its app. Sharing
an integer of some kilobytes out between two slots costs what it does for one interface; the
interfaces' own slots are made of it when somebody looks (`Told.series`).
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from fairlead.control.telemetry.packed import HIGH, LANES, MASK, WIDTH, Packed
from fairlead.policy.buckets import BUCKETS

MOST_ROWS = 256
"""Interfaces of a bundle: of each all buckets are there, be they zero."""

MOST_BUNDLES = 16
"""Of one app. What is told of otherwise is added up row by row."""

SIZE = LANES * WIDTH
"""Bytes of one interface."""

Columns: TypeAlias = Sequence[tuple[Any, ...]]
"""The rows of a report, by field of `InterfaceReport`."""

Shape: TypeAlias = tuple[tuple[str, ...], ...]
"""Names, sides and lanes of the rows of a report, in their order."""

_NO_MORE = tuple((0,) * (BUCKETS - told) for told in range(BUCKETS + 1))
_SWAPPED = sys.byteorder == "big"


class Piece(NamedTuple):
    """What one interface did in one slot."""

    place: int
    """Of its row."""
    slot: int
    packed: Packed


class Bundle:
    """Counts of the rows of one shape, in slots of ten seconds."""

    __slots__ = ("_high", "_mask", "_slots", "rows", "used")

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.used = True
        """Whether something was added since `used` was set to False."""
        self._high, self._mask = _repeated(HIGH, rows), _repeated(MASK, rows)
        self._slots: dict[int, Packed] = {}

    def packed(self, columns: Columns, ms: int) -> Packed:
        """Return the rows of a report of `ms` milliseconds; -1 where a count is none."""
        _, _, _, passed, rejected, simulated, errors, rt, took, _, peaks = columns
        flat: list[int] = []
        rows = zip(passed, rejected, errors, took, peaks, simulated, rt, strict=True)
        for let_in, turned, failed, seconds, peak, would, times in rows:
            flat += (let_in, turned, failed, int(seconds * 1e6), peak * ms, would, 0, 0, 0)
            flat += times
            flat += _NO_MORE[len(times)]
        try:
            counts = array("Q", flat)
        except (TypeError, OverflowError):
            return -1
        if _SWAPPED:
            counts.byteswap()
        packed = int.from_bytes(counts.tobytes(), "little")
        return -1 if packed & self._high else packed

    def add(self, packed: Packed, coarse: Sequence[tuple[int, int]]) -> None:
        """Add a report to the one slot or the two that it touches, each with its parts."""
        slots, (last, _) = self._slots, coarse[-1]
        self.used = True
        if len(coarse) == 2:
            slot, parts = coarse[0]
            piece = packed * parts >> 8 & self._mask
            slots[slot] = slots.get(slot, 0) + piece
            packed -= piece
        slots[last] = slots.get(last, 0) + packed

    def take(self) -> Iterator[Piece]:
        """Yield what was added since the last time, by row and slot."""
        slots, self._slots = self._slots, {}
        for slot, packed in slots.items():
            raw = packed.to_bytes(self.rows * SIZE, "little")
            for place in range(self.rows):
                one = int.from_bytes(raw[place * SIZE : (place + 1) * SIZE], "little")
                if one:
                    yield Piece(place, slot, one)


def _repeated(packed: Packed, rows: int) -> Packed:
    return int.from_bytes(packed.to_bytes(SIZE, "little") * rows, "little")
