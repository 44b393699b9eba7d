"""A breaker opens when enough was bad, and closes when it was tried with good calls."""

from __future__ import annotations

import pytest

from fairlead.flow.call import REQUEST, Fault, Late, Outcome
from fairlead.flow.gated import leave
from fairlead.flow.result import Result, judge
from fairlead.policy.breaker import ERROR_COUNT, ERROR_RATIO, SLOW_RATIO
from fairlead.policy.outcome import CONNECT, TIMEOUT
from tests.flow.virtual import SECOND, World, breaker, cap, flow, throttle

pytestmark = pytest.mark.usefixtures("form")


def states(world: World) -> list[str]:
    return [after for _, _, after in world.changes]


def test_it_opens_when_a_share_of_enough_calls_was_slow():
    """C01: and closes by one that is not."""
    rule = breaker(0.8, SLOW_RATIO, slow_ms=50, min_requests=10, window_ms=20_000, inclusive=False)
    world = World(rule)
    for ms, times in ((65, 7), (35, 3), (65, 5)):
        assert [world.call(ms) for _ in range(times)] == [""] * times
        assert states(world) == []
    assert world.call(65) == ""
    assert states(world) == ["open"]
    assert world.call(1) == "breaker"
    world.time += SECOND
    assert world.call(1) == "breaker"
    world.time += 5 * SECOND
    assert world.call(65) == ""
    assert states(world) == ["open", "half_open", "open"]
    world.time += 6 * SECOND
    assert [world.call(35), world.call(65)] == ["", ""]
    assert states(world)[3:] == ["half_open", "closed"]


def test_calls_before_it_was_closed_say_nothing_afterwards():
    """C04: it begins anew."""
    world = World(breaker(0.2, window_ms=20_000, recovery_ms=10_000))
    assert [world.call(10), world.call(failed=True), world.call()] == ["", "", "breaker"]
    world.time += 10 * SECOND
    assert world.call(100) == ""
    assert [world.call(100) for _ in range(6)] == [""] * 6
    assert world.call(failed=True) == ""
    assert [world.call(), states(world)[-1]] == ["", "closed"]


@pytest.mark.parametrize(
    ("inclusive", "kind", "threshold", "bad", "total"),
    [
        (True, ERROR_RATIO, 0.5, 5, 10),
        (False, ERROR_RATIO, 0.5, 6, 10),
        (True, ERROR_COUNT, 3, 3, 3),
        (False, ERROR_COUNT, 3, 4, 4),
        (True, SLOW_RATIO, 1.0, 4, 4),
        (False, SLOW_RATIO, 1.0, 4, 4),
    ],
)
def test_dialects_trip_at_the_threshold_or_above_it(inclusive, kind, threshold, bad, total):
    """Java is above it, but for a share of slow calls of 1, which could never be exceeded."""
    rule = breaker(threshold, kind, inclusive=inclusive, slow_ms=10, min_requests=total)
    world = World(rule)
    for _ in range(total - bad):
        world.call()
    for _ in range(bad - 1):
        world.call(20, failed=True)
    assert states(world) == []
    world.call(20, failed=True)
    assert states(world) == ["open"]


def test_a_good_call_can_be_the_one_that_makes_them_enough():
    """Two of three were bad before, and two of four are now."""
    world = World(breaker(0.5, min_requests=4))
    for failed in (True, True, False):
        world.call(failed=failed)
    assert states(world) == []
    world.call()
    assert states(world) == ["open"]


def test_bad_calls_are_forgotten_bucket_by_bucket():
    """With ten buckets of a second, what was bad is out after ten seconds at the latest."""
    world = World(breaker(3, ERROR_COUNT))
    for _ in range(20):
        world.call(failed=True)
        world.time += 4 * SECOND
        world.call(failed=False)
        world.time += SECOND
    assert states(world) == []
    for _ in range(2):
        world.call(failed=True)
    assert states(world) == ["open"]


def test_no_more_probes_are_under_way_than_are_needed():
    """C08: by admission; a hundred callers must not fall upon what has just come back."""
    world = World(breaker(1, ERROR_COUNT, probes=3))
    world.call(failed=True)
    world.at(5000)
    probes = [world.enter() for _ in range(5)]
    assert [probe.refused is None for probe in probes] == [1, 1, 1, 0, 0]
    probes[0].exit()
    assert world.call() == "breaker"
    probes[1].exit()
    assert states(world)[-1] == "half_open"
    probes[2].exit()
    assert states(world) == ["open", "half_open", "closed"]
    assert world.call() == ""


def test_one_bad_probe_opens_it_and_the_others_say_nothing_more():
    """Its time begins with the bad one."""
    world = World(breaker(1, ERROR_COUNT, probes=2))
    world.call(failed=True)
    world.at(5000)
    bad, good = world.enter(), world.enter()
    world.at(6000)
    bad.exit(failed=True)
    good.exit()
    world.at(10_999)
    assert world.call() == "breaker"
    world.at(11_000)
    assert world.call() == ""
    assert states(world) == ["open", "half_open", "open", "half_open"]


def test_calls_from_before_decide_nothing_while_it_is_tried():
    """They say how the resource was."""
    world = World(breaker(1, ERROR_COUNT))
    old = [world.enter() for _ in range(3)]
    old[0].exit(failed=True)
    old[1].exit(failed=True)
    world.at(5000)
    probe = world.enter()
    old[2].exit(failed=True)
    assert states(world) == ["open", "half_open"]
    probe.exit()
    assert states(world)[-1] == "closed"


def test_a_probe_that_another_breaker_turns_away_is_seen_and_moves_no_time():
    """C05, C06: otherwise half-open would last for ever."""
    world = World(
        breaker(1, ERROR_COUNT, strategy="short", recovery_ms=2000),
        breaker(1, ERROR_COUNT, strategy="long", recovery_ms=4000),
    )
    world.call(failed=True)
    world.changes.clear()
    world.at(3000)
    assert [world.call() for _ in range(2)] == ["breaker"] * 2
    assert world.changes == [("short", "open", "half_open"), ("short", "half_open", "open")] * 2
    world.at(4000)
    world.changes.clear()
    assert world.call() == ""
    assert sorted(world.changes) == [
        ("long", "half_open", "closed"), ("long", "open", "half_open"),
        ("short", "half_open", "closed"), ("short", "open", "half_open"),
    ]  # fmt: skip


def test_a_probe_that_never_ends_loses_its_place():
    """A call that hangs must not keep a healthy resource shut."""
    world = World(breaker(1, ERROR_COUNT, lease_ms=8000))
    world.call(failed=True)
    world.at(5000)
    lost = world.enter()
    world.at(12_999)
    assert world.call() == "breaker"
    world.at(13_000)
    probe = world.enter()
    assert probe.refused is None
    lost.exit(failed=True)
    assert states(world) == ["open", "half_open"]
    probe.exit()
    assert states(world)[-1] == "closed"


def test_a_call_that_a_later_rule_rejects_is_no_probe():
    """Its place would never be given back."""
    world = World(breaker(1, ERROR_COUNT), cap(1))
    world.call(failed=True)
    world.at(5000)
    world.gates.apply(flow(breaker(1, ERROR_COUNT), cap(0)))
    assert world.call() == "concurrency"
    world.gates.apply(flow(breaker(1, ERROR_COUNT), cap(1)))
    assert world.call() == ""
    assert states(world) == ["open", "half_open", "closed"]


def test_recovery_in_steps_lets_a_growing_share_pass():
    """MSE: a quarter, half, three quarters, and all, each for as many good calls."""
    world = World(breaker(1, ERROR_COUNT, probes=6, steps=4))
    world.call(failed=True)
    world.at(5000)
    passed = []
    for _ in range(100):
        passed.append(world.call() == "")
        if states(world)[-1] == "closed":
            break
    first, second, third = passed[:21], passed[21:32], passed[32:39]
    assert [sum(part) for part in (first, second, third)] == [6, 6, 6]
    assert passed[39:] == [True] * 6
    assert states(world) == ["open", "half_open", "closed"]


def test_one_bad_call_in_any_step_opens_it_again():
    """A share was too much for it."""
    world = World(breaker(1, ERROR_COUNT, probes=2, steps=3))
    world.call(failed=True)
    world.at(5000)
    while len(states(world)) < 3:
        good = world.gates.gate("f").breakers[0].trial is None
        world.call(failed=not good and world.gates.gate("f").breakers[0].trial.stage == 2)
    assert states(world) == ["open", "half_open", "open"]


def test_a_breaker_that_is_tuned_stays_open_and_one_that_goes_is_open_no_more():
    """An operator who changes a threshold has not repaired the resource."""
    world = World(breaker(1, ERROR_COUNT))
    world.call(failed=True)
    world.gates.apply(flow(breaker(5, ERROR_COUNT, recovery_ms=9000)))
    assert world.call() == "breaker"
    world.gates.apply(flow())
    assert world.call() == ""
    assert world.gates.gate("f").open


def test_a_breaker_of_a_wide_resource_hears_of_all_narrower_ones():
    """A service is down, whichever method was called."""
    world = World(breaker(3, ERROR_COUNT, "/p.S"))
    for method in "ABC":
        assert world.call(failed=True, name=f"/p.S/{method}") == ""
    assert world.call(name="/p.S/D") == "breaker"
    world.at(5000)
    assert [world.call(name="/p.S/A"), world.call(name="/p.S/D")] == ["", ""]


def test_a_listener_that_fails_is_no_call_s_fault():
    """Nor does it keep others from passing."""

    def fail(*change: object) -> None:
        raise ValueError(change)

    world = World(breaker(1, ERROR_COUNT))
    world.gates._core.listener = fail
    assert world.call(failed=True) == ""
    assert world.call() == "breaker"
    assert world.gates._core.faults == 1


def test_what_an_error_is_can_be_said():
    """Statuses, codes, faults on the way, and classes of errors."""

    class Own(ValueError):
        pass

    for text, result in (
        ("503", Result(status=503)),
        ("5xx", Result(status=599)),
        ("grpc:14", Result(grpc=14)),
        ("grpc:UNAVAILABLE", Result(grpc=14)),
        ("timeout", Result(fault=TIMEOUT)),
        ("timeout", Result(error=TimeoutError())),
        ("connect", Result(fault=CONNECT)),
        ("connect", Result(error=ConnectionRefusedError())),
        ("ValueError", Result(error=Own())),
        ("builtins.ValueError", Result(error=Own())),
    ):
        assert judge((text,))(result), text
        assert not judge((text,))(Result(status=200, grpc=0, error=KeyError()))
    assert not judge(("grpc:NO_SUCH",))(Result(grpc=14))
    assert not judge(("503",))(Result(grpc=14, status=500))


def test_only_what_is_said_to_be_an_error_opens_it():
    """A 404 is the caller's; a 429 may well be the resource's."""
    world = World(breaker(2, ERROR_COUNT, errors=("429",)))
    assert [world.call(failed=True, out=Result(status=500)) for _ in range(9)] == [""] * 9
    assert [world.call(out=Result(status=429)) for _ in range(2)] == ["", ""]
    assert world.call() == "breaker"


def test_a_listener_may_call_what_it_listens_to():
    """No lock is held while it hears: it may log, and the log may be guarded."""
    world = World(breaker(1, ERROR_COUNT, "/p.S"), breaker(1, ERROR_COUNT))
    held: list[bool] = []
    world.gates._core.listener = lambda *_: held.append(
        "count=0" not in repr(world.gates._core.lock)
    )
    for name in ("f", "/p.S/M"):
        world.call(failed=True, name=name)
    world.at(5000)
    for name in ("f", "/p.S/M"):
        assert world.call(name=name) == ""
    assert held == [False] * 6


@pytest.mark.parametrize("good", [1, 2, 3])
def test_a_rule_that_comes_to_want_fewer_probes_is_not_waited_for_for_ever(good):
    """More have ended well than it wants now, and none is under way: the next one decides."""
    world = World(breaker(0.5, probes=4))
    world.call(failed=True)
    world.time += 5 * SECOND
    assert [world.call() for _ in range(good)] == [""] * good
    world.gates.apply(flow(breaker(0.5, probes=1)))
    assert [world.call(), states(world)] == ["", ["open", "half_open", "closed"]]


def test_a_probe_that_gives_up_waiting_for_its_turn_says_nothing():
    """Nothing of it has run; the next call tries."""
    world = World(throttle(1, 5000), breaker(0.5, recovery_ms=100))
    world.call(failed=True)
    world.at(200)
    given_up = world.enter()
    assert given_up.wait
    given_up.exit()
    assert states(world) == ["open", "half_open"]
    world.at(60_000)
    assert [world.call(), states(world)[-1]] == ["", "closed"]


def test_a_probe_that_is_cancelled_is_no_good_one():
    """A caller that gives up on a service that hangs has not found it well."""
    world = World(breaker(0.5, recovery_ms=1000))
    assert [world.call(failed=True), world.call()] == ["", "breaker"]
    world.time += SECOND
    probe = world.enter()
    assert probe.refused is None
    probe.exit(False, Result(error=KeyboardInterrupt()))
    assert states(world) == ["open", "half_open"]
    assert world.call() == ""
    assert states(world)[-1] == "closed"


@pytest.mark.parametrize(
    ("limit", "refused"), [(REQUEST, ""), ("1 s (VirtualService/b)", "breaker")]
)
def test_the_time_of_a_request_opens_nothing(limit, refused):
    """It is whoever sent the request that says so, and that may be a stranger."""
    world = World(breaker(1, ERROR_COUNT))
    for _ in range(5):
        entry = world.enter()
        if entry.refused is None:
            leave(entry, Outcome(error=Late("b", limit), fault=Fault.TIMEOUT))
    assert world.call() == refused
