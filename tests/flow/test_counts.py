"""What a gate counts beside what it decides: for whoever shows it."""

from __future__ import annotations

import pytest

from fairlead.flow.tally import MOST, OTHERS
from fairlead.policy.buckets import BOUNDS_NS, BUCKETS
from fairlead.policy.rule import SIMULATE
from tests.flow.virtual import MS, World, cap, flow, rate, throttle

pytestmark = pytest.mark.usefixtures("form")


def test_response_times_are_counted_where_their_bounds_say():
    """A bound belongs to what is below it, and what is longer than all of them is counted too."""
    world = World()
    gate = world.gates.gate("f")
    assert gate.rt_buckets() == ()
    for bound in BOUNDS_NS:
        for rt in (bound, bound + 1):
            entry = gate.enter()
            world.time += rt
            entry.exit()
    assert gate.rt_buckets() == (1, *(2,) * (BUCKETS - 2), 1)
    assert sum(gate.rt_buckets()) == gate.passed


def test_response_times_are_counted_at_every_resource_that_a_call_is_of():
    """By whatever way it comes in and goes out."""
    world = World(cap(9, "/a"), cap(9, "GET:/a", mode=SIMULATE, strategy="s"))
    for name in ("GET:/a", "POST:/a"):
        world.call(3, name=name)
    world.gates.apply(flow())
    world.call(300, name="GET:/a")
    assert {gate.resource: _where(gate) for gate in world.gates} == {
        "GET:/a": {11: 1, 25: 1},
        "POST:/a": {11: 1},
        "/a": {11: 2, 25: 1},
    }


def _where(gate: object) -> dict[int, int]:
    counts = gate.rt_buckets()  # type: ignore[attr-defined]
    return {number: count for number, count in enumerate(counts) if count}


def test_a_call_that_waits_is_timed_from_when_it_begins_and_one_turned_away_is_not():
    """It is the resource that is measured, not its queue."""
    world = World(throttle(1, 5000))
    world.call(1)
    waiting = world.enter()
    world.time += waiting.wait
    waiting.begin()
    world.time += MS
    waiting.exit()
    world.gates.apply(flow(rate(0)))
    world.call(1)
    gate = world.gates.gate("f")
    assert (_where(gate), gate.rejected) == ({7: 2}, 1)


def test_a_forked_process_times_from_nothing():
    """Its calls are its own."""
    world = World()
    gate = world.gates.gate("f")
    world.call(1)
    stale = gate.enter()
    world.at(10)
    world.gates.begin_again()
    stale.exit()
    assert sum(gate.rt_buckets()) == 0
    world.call(1)
    assert sum(gate.rt_buckets()) == 1


def test_each_rule_says_what_it_has_rejected_and_would_have():
    """Whoever sees refusals asks whose they are, and tunes that one."""
    world = World(
        rate(1, rule="Rate/a"),
        cap(0, rule="Cap/b", mode=SIMULATE),
        rate(0, rule="Rate/c", strategy="c", mode=SIMULATE),
    )
    gate = world.gates.gate("f")
    assert gate.by_rule() == {}
    assert world.passes(n=1) == 1
    assert world.passes() == 0
    assert gate.by_rule() == {
        ("Rate/a", "rate"): (1, 0),
        ("Cap/b", "concurrency"): (0, 2),
        ("Rate/c", "rate"): (0, 2),
    }
    assert (gate.rejected, gate.simulated) == (1, 2)
    world.gates.apply(flow(rate(0, rule="Rate/a", ms=500)))
    world.passes(times=3)
    assert gate.by_rule()["Rate/a", "rate"] == (4, 0)


def test_what_rules_have_rejected_takes_bounded_memory():
    """Rules come and go for years."""
    world = World()
    gate = world.gates.gate("f")
    for number in range(MOST + 10):
        world.gates.apply(flow(rate(0, rule=f"R/{number}")))
        world.passes()
    assert len(gate.by_rule()) == MOST + 1
    assert gate.by_rule()[OTHERS, "rate"] == (10, 0)
