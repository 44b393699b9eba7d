"""Counts by slot: where a report belongs, and what is known of one thing there."""

from __future__ import annotations

from itertools import takewhile
from typing import NamedTuple, TypeAlias

from fairlead.control.telemetry.packed import MASK, PARTS, Packed, part, shares

COARSE, FINE = 10, 1
"""Seconds of a slot."""

FAST = 3.0
"""Seconds that a report may be long to be kept in slots of one second."""

LONGEST = 120.0
"""Seconds that are told of one report: who was away for longer has that time left out."""

Name: TypeAlias = tuple[str, str, str, str]
"""INTERFACE, its name, side and lane · TOTAL, ``""``, side and lane: all interfaces of them ·
RULE, its name, the resource and the reason · EDGE, the app called, label and lane."""


class Where(NamedTuple):
    """The slots that a report touches, each with its part of it."""

    coarse: list[tuple[int, int]]
    fine: list[tuple[int, int]]
    """Empty where the report is too long to say anything of seconds."""
    parts: int = PARTS
    """How much of the report is told at all."""

    @classmethod
    def of(cls, end: float, seconds: float) -> Where:
        """Return where a report belongs that was made at `end`, unix seconds."""
        told = min(seconds, LONGEST)
        fine = shares(end - told, end, FINE) if seconds <= FAST else []
        parts = PARTS if told == seconds else int(PARTS * told / seconds)
        return cls(shares(end - told, end, COARSE), fine, parts)


class Series:
    """Counts of one thing by slot."""

    __slots__ = ("coarse", "fine", "name")

    def __init__(self, name: Name = ("", "", "", "")) -> None:
        self.name = name
        self.coarse: dict[int, Packed] = {}
        self.fine: dict[int, Packed] = {}

    def add(self, packed: Packed, where: Where) -> None:
        """Add what happened. Thousands of times a second: nearly always to one slot or two."""
        coarse, fine, parts = where
        if parts != PARTS:
            packed = part(packed, parts)
        slots = self.coarse
        if len(coarse) == 2:
            (slot, parts), (last, _) = coarse
            piece = packed * parts >> 8 & MASK
            slots[slot] = slots.get(slot, 0) + piece
            slots[last] = slots.get(last, 0) + packed - piece
        else:
            _share(slots, packed, coarse)
        if fine:
            _share(self.fine, packed, fine)

    def put(self, slot: int, packed: Packed) -> None:
        """Add what happened in one slot of ten seconds."""
        self.coarse[slot] = self.coarse.get(slot, 0) + packed

    def slots(self, step: int) -> dict[int, Packed]:
        """Return the slots of `step` seconds."""
        return self.fine if step == FINE else self.coarse

    def total(self, window: Window) -> Packed:
        """Return what happened in the slots of a window."""
        slots = self.slots(window.step)
        return sum([slots[slot] for slot in window.slots if slot in slots])


def _share(slots: dict[int, Packed], packed: Packed, found: list[tuple[int, int]]) -> None:
    rest = packed
    for slot, parts in found[:-1]:
        if piece := part(packed, parts):
            rest -= piece
            slots[slot] = slots.get(slot, 0) + piece
    if rest:
        slot = found[-1][0]
        slots[slot] = slots.get(slot, 0) + rest


class Window(NamedTuple):
    """Slots that are looked at together, and the seconds that are known of them."""

    step: int
    slots: range
    seconds: float
    """0.0 where nothing is known."""


def drop(slots: dict[int, Packed], before: int) -> None:
    """Forget slots before one."""
    # They were added in the order of time, nearly: what is late is found the next time.
    old = list(takewhile(lambda slot: slot < before, slots))
    for slot in old:
        del slots[slot]
