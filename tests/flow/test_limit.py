"""A limit holds in every window of its length, and what it refuses costs nothing."""

from __future__ import annotations

import random
import sys
import threading
from dataclasses import replace

import pytest

from fairlead.flow.engine import Engine
from fairlead.flow.limit import Limits, Window
from fairlead.policy import limit as policy
from fairlead.policy.fallback import Fallback
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.governance import OBSERVE, OFF
from fairlead.policy.limit import RateLimit
from fairlead.policy.snapshot import InvalidSnapshot, Snapshot


def limit(resource: str = "GET:/a", threshold: float = 1, window_ms: int = 1000) -> RateLimit:
    return RateLimit(
        rule="FaultToleranceRule/r",
        strategy=f"RateLimitStrategy/{threshold}-in-{window_ms}",
        resource=resource,
        windows=(policy.Window(threshold=threshold, window_ms=window_ms),),
    )


def passed(limits: Limits, times: list[float], method: str = "GET", path: str = "/a") -> list[int]:
    """Return 1 for each of the requests at `times` that passes, else 0."""
    return [int(limits.check(method, path, now) is None) for now in times]


def test_one_in_a_second_is_one_in_any_second():
    """Two fixed seconds side by side would let two pass within a moment."""
    assert passed(Limits([limit()]), [0.5, 0.75, 1.0, 1.25, 1.499, 1.5, 2.0, 2.5]) == [
        1, 0, 0, 0, 0, 1, 0, 1,
    ]  # fmt: skip


@pytest.mark.parametrize("threshold", [1, 2, 3, 10, 50])
def test_no_window_holds_more_than_the_threshold_and_none_is_wasted(threshold):
    """Held against the definition, at random times."""
    dice = random.Random(threshold)
    limits, now = Limits([limit(threshold=threshold)]), 5.0
    admitted: list[float] = []
    for _ in range(3000):
        now += dice.choice([0.0, 0.001, 0.01, 0.3])
        recent = [time for time in admitted if now - time < 1.0]
        assert (limits.check("GET", "/a", now) is None) == (len(recent) < threshold)
        if len(recent) < threshold:
            admitted.append(now)


def test_a_threshold_of_nothing_refuses_everything():
    """It is how a resource is closed."""
    assert passed(Limits([limit(threshold=0)]), [0.0, 5.0, 100.0]) == [0, 0, 0]


def test_a_fraction_is_rounded_down():
    """A window never holds more than was written."""
    assert passed(Limits([limit(threshold=2.5)]), [0.0, 0.1, 0.2]) == [1, 1, 0]


def test_a_rule_for_a_path_counts_every_method_and_one_for_a_method_counts_that():
    """Contract 22. HEAD is GET without the body: it must be no way around."""
    bare = Limits([limit("/a", 2)])
    assert [bare.check(m, "/a", 0.0) is None for m in ("GET", "POST", "PUT")] == [1, 1, 0]
    get = Limits([limit("GET:/a")])
    assert [get.check(m, "/a", 0.0) is None for m in ("POST", "HEAD", "GET", "POST")] == [
        1, 1, 0, 1,
    ]  # fmt: skip


def test_a_method_is_the_same_in_small_letters():
    """Some frameworks run GET for ``get``: it must be no way around."""
    limits = Limits([limit("GET:/a")])
    assert [limits.check(m, "/a", 0.0) is None for m in ("get", "Get", "head")] == [1, 0, 0]


def test_a_method_that_somebody_made_up_is_limited_and_named_by_nobody():
    """A thousand of them would fill the counters, and hide what else happens."""
    limits = Limits([limit("/a", 0), limit("PURGE:/b", 0)])
    for method, path, resource in (
        ("X1", "/a", "/a"),
        ("PURGE", "/b", "PURGE:/b"),
        ("PATCH", "/a", "PATCH:/a"),
    ):
        rejection = limits.check(method, path, 0.0)
        assert rejection is not None
        assert rejection.resource == resource


def test_a_limit_that_is_said_twice_counts_once_before_and_after_a_new_snapshot():
    """A rule may name a strategy with its kind and without: one limit, one permit."""
    engine = Engine(clock=lambda: 0.0, dice=lambda: 0.0)
    for revision in (1, 2, 3):
        engine.apply(Snapshot(flow=FlowRules(rate_limits=(limit(threshold=3), limit(threshold=3)))))
        assert engine.plan.limits.check("GET", "/a", revision / 10) is None
    assert engine.plan.limits.check("GET", "/a", 0.4) is not None


def test_what_is_named_by_no_rule_passes():
    """And unknown paths are one resource."""
    limits = Limits([limit("GET:/a", 0), limit("404", 0)])
    assert passed(limits, [0.0, 0.0], path="/b") == [1, 1]
    rejection = limits.check_unknown(0.0)
    assert rejection is not None
    assert rejection.body == "rate limited: 404"


def test_a_request_that_one_limit_refuses_costs_no_permit_of_another():
    """Ten a minute must not be used up by what one a second turned away."""
    limits = Limits([limit(threshold=2, window_ms=60_000), limit()])
    assert passed(limits, [0.0, 0.1, 0.2, 0.3, 1.0, 2.0]) == [1, 0, 0, 0, 1, 0]


def test_what_is_given_back_is_ones_own_permit():
    """Another thread's request that came between has passed, and counts from its own time."""
    window = Window(2, 1.0)
    mine = window.take(1.0)
    assert mine is not None
    assert window.take(1.5) is not None
    window.give_back(mine, 1.0)
    assert [window.take(2.0) is not None for _ in range(2)] == [1, 0]
    assert [window.take(now) is not None for now in (2.4, 2.5, 2.9, 3.0)] == [0, 1, 0, 1]


def test_a_rejection_names_the_resource_unless_its_author_has_written_an_answer():
    """Contract 23."""
    usual = Limits([limit("/a", 0)]).check("HEAD", "/a", 0.0)
    assert usual is not None
    assert (usual.body, usual.fallback.status) == ("rate limited: GET:/a", 429)
    assert usual.fallback.headers == (("Retry-After", "1"),)
    written = replace(limit("/a", 0), fallback=Fallback(status=200, headers=(), body=""))
    own = Limits([written]).check("GET", "/a", 0.0)
    assert own is not None
    assert (own.body, own.fallback.status) == ("", 200)


def test_a_limit_goes_on_counting_when_a_snapshot_leaves_it_as_it_was():
    """Each instance that comes or goes is a new snapshot: none of them may open the gate."""
    engine = Engine(clock=lambda: 0.0, dice=lambda: 0.0)
    engine.apply(Snapshot(flow=FlowRules(rate_limits=(limit(),))))
    assert engine.plan.limits.check("GET", "/a", 0.0) is None
    again = replace(limit(), fallback=Fallback(status=503))
    engine.apply(Snapshot(flow=FlowRules(rate_limits=(again, limit("GET:/b")))))
    assert engine.plan.limits.check("GET", "/a", 0.5) is not None
    engine.apply(Snapshot(flow=FlowRules(rate_limits=(limit(threshold=2),))))
    assert engine.plan.limits.check("GET", "/a", 0.6) is None
    engine.begin_again()
    assert passed(engine.plan.limits, [0.7, 0.7, 0.7]) == [1, 1, 0]


@pytest.mark.parametrize(
    ("threshold", "window_ms", "passes"), [(1, 1000, 0), (2, 1000, 0), (5, 1000, 2), (3, 300, 2)]
)
def test_a_limit_that_is_changed_remembers_what_it_has_let_pass(threshold, window_ms, passes):
    """Tuned every few seconds, it would be open every few seconds."""
    one = replace(limit(threshold=3), strategy="RateLimitStrategy/s")
    engine = Engine(clock=lambda: 0.0, dice=lambda: 0.0)
    engine.apply(Snapshot(flow=FlowRules(rate_limits=(one,))))
    assert passed(engine.plan.limits, [0.0, 0.1, 0.4, 0.4]) == [1, 1, 1, 0]
    changed = replace(one, windows=(policy.Window(threshold=threshold, window_ms=window_ms),))
    engine.apply(Snapshot(flow=FlowRules(rate_limits=(changed,))))
    assert sum(passed(engine.plan.limits, [0.5] * 5)) == passes
    assert sum(passed(engine.plan.limits, [1.5] * 9)) == threshold


def test_a_namespace_that_is_off_has_no_limits_and_one_that_observes_says_so():
    """The switch of an operator is above every rule."""
    engine = Engine(clock=lambda: 0.0, dice=lambda: 0.0)
    engine.apply(Snapshot(flow=FlowRules(rate_limits=(limit(),)), governance=OFF))
    assert engine.plan.limits.none
    engine.apply(Snapshot(flow=FlowRules(rate_limits=(limit(),)), governance=OBSERVE))
    assert engine.plan.limits.observing


def test_threads_share_a_limit_and_no_permit_is_lost_or_found():
    """Every permit passes exactly one request in a window, whoever asks."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        window = Window(1000, 10.0)
        got: list[int] = []

        def take() -> None:
            got.append(sum(window.take(1.0) is not None for _ in range(500)))

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    finally:
        sys.setswitchinterval(interval)
    assert sum(got) == 1000
    assert sum(window.take(11.0) is not None for _ in range(1500)) == 1000


@pytest.mark.parametrize(
    "bad",
    [
        limit(window_ms=0),
        limit(threshold=-1.0),
        limit(threshold=float("nan")),
        limit(threshold=1e10),
        replace(limit(), fallback=Fallback(status=99)),
        replace(limit(), fallback=Fallback(headers=(("X", "a\r\nSet-Cookie: b"),))),
        replace(limit(), fallback=Fallback(headers=(("X\n", "a"),))),
        replace(limit(), fallback=Fallback(headers=(("X", "\u8bf7"),))),
        replace(limit(), fallback=Fallback(body="\ud800")),
    ],
)
def test_a_snapshot_with_a_limit_that_cannot_be_kept_is_refused(bad):
    """Bytes of a stranger: the snapshot before stays in force."""
    with pytest.raises(InvalidSnapshot, match="flow: FaultToleranceRule/r"):
        Snapshot(flow=FlowRules(rate_limits=(bad,))).check()
