"""Workers that were held up, or are told wrongly: what they share stays right, and they say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairlead.flow.layout import LATEST, LOCK
from tests.flow.virtual import MS, World, pool, rate


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize("late", [900, 1500, 30_000])
def test_who_was_stopped_after_he_read_the_clock_begins_no_window_anew(tmp_path: Path, late: int):
    """A frozen container, a machine that swaps: its call came late, the clock did not go back."""
    host = [World(rate(10), pool=pool(tmp_path)) for _ in range(2)]
    for world in host:
        world.at(60_000)
    assert host[0].passes(times=20) == 10
    host[1].at(60_000 - late)
    assert host[1].passes(times=20) == 0
    assert host[0].passes(times=20) == 0


@pytest.mark.usefixtures("form")
def test_a_time_that_nobody_has_had_yet_holds_nobody_up_for_long(tmp_path: Path):
    """Or whatever spoiled that word would shut a limit for good."""
    world = World(rate(10), pool=pool(tmp_path))
    world.passes()
    view = world.gates.gate("f").shared.seat.memory
    view[LATEST] += 3600 * 1000 * MS
    assert world.passes(times=20) == 9
    world.at(1000)
    assert world.passes(times=20) == 10


def test_a_call_that_waited_for_the_lock_counts_when_it_gets_it(tmp_path: Path):
    """Counted when it came, it would be forgotten before its second is over."""
    world = World(rate(2), pool=pool(tmp_path))
    if world.gates.interpreted:
        pytest.skip("the kernel keeps the lock of the interpreted form")
    world.passes()
    arena_of = world.gates.pool
    assert arena_of is not None
    view = arena_of.seat.memory
    view[LOCK] = 99
    waits = arena_of.wait

    def wait(tries: int) -> bool:
        world.at(800)
        view[LOCK] = 0
        return waits(tries)

    arena_of.wait = wait  # type: ignore[method-assign]
    assert world.passes() == 1
    world.at(1700)
    assert world.passes(times=5) == 1
