"""A call takes of every rule or of none, and gives back everything when it ends."""

from __future__ import annotations

import gc
import math
import random
import sys
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from fairlead.flow.gate import Entry
from fairlead.policy.breaker import ERROR_COUNT, SLOW_RATIO
from fairlead.policy.fallback import Fallback
from fairlead.policy.flow_rules import problem
from fairlead.policy.limit import WarmUp, Window
from tests.flow.virtual import MS, World, breaker, cap, flow, rate, throttle

pytestmark = pytest.mark.usefixtures("form")


def test_a_gate_without_rules_is_open_and_counts():
    """Statistics are for every resource, also of those that nobody has limited yet."""
    world = World()
    gate = world.gates.gate("f")
    entries = [gate.enter() for _ in range(3)]
    assert (gate.open, gate.passed, gate.inflight, world.gates.none) == (True, 3, 3, True)
    world.at(40)
    entries[0].exit(failed=True)
    entries[1].exit()
    assert (gate.inflight, gate.most_inflight, gate.errors, gate.rt_ns) == (1, 3, 1, 80 * MS)


@pytest.mark.parametrize("threshold", [1, 2, 3, 10, 50, 128, 129, 500])
@pytest.mark.parametrize("ms", [1000, 10, 60_000])
def test_no_window_wherever_it_begins_holds_more_than_its_threshold(threshold, ms):
    """Held against the definition, at random times; small ones waste nothing either."""
    dice = random.Random(threshold)
    world, now = World(rate(threshold, ms)), 0.0
    admitted: list[float] = []
    steps = [0.0, 0.0, ms / 3, ms / 900, ms / threshold / 3]
    for _ in range(4000):
        now += dice.choice(steps)
        world.at(now)
        recent = [time for time in admitted[-threshold:] if now - time < ms - 1e-5]
        passed = world.passes()
        assert not (passed and len(recent) == threshold)
        if threshold <= 128:
            assert passed == (len(recent) < threshold)
        admitted += [now] * passed


def test_a_large_threshold_leaves_little_unused():
    """A steady stream of twice the threshold gets at least 98 of 100."""
    world = World(rate(1000, 1000))
    passed = 0
    for step in range(20_000):
        world.at(step / 2)
        passed += world.passes()
    assert 9800 <= passed <= 10_000


def test_sentinels_windows_let_its_buckets_go_one_by_one():
    """F15: whoever wants what Sentinel does gets its burst at the border too."""
    world = World(rate(10, 1000, buckets=2))
    world.at(499)
    assert world.passes(times=11) == 10
    for at, passed in ((999, 0), (1000, 10), (1499, 0)):
        world.at(at)
        assert world.passes(times=11) == passed


def test_several_calls_at_once_pass_together_or_not_at_all():
    """F16."""
    world = World(rate(10))
    assert [world.passes(n=n) for n in (7, 4, 3, 1)] == [1, 0, 1, 0]


def test_a_call_that_one_rule_rejects_uses_up_nothing_of_another():
    """Ten a minute must not be used up by what one a second turned away."""
    both = (Window(threshold=2, window_ms=60_000), Window(threshold=1, window_ms=1000))
    world = World(rate(0, windows=both), cap(1))
    for at, passed in ((0, 1), (100, 0), (300, 0), (1000, 1), (2000, 0)):
        world.at(at)
        assert world.passes(times=2) == passed
    world.at(70_000)
    inside = world.enter()
    world.at(72_000)
    refused = world.enter().refused
    assert refused.reason == "concurrency"
    inside.exit()
    assert world.passes() == 1


def test_a_place_is_free_again_when_its_call_has_ended_once():
    """A second exit would let in one too many."""
    world = World(cap(2))
    first, second = world.enter(), world.enter()
    assert world.passes() == 0
    first.exit()
    first.exit()
    third = world.enter()
    assert third.refused is None
    assert world.passes() == 0
    with third, second:
        pass
    assert world.gates.gate("f").inflight == 0


def test_being_cancelled_frees_the_place_and_is_no_error():
    """The caller went away; the resource did nothing wrong."""
    world = World(cap(1), breaker(0.5))
    gate = world.gates.gate("f")
    for error, errors in ((GeneratorExit, 0), (ValueError, 1)):
        with pytest.raises(error), gate.enter():
            raise error
        assert (gate.inflight, gate.errors) == (0, errors)


def test_a_rule_for_all_methods_has_one_count_and_one_for_a_method_another():
    """Contract 22, for every resource that has a wider name."""
    world = World(rate(3, resource="/a"), rate(2, resource="GET:/a", strategy="get"))
    assert [world.passes(name) for name in ("GET:/a", "GET:/a", "GET:/a", "POST:/a")] == [
        1,
        1,
        0,
        1,
    ]
    assert world.passes("PUT:/a") == 0
    assert world.passes("GET:/b") == 1


def test_a_pattern_gives_each_resource_counts_of_its_own():
    """F13: a rule for all functions of a kind must not make them share."""
    world = World(rate(80, 20_000, resource="abc/.*", regex=True))
    assert [world.passes(name, times=100) for name in ("abc/1", "abc/2", "xabc/1")] == [80, 80, 100]
    assert world.gates.known("abc/9")
    assert not world.gates.known("abd")


def test_a_pattern_is_held_against_the_name_that_a_call_enters_by():
    """Each method by itself: the route of all of them matches too, and would count twice."""
    world = World(
        rate(2, resource="([A-Z]+:)?/.*", regex=True), rate(7, resource="/a", strategy="b")
    )
    names = ("GET:/a", "POST:/a", "/pkg.S/M", "/pkg.S/N")
    assert [world.passes(name, times=5) for name in names] == [2, 2, 2, 2]
    assert [world.passes(name, times=5) for name in ("PUT:/a", "GET:/a/b")] == [2, 2]
    assert world.passes("PATCH:/a", times=5) == 1


def test_those_inside_count_for_a_limit_that_comes_later():
    """A limit of two at a time with five inside lets nobody in until there is one."""
    world = World()
    inside = [world.enter("GET:/a") for _ in range(3)]
    world.gates.apply(flow(cap(2, "/a")))
    assert world.passes("POST:/a") == 0
    for entry in inside[:2]:
        entry.exit()
    assert world.passes("POST:/a") == 1
    world.gates.apply(flow())
    inside[2].exit()
    inside = [world.enter("GET:/a") for _ in range(2)]
    world.gates.apply(flow(cap(2, "/a")))
    assert world.passes("POST:/a") == 0


@pytest.mark.parametrize(
    ("threshold", "ms", "passes"), [(1, 1000, 0), (2, 1000, 0), (5, 1000, 2), (3, 300, 2)]
)
def test_a_limit_that_is_changed_remembers_what_it_has_let_pass(threshold, ms, passes):
    """Tuned every few seconds, it would be open every few seconds."""
    world = World(rate(3))
    for at in (0, 100, 400):
        world.at(at)
        assert world.passes() == 1
    world.at(500)
    world.gates.apply(flow(rate(threshold, ms)))
    assert world.passes(times=5) == passes
    world.at(1500)
    assert world.passes(times=9) == threshold


@pytest.mark.parametrize(("before", "after"), [(500, 100), (100, 500), (500, 600), (600, 500)])
def test_a_limit_remembers_also_where_it_is_counted_in_another_way(before, after):
    """To date or in buckets is ours, and no user's business."""
    world = World(rate(before))
    assert world.passes(times=90) == 90
    world.gates.apply(flow(rate(after)))
    assert world.passes(times=1000) == after - 90
    world.at(1050)
    assert world.passes(times=1000) == after


def test_what_changes_elsewhere_touches_no_count():
    """Each instance that comes or goes is a new snapshot: none of them may open the gate."""
    world = World(rate(2), cap(5))
    gate = world.gates.gate("f")
    assert world.passes() == 1
    windows = gate.windows
    world.gates.apply(flow(rate(2), cap(5), rate(7, resource="g")))
    assert gate.windows is windows
    answered = rate(2, fallback=Fallback(status=503))
    world.gates.apply(flow(answered, cap(5)))
    assert world.passes() == 1
    assert world.enter().refused.fallback.status == 503


def test_a_refusal_says_why_and_when_to_come_again():
    """It is all that the rejected gets."""
    world = World(rate(2), cap(1, "g"), breaker(0.5, resource="h"))
    assert world.passes() == 1
    world.at(400)
    assert world.passes() == 1
    refused = world.enter().refused
    assert (refused.reason, refused.body, refused.retry_after) == ("rate", "rate limited: f", 0.6)
    inside = world.enter("g")
    assert world.enter("g").refused.body == "overloaded: g"
    assert world.call(failed=True, name="h") == ""
    refused = world.enter("h").refused
    assert (refused.body, refused.retry_after) == ("circuit open: h", 5.0)
    assert (inside.refused, world.gates.gate("g").rejected) == (None, 1)


@pytest.mark.parametrize("threshold", [3, 1000])
@pytest.mark.parametrize("hour", [3_600_000, -3_600_000])
def test_a_clock_that_jumps_opens_at_most_one_more_window_and_closes_none(threshold, hour):
    """A limit that stays shut for the hour it went back is an outage."""
    world = World(rate(threshold), breaker(0.5, ERROR_COUNT, min_requests=9), at=100_000_000)
    assert world.passes(times=2 * threshold) == threshold
    world.at(hour)
    assert threshold <= world.passes(times=3 * threshold) <= 2 * threshold
    world.at(hour + 2000)
    assert world.passes(times=2 * threshold) == threshold


def test_a_breaker_does_not_stay_open_for_the_hour_that_the_clock_went_back():
    """It waits its time from there."""
    world = World(breaker(0.5), at=100_000_000)
    assert world.call(failed=True) == ""
    world.at(-3_600_000)
    assert world.call() == "breaker"
    world.at(-3_600_000 + 5000)
    assert world.call() == ""


def together(work: Callable[[], None], threads: int = 8) -> None:
    """Run `work` in so many threads that are interrupted as often as can be."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        running = [threading.Thread(target=work) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join(60)
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.parametrize("threshold", [100, 1000])
def test_threads_share_a_limit_and_no_call_is_lost_or_found(threshold):
    """Every permit passes exactly one call in a window, whoever asks."""
    world = World(rate(threshold, 10_000), cap(10_000))
    got: list[int] = []
    together(lambda: got.append(world.passes(times=400)))
    gate = world.gates.gate("f")
    assert (sum(got), gate.passed, gate.inflight) == (threshold, threshold, 0)
    assert gate.rejected == 8 * 400 - threshold


@pytest.mark.parametrize("threshold", [50, 200])
def test_windows_that_roll_under_threads_let_pass_what_they_hold(threshold):
    """Where a bucket ends all of them ask at once, and none may pass by a mark that is moving."""
    world = World(rate(threshold), rate(10**9, 10, strategy="fast"), cap(99))
    got: list[int] = []
    for phase in range(15):
        world.at(phase * 1020)
        together(lambda: got.append(world.passes(times=100)), threads=6)
        assert sum(got) == threshold * (phase + 1)


def test_never_are_more_inside_than_may_be():
    """Counted by the calls themselves, at every place where another thread may come."""
    world = World(cap(3), cap(2, "/a"))
    inside: list[Entry] = []
    most: list[int] = []

    def work() -> None:
        for turn in range(300):
            entry = world.enter("f" if turn % 2 else "GET:/a")
            if entry.refused is None:
                inside.append(entry)
                most.append(len(inside))
                inside.remove(entry)
            entry.exit()

    together(work)
    assert max(most) <= 5
    gates = [world.gates.gate(name) for name in ("f", "GET:/a", "/a")]
    assert [gate.inflight for gate in gates] == [0, 0, 0]
    assert [gate.most_inflight <= most for gate, most in zip(gates, (3, 2, 2), strict=True)] == [
        True, True, True,
    ]  # fmt: skip


def test_rules_that_change_under_load_lose_no_call_and_count_none_twice():
    """An operator who tunes one rule must not reset another."""
    world = World(rate(1500, 10_000), cap(10_000))
    got: list[int] = []
    done = threading.Event()

    def change() -> None:
        for turn in range(10_000):
            if done.is_set():
                return
            world.gates.apply(
                flow(rate(1500, 10_000), cap(10_000), rate(turn, resource="g"), cap(turn + 1, "/f"))
            )

    changer = threading.Thread(target=change)
    changer.start()
    together(lambda: got.append(world.passes(times=400)), threads=6)
    done.set()
    changer.join(60)
    gate = world.gates.gate("f")
    assert (sum(got), gate.passed, gate.rejected, gate.inflight) == (1500, 1500, 900, 0)


def test_a_forked_process_counts_from_nothing():
    """Who was inside is in the parent, and its end is too."""
    world = World(rate(3), cap(2))
    gate = world.gates.gate("f")
    stale = world.enter()
    assert world.passes(times=5) == 2
    world.at(1)
    world.gates.begin_again()
    inside = [world.enter(), world.enter()]
    stale.exit()
    assert (gate.inflight, gate.passed) == (2, 2)
    assert world.passes() == 0
    for entry in inside:
        entry.exit()
    assert world.passes(times=3) == 1


def test_a_finalizer_that_ends_a_call_inside_the_gate_does_not_stop_the_thread():
    """A collected generator runs its `finally` wherever the interpreter happens to be."""
    world = World(rate(1000), breaker(0.5, SLOW_RATIO, slow_ms=1))
    entry = world.enter()
    with world.gates.gate("f").lock:
        entry.exit()
        assert world.enter().refused is None


def test_a_hundred_thousand_resources_work_and_each_is_checked():
    """Sentinel stops to check after 6,000 and says nothing."""
    world = World(rate(1, resource="r[0-9]+", regex=True))
    names = [f"r{number}" for number in range(100_000)]
    for name in names:
        world.gates.gate(name)
    assert world.passes(names[-1], times=2) == 1
    assert world.passes(names[50_000], times=2) == 1


@pytest.mark.parametrize(("rules", "bytes_each"), [(0, 520), (1, 520), (5, 520)])
def test_a_resource_that_is_not_called_takes_half_a_kilobyte(rules, bytes_each):
    """However many rules it has: what they count by is made at the first call."""
    every: dict[str, Any] = {"resource": "r.*", "regex": True}
    slow = breaker(0.5, SLOW_RATIO, slow_ms=99, strategy="slow", **every)
    second = rate(9000, 60_000, strategy="second", **every)
    five = (rate(1000, **every), second, cap(9, **every), slow, breaker(0.5, **every))
    world = World(*five[:rules])
    world.gates.gate("r")
    names = [f"r{number:05}" for number in range(2000)]
    tracemalloc.start()
    try:
        for name in names:
            world.gates.gate(name)
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / len(names) < bytes_each


def test_what_is_no_threshold_is_refused_before_it_comes_to_a_gate():
    """NaN compares with nothing: whoever compares with it lets everything pass, or nothing."""
    for bad in (math.nan, math.inf, -1.0, 1e10):
        assert problem(rate(bad)) == "no threshold"
        assert problem(breaker(bad, ERROR_COUNT)) == "no threshold"
        assert problem(throttle(bad, 1)) == "no threshold"
    for rule in (rate(1, 0), rate(1, -5), throttle(1, 10**12), breaker(0.5, recovery_ms=0)):
        assert problem(rule) == "no window or no pause"
    assert problem(cap(-1)) == "no threshold"
    assert problem(rate(1, warm_up=WarmUp(period_ms=1000, cold_factor=1.0))) is not None
