"""How many calls of one app may be repeated."""

from __future__ import annotations

import pytest

from fairlead.flow.budget import Attempts
from fairlead.policy.balance import Budget


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def under_way(calls: int, clock: Clock | None = None) -> Attempts:
    attempts = Attempts(clock or Clock())
    for _ in range(calls):
        attempts.begin()
    return attempts


@pytest.mark.parametrize(("calls", "allowed"), [(2, 3), (25, 5), (100, 20)])
def test_a_fifth_of_the_calls_under_way_and_three_in_any_case(calls, allowed):
    """Istio's words: 25 active, 5 retries; 2 active, 3 retries."""
    attempts = under_way(calls)
    assert sum(attempts.allow(again=False) for _ in range(calls + 10)) == allowed


def test_a_repetition_that_has_ended_makes_room():
    """It bounds what goes on at a time."""
    attempts = under_way(25)
    assert sum(attempts.allow(again=False) for _ in range(10)) == 5
    attempts.end(repeated=True, well=False)
    attempts.begin()
    assert attempts.allow(again=False)
    assert not attempts.allow(again=False)


def test_a_call_takes_one_place_however_often_it_is_repeated():
    """Its second repetition is not one more at a time."""
    attempts = under_way(1)
    attempts.rule = Budget(percent=0.0, least=1)
    assert [attempts.allow(again=again) for again in (False, True, True)] == [True] * 3
    assert not attempts.allow(again=False)


def test_who_is_called_by_somebody_that_repeats_has_no_share():
    """The one above has it: two hops with a fifth each would be more than a fifth."""
    attempts = under_way(100)
    assert sum(attempts.allow(again=False, inner=True) for _ in range(10)) == 3


def test_a_number_may_stand_for_the_share():
    """What Istio calls maxRetries, where there is no retryBudget."""
    attempts = under_way(100)
    attempts.rule = Budget(most=2)
    assert sum(attempts.allow(again=False) for _ in range(10)) == 2


@pytest.mark.parametrize(("every", "least", "most"), [(1, 25, 35), (10, 270, 300), (2, 140, 350)])
def test_in_ten_seconds_a_share_of_what_ends_well_is_repeated(every, least, most):
    """Where everything fails, repeating helps nobody; a tenth that fails is repeated."""
    clock = Clock()
    attempts, repeated = Attempts(clock), 0
    for number in range(3000):
        attempts.begin()
        failed = number % every == 0
        allowed = failed and attempts.allow(again=False)
        repeated += allowed
        attempts.end(repeated=allowed, well=not failed)
        clock.now += 0.003
    assert least <= repeated <= most


def test_few_calls_are_always_repeated():
    """Three a second are no storm."""
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(100):
        attempts.begin()
        assert attempts.allow(again=False)
        attempts.end(repeated=True, well=False)
        clock.now += 0.4


def test_who_was_refused_is_remembered_for_a_second():
    """Whoever is called in the meantime is told."""
    clock = Clock()
    attempts = under_way(1, clock)
    attempts.rule = Budget(percent=0.0, least=0)
    seen = [attempts.spent]
    attempts.allow(again=False)
    seen.append(attempts.spent)
    clock.now += 1.0
    assert [*seen, attempts.spent] == [False, True, False]


def test_a_long_silence_is_forgotten():
    """Seconds are a ring: what stood there an hour ago is no call of today's."""
    clock = Clock()
    attempts = under_way(1000, clock)
    clock.now += 3600.0
    attempts.begin()
    attempts.rule = Budget(percent=100.0, least=5)
    assert sum(attempts.allow(again=True) for _ in range(500)) == 50
