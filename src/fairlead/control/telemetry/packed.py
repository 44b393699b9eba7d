"""What happened to one thing in one slot of time: many counts in one integer.

Each count has 64 bits of it, so that two are added with one addition of integers, and a report is
shared out between slots with three operations: a control plane adds up thousands of them a second.
The counts that are seldom not zero stand last, where they take no room.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from fairlead.policy.buckets import BUCKETS, Counts

Packed: TypeAlias = int
"""Counts in an integer, 0 for nothing."""

HEADS = 9
"""Counts in front of the buckets of response times."""

LANES = HEADS + BUCKETS
WIDTH = 8
"""Bytes of a count."""

PARTS = 256
"""A report is shared out between slots in so many parts."""

MOST = 1 << 48
"""A count in one report: sums of many of them, and products with PARTS, stay in their 64 bits."""

MASK = sum(((1 << 56) - 1) << (64 * lane) for lane in range(LANES))
"""Of the counts of a product, divided by PARTS."""

HIGH = sum(((1 << 64) - MOST) << (64 * lane) for lane in range(LANES))
"""Where a count that is not below MOST has a bit."""

STRUCTS = tuple(struct.Struct(f"<{HEADS + n}Q") for n in range(BUCKETS + 1))
_ALL = struct.Struct(f"<{LANES}Q")


class Sums(NamedTuple):
    """Counts that were added up, to be read by name."""

    passed: int = 0
    rejected: int = 0
    errors: int = 0
    rt_us: int = 0
    """Microseconds that the calls took together."""
    peak_ms: int = 0
    """Calls under way at most, times the milliseconds that this was said of."""
    simulated: int = 0
    retries: int = 0
    fallbacks: int = 0
    lost: int = 0
    rt: Counts = (0,) * BUCKETS


NOTHING = Sums()


def pack(heads: Sequence[int], rt: Sequence[int] = ()) -> Packed:
    """Return counts in one integer: HEADS of them in the order of `Sums`, and buckets.

    Raises ValueError where one is no whole number from 0 to MOST.
    """
    try:
        packed = int.from_bytes(STRUCTS[len(rt)].pack(*heads, *rt), "little")
    except struct.error as error:
        raise ValueError(str(error)) from error
    # It would run over into the count beside it.
    if packed & HIGH:
        raise ValueError(f"a count is not below {MOST}")
    return packed


def unpack(packed: Packed) -> Sums:
    """Return the counts of an integer."""
    counts = _ALL.unpack(packed.to_bytes(LANES * WIDTH, "little"))
    return Sums._make((*counts[:HEADS], counts[HEADS:]))


def part(packed: Packed, parts: int) -> Packed:
    """Return `parts` of PARTS of each count, rounded down."""
    return (packed * parts >> 8) & MASK


def span(milliseconds: int) -> Packed:
    """Return how long something was looked at; it adds up like counts do, in the first of them."""
    return milliseconds


def shares(begin: float, end: float, step: float) -> list[tuple[int, int]]:
    """Return the slots of `step` seconds that a time touches, each with its part of PARTS.

    The parts come to PARTS together.
    """
    first, last = int(begin // step), int(end // step)
    if first == last or end <= begin:
        return [(last, PARTS)]
    scale = PARTS / (end - begin)
    found, given = [], 0
    for slot in range(first, last):
        until = round(((slot + 1) * step - begin) * scale)
        if until > given:
            found.append((slot, until - given))
            given = until
    if given < PARTS:
        found.append((last, PARTS - given))
    return found
