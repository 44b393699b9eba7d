"""What a rule has counted goes on, however the rule is changed."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from fairlead.policy.breaker import ERROR_COUNT
from tests.flow.virtual import MS, World, breaker, flow, rate, throttle

pytestmark = pytest.mark.usefixtures("form")

THRESHOLDS = (1, 5, 60, 128, 129, 500)
WINDOW = 1000.0


@pytest.mark.parametrize("others", [False, True])
@pytest.mark.parametrize("first", [0, 30])
def test_a_limit_that_is_lowered_and_raised_lets_no_more_pass_than_the_larger(first, others):
    """Small ones are counted to date, large ones in buckets: nothing is lost on the way."""
    for seed in range(first, first + 30):
        dice = random.Random(seed)
        world, now = World(at=1e6), 0.0
        limits: list[tuple[float, int]] = [(0.0, 0)]
        recent: list[float] = []
        for _ in range(300):
            what = dice.random()
            if what < 0.1:
                limits.append((now, dice.choice(THRESHOLDS)))
                more = [rate(3, 10, strategy="p")] if others and dice.random() < 0.5 else []
                world.gates.apply(flow(rate(limits[-1][1]), *more))
            elif what < 0.5:
                now += dice.choice((1, 10, 100, 300, 700))
                world.at(now)
            else:
                recent += [now] * world.passes(times=dice.choice((1, 3, 50, 200)))
            if limits[-1][1]:
                recent = [time for time in recent if time > now - WINDOW + 1e-6]
                spans = pairwise([*limits, (now + 1, 0)])
                largest = max(most for (_, most), (end, _) in spans if end > now - WINDOW)
                assert len(recent) <= largest, (seed, now)
            else:
                recent.clear()


def test_a_limit_that_was_lowered_below_what_it_had_let_pass_opens_when_that_is_old():
    """And not before, though it remembers only the times of the last few."""
    world = World(rate(500))
    assert world.passes(times=200) == 200
    world.at(100)
    world.gates.apply(flow(rate(5)))
    assert world.enter().refused.retry_after == 1.0
    world.at(1099)
    assert world.passes() == 0
    world.at(1101)
    assert world.passes(times=9) == 5


@pytest.mark.parametrize("ms", [1000, 60_000])
@pytest.mark.parametrize(("threshold", "passes"), [(0.5, 0), (1.5, 1), (2.999, 2), (500.5, 500)])
def test_of_a_threshold_that_is_no_whole_number_whole_calls_pass(threshold, passes, ms):
    """As in Sentinel, whose count is a double: the call that would come to more is rejected."""
    world = World(rate(threshold, ms))
    assert world.passes(times=1000) == passes
    assert World(rate(threshold, ms, buckets=2)).passes(times=1000) == passes
    assert World(rate(threshold, ms)).passes(n=passes + 1) == 0


def test_a_pace_and_a_number_of_errors_need_not_be_whole():
    """1.5 a second is a call every 667 ms; more than one and a half errors are two."""
    world = World(throttle(1.5, 2000))
    waits = [world.enter() for _ in range(3)]
    assert [round(entry.wait / MS) for entry in waits] == [0, 667, 1333]
    world = World(breaker(1.5, ERROR_COUNT))
    assert [world.call(failed=True) for _ in range(3)] == ["", "", "breaker"]
