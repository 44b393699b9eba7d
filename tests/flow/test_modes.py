"""A rule that is switched to simulate and back goes on from what it has counted."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.policy.breaker import ERROR_COUNT
from fairlead.policy.rule import SIMULATE, Selection
from tests.flow.test_program import Call
from tests.flow.virtual import World, breaker, cap, flow, rate, throttle

pytestmark = pytest.mark.usefixtures("form")

ON: dict[str, Any] = {}
OBSERVED: dict[str, Any] = {"mode": SIMULATE}


def simulated(world: World, name: str = "f") -> bool:
    """Tell whether a call would be rejected, which passes."""
    entry = world.enter(name)
    assert entry.refused is None
    entry.exit()
    return entry.simulated is not None


@pytest.mark.parametrize("resource", ["f", "GET:/a", "/a"])
def test_an_open_breaker_that_comes_to_simulate_simulates_being_open(resource):
    """Whoever watches what a rule would do must not see it forget what it knows."""
    name = "GET:/a" if resource == "/a" else resource
    world = World(breaker(0.5, resource=resource))
    assert world.call(failed=True, name=name) == ""
    world.gates.apply(flow(breaker(0.5, resource=resource)), simulate=True)
    assert simulated(world, name)
    world.at(4999)
    assert simulated(world, name)
    world.gates.apply(flow(breaker(0.5, resource=resource)))
    assert world.call(name=name) == "breaker"
    world.at(5000)
    assert world.call(name=name) == ""
    assert world.call(name=name) == ""


def test_a_breaker_counts_on_through_its_modes():
    """Three errors are three errors, whoever looked at them."""
    world = World(breaker(3, ERROR_COUNT))
    assert world.call(failed=True) == ""
    world.gates.apply(flow(breaker(3, ERROR_COUNT, **OBSERVED)))
    assert world.call(failed=True) == ""
    world.gates.apply(flow(breaker(3, ERROR_COUNT)))
    assert world.call(failed=True) == ""
    assert world.call() == "breaker"


def test_a_probe_that_was_let_in_before_a_switch_closes_its_breaker_behind_it():
    """It is the breaker's, wherever that counts by then."""
    world = World(breaker(0.5))
    world.call(failed=True)
    for mode in (OBSERVED, ON):
        world.time += 5000 * 1_000_000
        probe = world.enter()
        world.gates.apply(flow(breaker(0.5, **mode)))
        probe.exit(mode is OBSERVED)
    assert world.call() == ""
    assert world.changes[-1] == ("breaker", "half_open", "closed")


@pytest.mark.parametrize(("threshold", "used"), [(5, 3), (100, 60), (500, 300)])
@pytest.mark.parametrize("others", [(), (rate(2000, strategy="o"),), (rate(9, 1, strategy="o"),)])
def test_a_limit_counts_on_through_its_modes(threshold, used, others):
    """Otherwise a switch forth and back were a way to a second helping."""
    world = World(rate(threshold), *others)
    assert sum(world.passes() for _ in _ticks(world, used)) == used
    at = world.time
    world.gates.apply(flow(rate(threshold, **OBSERVED), *others))
    assert [simulated(world) for _ in _ticks(world, threshold - used + 1)].count(True) == 1
    world.gates.apply(flow(rate(threshold), *others))
    assert world.passes() == 0
    world.time = at + 990 * 1_000_000
    assert world.passes() <= threshold - used
    world.time = at + 2100 * 1_000_000
    assert sum(world.passes() for _ in _ticks(world, threshold)) == threshold


def _ticks(world: World, times: int) -> Any:
    """Yield so many times, each a quarter of a millisecond after the one before."""
    for number in range(times):
        world.time += 250_000
        yield number


def test_times_that_were_counted_while_simulated_are_known_behind_the_switch():
    """To date means to date: what is a second old is gone, and not a second after the switch."""
    world = World(rate(3, **OBSERVED))
    for at in (0, 300, 600):
        world.at(at)
        assert not simulated(world)
    world.at(900)
    world.gates.apply(flow(rate(3)))
    for at, passes in ((999, 0), (1000, 1), (1299, 0), (1300, 1), (1600, 1)):
        world.at(at)
        assert world.passes(times=2) == passes


def test_who_is_inside_when_a_limit_comes_to_simulate_counts_until_he_leaves():
    """And not longer: a place that is never given back would simulate for ever."""
    world = World(cap(2))
    first, second = world.enter(), world.enter()
    world.at(1)
    world.gates.apply(flow(cap(2, **OBSERVED)))
    world.at(2)
    assert simulated(world)
    first.exit()
    assert not simulated(world)
    third = world.enter()
    assert simulated(world)
    world.gates.apply(flow(cap(2)))
    assert world.passes() == 0
    second.exit()
    assert world.passes() == 1
    third.exit()
    world.gates.apply(flow(cap(1, **OBSERVED)))
    assert not simulated(world)
    assert world.gates.gate("f").inflight == 0


def test_who_was_inside_is_counted_by_a_new_limit_that_simulates_too():
    """It says what the limit would do, and that finds them."""
    world = World()
    inside = [world.enter("GET:/a") for _ in range(3)]
    world.at(1)
    world.gates.apply(flow(cap(2, "/a", **OBSERVED)))
    world.at(2)
    assert simulated(world, "POST:/a")
    for entry in inside:
        entry.exit()
    assert not simulated(world, "POST:/a")


def test_a_queue_goes_on_through_its_modes():
    """A pace has no bookmarks, and keeps its last turn all the same."""
    world = World(throttle(1, 0))
    assert world.passes() == 1
    world.at(500)
    world.gates.apply(flow(throttle(1, 0, **OBSERVED)))
    assert simulated(world)
    world.gates.apply(flow(throttle(1, 0)))
    assert world.passes() == 0
    world.at(1000)
    assert world.passes() == 1


def test_a_rule_that_comes_to_be_for_other_callers_goes_on_from_its_counts():
    """Who tunes a list of callers under load opens nothing."""
    world = World(rate(3), breaker(0.5))
    assert world.passes(times=2) == 2
    only = Selection(callers=("web",))
    world.gates.apply(flow(rate(3, selection=only)))
    web = Call("web")
    assert world.passes(times=3, facts=web) == 1
    assert world.passes(times=3, facts=Call("other")) == 3
    world.gates.apply(flow(rate(3, selection=Selection(callers=("web", "b")))))
    assert world.passes(facts=web) == 0
    world.gates.apply(flow(rate(3)))
    assert world.passes() == 0


@pytest.mark.parametrize("resource", ["f", "f|/a"])
def test_who_hears_of_an_open_breaker_hears_when_it_is_taken_away(resource):
    """A status that says open for ever, of a rule that is gone, wakes somebody at night."""
    rules = breaker(0.5, resource=resource, regex="|" in resource)
    world = World(rules)
    world.call(failed=True)
    world.gates.apply(flow())
    assert world.changes == [("breaker", "closed", "open"), ("breaker", "open", "closed")]
    world.gates.apply(flow(rules))
    assert world.call() == ""
    assert len(world.changes) == 2


def test_a_breaker_taken_away_from_a_resource_that_is_wider_than_others_is_told_of_too():
    """What patterns keep there stands elsewhere."""
    rule = breaker(0.5, resource="/a.*", regex=True)
    world = World(rule, rate(9, resource="/a", strategy="r"))
    world.call(name="GET:/a")
    world.call(failed=True, name="/a")
    assert world.call(name="/a") == "breaker"
    world.gates.apply(flow(rate(9, resource="/a", strategy="r")))
    assert world.changes == [("breaker", "closed", "open"), ("breaker", "open", "closed")]


def test_who_hears_only_of_what_is_enforced_hears_that_it_has_closed():
    """One that simulates shuts nothing: it has closed, and opens when it is enforced again."""
    world = World(breaker(0.5))
    heard: list[tuple[str, str, str]] = []
    world.gates._core.listener = lambda rule, _, *states: heard.append((rule.mode, *states))
    world.call(failed=True)
    world.gates.apply(flow(breaker(0.5)), simulate=True)
    world.gates.apply(flow(breaker(0.5)))
    assert heard == [
        ("on", "closed", "open"),
        ("on", "open", "closed"),
        ("simulate", "closed", "open"),
        ("simulate", "open", "closed"),
        ("on", "closed", "open"),
    ]
