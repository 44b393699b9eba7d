"""Workers that were parted, or never met, count together as soon as they can; and say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fairlead.flow.layout import P_PLACE, TOTAL, VERSION
from fairlead.flow.mapped import Unusable
from fairlead.policy.rule import SIMULATE, Selection
from tests.flow.virtual import World, breaker, cap, flow, pool, rate, throttle

pytestmark = pytest.mark.usefixtures("form")

RULES = (rate(6), cap(5), breaker(0.9), cap(9, "h"))


def file(folder: Path) -> Path:
    """Return the file that workers of this form meet at."""
    return folder / f"arena-{'i' if World.pure else 'c'}{VERSION}"


def host(folder: Path, *rules: Any, workers: int = 2) -> list[World]:
    return [World(*rules, pool=pool(folder)) for _ in range(workers)]


def tend(worlds: list[World]) -> None:
    for world in worlds:
        world.gates.tend()


def passes(worlds: list[World], times: int) -> int:
    return sum(worlds[number % len(worlds)].passes() for number in range(times))


def test_a_file_that_was_taken_away_is_followed_by_all(tmp_path: Path):
    """The last log-out of a user takes away what it has in memory, services or not (RemoveIPC)."""
    worlds = host(tmp_path, *RULES)
    assert passes(worlds, 8) == 6
    inside = [worlds[0].enter("h"), worlds[1].enter("h")]
    file(tmp_path).unlink()
    for world in worlds:
        world.at(1000)
    assert passes(worlds, 4) == 4  # where they were: nobody has looked yet

    tend(worlds)

    assert file(tmp_path).exists()
    for world in worlds:
        world.at(2000)
    assert passes(worlds, 9) == 6
    new = World(*RULES, pool=pool(tmp_path))
    new.at(2000)
    assert new.passes() == 0
    for entry in inside:
        entry.exit()


def test_who_is_inside_is_so_in_the_new_file(tmp_path: Path):
    """And not in the old one, nor for ever in either."""
    worlds = host(tmp_path, cap(3))
    inside = [worlds[0].enter(), worlds[1].enter()]
    file(tmp_path).unlink()
    tend(worlds)
    cells = worlds[0].gates.gate("f").shared
    assert cells.seat.memory[cells.numbers[P_PLACE] + TOTAL] == 2
    for entry in inside:
        entry.exit()
    assert cells.seat.memory[cells.numbers[P_PLACE] + TOTAL] == 0
    assert worlds[0].gates.pool is not None
    assert worlds[0].gates.pool.told()["workers"] == 2


def test_a_call_that_tries_a_breaker_while_the_file_goes_ends_well(tmp_path: Path):
    """What it has in hand is of the old file."""
    worlds = host(tmp_path, breaker(0.5), throttle(1000, 100, strategy="t"))
    worlds[0].call(failed=True)
    for world in worlds:
        world.at(5000)
    probe = worlds[0].enter()
    assert probe.refused is None
    file(tmp_path).unlink()
    tend(worlds)
    probe.begin()
    probe.exit()
    assert worlds[0].call() == worlds[1].call() == ""


@pytest.mark.parametrize("rules", [(rate(2),), (throttle(2, 0, burst=2),), (rate(2), cap(9))])
def test_what_could_not_be_had_at_first_is_shared_when_it_can(tmp_path: Path, rules: Any):
    """A wrong mode that somebody mends, another user's file that goes: without a restart."""
    file(tmp_path).touch()
    file(tmp_path).chmod(0o644)
    worlds = host(tmp_path, *rules)
    assert passes(worlds, 8) == 4
    assert "chmod 600" in worlds[0].gates.why_alone(rules[0])
    tend(worlds)
    assert "chmod 600" in worlds[0].gates.why_alone(rules[0])

    file(tmp_path).chmod(0o600)
    tend(worlds)

    assert worlds[0].gates.why_alone(rules[0]) == ""
    for world in worlds:
        world.at(3000)
    assert passes(worlds, 8) == 2


@pytest.mark.parametrize("rules", [(rate(2),), (throttle(2, 0, burst=2),)])
def test_a_cell_that_could_not_be_made_for_a_moment_is_made_later(tmp_path: Path, rules: Any):
    """Somebody kept the lock, who goes on."""
    worlds = host(tmp_path, rate(10, resource="g"))
    for world in worlds:
        world.passes("g")
    arena: Any = worlds[0].gates.pool and worlds[0].gates.pool.arena

    def kept(*_: Any) -> int:
        raise Unusable("another process keeps it")

    find, arena.find = arena.find, kept
    for world in worlds:
        world.gates.apply(flow(*rules))
    assert passes(worlds, 8) == 4
    assert "keeps it" in worlds[0].gates.why_alone(rules[0])
    arena.find = find

    tend(worlds)

    assert worlds[0].gates.why_alone(rules[0]) == ""
    for world in worlds:
        world.at(3000)
    assert passes(worlds, 8) == 2


def test_a_process_that_is_about_to_end_shares_nothing_again(tmp_path: Path):
    """Its place is given back."""
    worlds = host(tmp_path, rate(2))
    assert passes(worlds, 4) == 2
    worlds[0].gates.part()
    tend(worlds)
    assert "about to end" in worlds[0].gates.why_alone(rate(2))


@pytest.mark.parametrize(
    ("beside", "why"),
    [
        ([rate(9, strategy="lends", borrow_ms=100)], "may borrow from a limit at the same"),
        ([rate(9, strategy=f"more {n}") for n in range(60)], "more than 60 limits"),
    ],
)
@pytest.mark.parametrize("rule", [rate(2), throttle(2, 0, burst=2)])
def test_what_is_alone_for_its_neighbours_says_so_and_is_enforced(
    tmp_path: Path, rule: Any, beside: Any, why: str
):
    """Doctor said "on this host" of it; and a queue was nobody's."""
    worlds = host(tmp_path, rule, *beside, rate(1, resource="g"))
    assert why in worlds[0].gates.why_alone(rule)
    assert passes(worlds, 8) == 4
    assert why in worlds[0].gates.why_alone(rule)
    assert worlds[0].gates.why_alone(rate(1, resource="g")) == ""


def test_what_all_rules_only_simulate_says_what_is_alone(tmp_path: Path):
    """A queue that only simulates is each process's, also where the app as a whole simulates."""
    world = World(pool=pool(tmp_path))
    world.gates.apply(flow(throttle(2, 0), rate(2)), simulate=True)
    world.passes()
    assert "simulates" in world.gates.why_alone(throttle(2, 0))
    assert world.gates.why_alone(rate(2)) == ""


def test_of_a_rule_at_many_resources_one_that_is_alone_is_told_of(tmp_path: Path):
    """The one that was fitted last said it for all."""
    rule = rate(2, resource="[fg]", regex=True)
    lends = rate(9, resource="f", strategy="lends", borrow_ms=100)
    world = World(rule, lends, pool=pool(tmp_path))
    world.passes("f")
    world.passes("g")
    assert "borrow" in world.gates.why_alone(rule)
    world.gates.apply(flow(rule))
    assert world.gates.why_alone(rule) == ""


@pytest.mark.parametrize(
    "rule",
    [throttle(1e-12, 0), throttle(0.001, 0, burst=1e9), throttle(5e-324, 0, burst=3)],
)
def test_numbers_beyond_what_memory_counts_are_counted_by_each(tmp_path: Path, rule: Any):
    """One call in thirty thousand years: no fault, and no call that is refused for it."""
    worlds = host(tmp_path, rule)
    assert [world.passes() for world in worlds] == [1, 1]
    assert worlds[0].passes() == (rule.burst > 1)
    assert "for what workers share" in worlds[0].gates.why_alone(rule)


def test_turns_of_some_callers_are_told_of_beside_shared_ones(tmp_path: Path):
    """Each says what it is itself."""
    some = throttle(2, 0, strategy="some", selection=Selection(callers=("a",)))
    world = World(some, throttle(4, 0), rate(3, mode=SIMULATE), pool=pool(tmp_path))
    world.passes()
    assert "some calls" in world.gates.why_alone(some)
    assert world.gates.why_alone(throttle(4, 0)) == ""


def test_a_pool_that_nobody_needed_opens_nothing(tmp_path: Path):
    """Most apps have no limits, and some have no room."""
    world = World(pool=pool(tmp_path))
    world.passes()
    world.gates.tend()
    assert list(tmp_path.iterdir()) == []


def test_who_shares_is_told_once_that_somebody_should_look(tmp_path: Path):
    """A thread for it is begun where there is something to look after."""
    shared = pool(tmp_path)
    told: list[str] = []
    shared.used = lambda: told.append("used")
    world = World(pool=shared)
    assert told == []
    world.gates.apply(flow(rate(2), throttle(3, 0)))
    world.passes(times=3)
    assert told == ["used"]
