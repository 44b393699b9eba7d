"""Counts in one integer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.control.telemetry.packed import (
    HEADS,
    LANES,
    MOST,
    PARTS,
    pack,
    part,
    shares,
    unpack,
)
from fairlead.policy.buckets import BUCKETS

counts = st.integers(0, MOST - 1)
packed = st.builds(
    pack, st.lists(counts, min_size=HEADS, max_size=HEADS), st.lists(counts, max_size=BUCKETS)
)


def flat(number: int) -> list[int]:
    *heads, rt = unpack(number)
    return [*heads, *rt]


@given(packed, packed)
def test_adding_integers_adds_each_of_their_counts(one: int, other: int) -> None:
    """Thousands are added a second; none may run over into its neighbour."""
    assert flat(one + other) == [a + b for a, b in zip(flat(one), flat(other), strict=True)]


@given(packed, st.integers(0, PARTS))
def test_a_part_is_a_part_of_each_count(number: int, parts: int) -> None:
    """A report that touches two slots is divided; what is left of it is the other's."""
    assert flat(part(number, parts)) == [count * parts // PARTS for count in flat(number)]


@pytest.mark.parametrize("wrong", [-1, 1.5, "1", MOST, 1 << 64])
def test_what_is_no_count_is_refused(wrong: object) -> None:
    """It would change the counts beside it."""
    with pytest.raises(ValueError, match=r"\w"):
        pack([wrong] + [0] * (HEADS - 1))  # type: ignore[arg-type]


@given(
    st.floats(0, 1e9, allow_nan=False),
    st.floats(0, 120, allow_nan=False),
    st.sampled_from([1.0, 10.0]),
)
def test_the_parts_of_a_time_come_to_all_of_it(begin: float, seconds: float, step: float) -> None:
    """What happened once is counted once, wherever slots begin."""
    found = shares(begin, begin + seconds, step)
    assert sum(parts for _, parts in found) == PARTS
    assert all(parts > 0 for _, parts in found)
    slots = [slot for slot, _ in found]
    assert slots == sorted(set(slots))
    assert begin // step <= slots[0] <= slots[-1] <= (begin + seconds) // step


def test_a_time_is_shared_out_as_it_lies() -> None:
    """Three seconds of ten are in the first slot."""
    assert shares(17.0, 27.0, 10) == [(1, 77), (2, 179)]
    assert shares(20.0, 30.0, 10) == [(2, PARTS)]


def test_nothing_takes_no_room() -> None:
    """Most counts are 0 most of the time."""
    assert pack([0] * HEADS) == 0
    assert flat(0) == [0] * LANES
