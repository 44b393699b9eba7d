"""Slots of one series in few bytes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.control.history.block import Damaged, decode, encode
from fairlead.control.telemetry.packed import HEADS, LANES, pack
from fairlead.policy.buckets import BUCKETS

integers = st.integers(0, (1 << 64 * LANES) - 1)


@given(st.dictionaries(st.integers(100, 459), integers, max_size=20))
def test_a_block_gives_back_what_was_put_in(slots: dict[int, int]) -> None:
    """Nothing is rounded."""
    assert decode(encode(100, 360, slots)) == [slots.get(slot, 0) for slot in range(100, 460)]


@given(st.binary(max_size=200))
def test_damaged_bytes_are_no_block(block: bytes) -> None:
    """A disk may give back anything; it must not end a server nor fill its memory."""
    try:
        decode(block)
    except Damaged:
        return


def test_a_block_that_unfolds_to_too_much_is_refused() -> None:
    """What is read is bounded by what the head says, and that by what there can be."""
    good = encode(0, 360, {1: 5})
    with pytest.raises(Damaged):
        decode(b"\xff\xff" + good[2:])
    with pytest.raises(Damaged):
        decode(b"\x01\x00" + good[2:])


def test_an_hour_of_a_busy_interface_takes_few_bytes() -> None:
    """Two gigabytes are enough for a thousand of them and a week."""
    dice = random.Random(7)
    slots = {}
    for slot in range(360):
        rt = [0] * BUCKETS
        for place in range(12, 20):
            rt[place] = max(0, round(dice.gauss(100, 15)))
        heads = [sum(rt), 0, dice.randrange(3), dice.randrange(1 << 24), 40_000]
        slots[slot] = pack(heads + [0] * (HEADS - len(heads)), rt)
    assert len(encode(0, 360, slots)) * 7 * 24 * 1000 < 2 << 30
