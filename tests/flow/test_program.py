"""Rules that ask more than counts: whose call it is, its values, its turn, its priority."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.flow.shape import WarmUpShape
from fairlead.policy.limit import (
    INFLIGHT,
    Authority,
    HotLimit,
    MemoryScale,
    Param,
    WarmUp,
)
from fairlead.policy.resource import INBOUND
from fairlead.policy.rule import SIMULATE, Selection
from tests.flow.virtual import MS, World, breaker, cap, flow, rate, throttle

pytestmark = pytest.mark.usefixtures("form")


class Call:
    """Facts of one call."""

    def __init__(self, caller: str = "", entrance: str = "", **values: Any) -> None:
        self._caller, self._entrance, self._values = caller, entrance, values

    def caller(self) -> str:
        return self._caller

    def entrance(self) -> str:
        return self._entrance

    def value(self, source: str, name: str) -> Any:
        return self._values.get(f"{source}_{name}")


def hot(threshold: float, **more: Any) -> HotLimit:
    return HotLimit(
        rule="r",
        strategy="hot",
        resource="f",
        param=Param(source="header", name="tenant"),
        threshold=threshold,
        **more,
    )


def only(*callers: str, **more: Any) -> Selection:
    return Selection(callers=callers, **more)


def waits(world: World, times: int, n: int = 1) -> list[float | str]:
    """Return how many milliseconds each of so many calls waits, or why it is refused."""
    entries = [world.enter(n=n) for _ in range(times)]
    return [e.wait / MS if e.refused is None else e.refused.reason for e in entries]


def test_calls_pass_one_after_the_other_and_the_queue_ends():
    """T02, T04: waits grow by the distance, and the longest one allowed still passes."""
    world = World(throttle(10, 500))
    assert waits(world, 8) == [0, 100, 200, 300, 400, 500, "queue", "queue"]
    world = World(throttle(50, 2000, ms=10_000))
    assert waits(world, 1, 51) == ["queue"]
    assert waits(world, 1, 50) == [0]
    assert waits(world, 11) == [*range(200, 2001, 200), "queue"]


def test_idle_time_is_not_saved_unless_a_burst_is():
    """T06; and a bucket of tokens is what others call a limit with a burst."""
    world = World(throttle(10, 0))
    for at, times, passed in ((0, 1, 1), (60_000, 2, 1), (60_100, 1, 1)):
        world.at(at)
        assert waits(world, times).count(0) == passed
    world = World(throttle(10, 0, burst=3.0))
    for at, passed in ((0, 3), (100, 1), (250, 1), (350, 1), (60_000, 3)):
        world.at(at)
        assert waits(world, 5).count(0) == passed


def test_who_waits_is_seen_and_holds_no_lock():
    """How long the queue is tells an operator more than who was turned away."""
    world = World(throttle(10, 500))
    gate = world.gates.gate("f")
    first, second, third = (gate.enter() for _ in range(3))
    assert (gate.waiting, second.wait, third.wait) == (2, 100 * MS, 200 * MS)
    world.at(100)
    second.begin()
    world.at(150)
    assert gate.waiting == 1
    third.exit()  # its caller has gone
    second.exit()
    first.exit()
    assert (gate.waiting, gate.inflight, gate.rt_ns) == (0, 0, (150 + 50 + 150) * MS)


def test_who_waited_when_the_process_forked_is_in_the_parent():
    """The child has no such caller: its end there must free no place of another."""
    world = World(throttle(10, 500))
    gate = world.gates.gate("f")
    stale = [gate.enter() for _ in range(2)]
    world.at(1)
    world.gates.begin_again()
    live = gate.enter()
    for entry in reversed(stale):
        entry.begin()
        entry.exit()
    assert (gate.inflight, gate.waiting) == (1, 0)
    live.exit()
    assert gate.inflight == 0


def test_a_refused_queue_says_when_it_is_short_enough():
    """The header Retry-After is made of it."""
    world = World(throttle(1, 1500))
    waits(world, 2)
    assert world.enter().refused.retry_after == 0.5


def test_what_another_rule_rejects_takes_no_turn():
    """The next one would wait behind nobody."""
    world = World(throttle(10, 500), cap(1))
    first = world.enter()
    assert [world.enter().refused.reason for _ in range(3)] == ["concurrency"] * 3
    first.exit()
    assert world.enter().wait == 100 * MS


def test_a_threshold_warms_up_from_a_third_while_it_is_used():
    """W01, W02: rises from 3 to 10 a second in about the period, and falls when idle."""
    shape = WarmUpShape(10, 1000, WarmUp(period_ms=10_000))
    assert (shape.warning, shape.max, round(shape.slope, 6)) == (50, 100, 0.004)
    world = World(rate(10, warm_up=WarmUp(period_ms=10_000)))
    passed = []
    for second in range(20):
        world.at(1000 * second)
        passed.append(world.passes(times=20))
    assert passed[0] == 3
    assert passed == sorted(passed)
    assert passed[-1] == 10
    world.at(60_000)
    assert world.passes(times=20) == 3


@pytest.mark.parametrize(("threshold", "period_ms"), [(1, 1000), (2, 60_000), (1, 60_000), (0, 1)])
def test_a_small_threshold_warms_up_too(threshold, period_ms):
    """W06 to W08: neither everything passes for ever, nor nothing."""
    world = World(rate(threshold, warm_up=WarmUp(period_ms=period_ms)))
    passed = []
    for second in range(200):
        world.at(1000 * second)
        passed.append(world.passes(times=5))
    assert max(passed) == passed[-1] == threshold
    assert sum(passed) >= 100 * threshold


def test_a_queue_warms_up():
    """W04, and Sentinel's behaviour 3: distances shrink to the full rate."""
    world = World(throttle(10, 10, warm_up=WarmUp(period_ms=10_000)))
    assert waits(world, 2) == [0, "queue"]
    gaps, last = [], 0
    for at in range(0, 40_000, 5):
        world.at(at)
        if world.enter().refused is None:
            gaps.append(at - last)
            last = at
    assert max(gaps[:9]) > 250
    assert 90 <= min(gaps) <= gaps[-1] <= 105


def test_a_threshold_falls_as_memory_fills():
    """M01, M02."""
    used = [0]
    scale = MemoryScale(low_threshold=1000, high_threshold=100, low_bytes=1024, high_bytes=2048)
    world = World(rate(1000, memory=scale), memory=lambda: used[0])
    for turn, (bytes_, passed) in enumerate(
        ((100, 1000), (1024, 1000), (1536, 550), (2048, 100), (3072, 100))
    ):
        used[0] = bytes_
        world.at(3000 * turn)
        assert world.passes(times=1100) == passed


def test_callers_are_told_apart_where_a_rule_says_so():
    """F11: one, the others, each; who has no name is neither one nor another."""
    world = World(
        rate(1, strategy="one", selection=only("a")),
        rate(2, strategy="others", selection=only("a", others=True)),
    )
    for caller, passed in (("a", 1), ("b", 2), ("c", 0), ("", 3)):
        assert world.passes(times=3, facts=Call(caller)) == passed
    world = World(rate(1, selection=Selection(each=True)), cap(1, selection=only(each=True)))
    assert [world.passes(times=2, facts=Call(caller)) for caller in ("a", "b", "")] == [1, 1, 1]
    assert world.gates.gate("f").curious
    assert world.passes() == 0


def test_a_chain_is_about_calls_from_one_entrance():
    """F10: what else leads there is not limited."""
    world = World(rate(0, selection=Selection(entrance="/a")))
    calls = (Call(entrance="GET:/a"), Call(entrance="GET:/b"), Call())
    assert [world.passes(facts=call) for call in calls] == [0, 1, 1]


def test_a_related_resource_is_counted_instead_of_the_own():
    """F08: reads make room while there are many writes."""
    world = World(rate(2, related="POST:/w", resource="GET:/r"))
    assert world.passes("GET:/r", times=9) == 9
    assert world.passes("POST:/w", times=2) == 2
    refused = world.enter("GET:/r").refused
    assert (refused.reason, refused.retry_after) == ("rate", 1.0)
    assert world.passes("POST:/w", times=9) == 9
    world.at(1000)
    assert world.passes("GET:/r") == 1


def test_a_related_rule_for_all_methods_counts_all_methods_there():
    """A wide name is a resource as any."""
    world = World(rate(2, related="/w"))
    assert [world.passes(name) for name in ("GET:/w", "PUT:/w", "f")] == [1, 1, 0]


def test_callers_by_name_are_let_in_or_kept_out():
    """U02, U03: exactly, and who has no name passes."""
    listed = ("app1", "app2")
    for allow in (True, False):
        world = World(Authority(rule="r", strategy="a", resource="f", names=listed, allow=allow))
        got = [world.passes(facts=Call(caller)) for caller in ("app1", "app", "")]
        assert got == [allow, not allow, 1]
    assert world.enter(facts=Call("app1")).refused.body == "not allowed: f"


def test_values_are_limited_each_for_itself_and_missing_ones_are_not():
    """H05."""
    world = World(hot(2))
    for tenant, passed in (("x", 2), ("y", 2), (None, 5)):
        assert world.passes(times=5, facts=Call(header_tenant=tenant)) == passed
    assert world.passes(times=5) == 5


def test_calls_of_a_value_under_way_are_counted_until_they_end():
    """H07: and what another rule rejects is not under way."""
    world = World(hot(1, behaviour=INFLIGHT), rate(2))
    call = Call(header_tenant=["x"])
    entry = world.enter(facts=call)
    assert world.enter(facts=call).refused.reason == "hot"
    entry.exit()
    assert world.passes(facts=call) == 1
    assert world.enter(facts=call).refused.reason == "rate"
    world.at(1000)
    assert world.passes(facts=call) == 1


def test_what_the_application_does_for_a_value_is_done_outside_the_lock():
    """Its own locks and ours would wait for each other."""
    world = World(hot(1))
    lock = world.gates.gate("f").lock

    class Tenant:
        def flow_key(self) -> str:
            assert "count=0" in repr(lock)
            return "x"

    assert world.passes(facts=Call(header_tenant=Tenant())) == 1
    assert world.passes(facts=Call(header_tenant="x")) == 0


def test_a_rule_that_simulates_counts_what_it_would_reject_and_rejects_nothing():
    """An operator looks at it before it is on."""
    world = World(
        rate(1, mode=SIMULATE), rate(4, strategy="real"), throttle(1, 9999, mode=SIMULATE)
    )
    gate = world.gates.gate("f")
    entries = [gate.enter() for _ in range(6)]
    assert [entry.refused is None for entry in entries] == [1, 1, 1, 1, 0, 0]
    assert [entry.simulated is None for entry in entries[:4]] == [1, 0, 0, 0]
    assert [entry.wait for entry in entries[:4]] == [0] * 4
    assert (gate.simulated, gate.rejected, gate.waiting) == (5, 2, 0)
    world.at(1000)
    assert gate.enter().simulated is None  # what it would have rejected has taken nothing


def test_a_simulated_breaker_opens_and_closes_by_what_it_would_have_let_pass():
    """Its transitions are what an operator watches."""
    world = World(breaker(0.5, mode=SIMULATE), cap(1, strategy="c", mode=SIMULATE))
    assert world.call(failed=True) == ""
    entry = world.enter()
    assert (entry.refused, entry.simulated.reason) == (None, "breaker")
    entry.exit(failed=True)
    world.at(5000)
    assert world.call() == ""
    assert [after for _, _, after in world.changes] == ["open", "half_open", "closed"]


def test_a_namespace_that_observes_simulates_every_rule():
    """The switch of an operator is above every rule."""
    world = World()
    world.gates.apply(flow(rate(0), cap(0), throttle(0, 0)), simulate=True)
    entry = world.enter()
    assert (entry.refused, entry.simulated.reason) == (None, "rate")


def test_a_call_with_priority_borrows_of_what_comes():
    """F17: it waits for the next bucket, and takes of that what others find missing."""
    world = World(rate(5, buckets=2, borrow_ms=500))
    assert world.passes(times=5) == 5
    world.at(100)
    assert world.enter(prio=True).refused.reason == "rate"
    world.at(600)
    assert world.enter(prio=True).wait == 400 * MS
    assert world.passes() == 0
    world.at(1000)
    assert world.passes(times=9) == 4
    world.at(1500)
    assert world.passes(times=9) == 0
    world.at(2000)
    assert world.passes(times=9) == 5


@pytest.mark.parametrize("threshold", [3, 300])
def test_what_is_borrowed_is_never_more_than_a_window_holds(threshold):
    """Begun calls count in the window in which they begin."""
    world = World(rate(threshold, borrow_ms=400))
    begun: list[float] = []
    for at in range(0, 5000, 7):
        world.at(at)
        for prio in (False, True) * (threshold // 60 + 1):
            entry = world.enter(prio=prio)
            if entry.refused is None:
                assert entry.wait <= 400 * MS
                begun.append(at + entry.wait / MS)
            entry.exit()
    begun.sort()
    for first, last in zip(begun, begun[threshold:], strict=False):
        assert last - first > 1000 - 1e-3
    assert len(begun) >= 4.5 * threshold


def test_a_pattern_for_all_that_comes_in_counts_each_call_once():
    """A route and the same route of one method match it both."""
    world = World(rate(3, resource=INBOUND, regex=True))
    world.gates.gate("/a")
    assert [world.passes(f"{method}:/a", times=9) for method in ("GET", "POST")] == [3, 3]
    assert world.passes("/a", times=9) == 3
    world.gates.apply(flow(rate(3, resource=INBOUND, regex=True), cap(9, "/a")))
    assert world.passes("PUT:/a", times=9) == 3
    world = World(rate(3, resource="/[ab]", regex=True))
    assert [world.passes(name, times=9) for name in ("GET:/a", "/a")] == [9, 3]
    assert [world.gates.known(name) for name in ("GET:/a", "/a")] == [False, True]


def test_rules_of_wider_resources_join_those_of_the_narrower():
    """Whatever they ask; and they have one count for all."""
    world = World(throttle(10, 300, resource="sql:db"), hot(1), cap(2, "sql:db"))
    gates = [world.gates.gate(f"sql:db:select {i}") for i in range(3)]
    inside = [gate.enter() for gate in gates[:2]]
    assert [entry.wait / MS for entry in inside] == [0, 100]
    assert gates[2].enter().refused.reason == "concurrency"


def test_more_resources_than_have_room_share_gates_and_are_checked(monkeypatch):
    """Beyond the bound nothing is silently unchecked."""
    monkeypatch.setattr("fairlead.flow.gates.MOST_GATES", 10)
    world = World(
        rate(5, resource="sql:db"),
        rate(2, resource="sql:.*x", regex=True, strategy="x"),
        rate(1, resource="sql:db:named", strategy="named"),
    )
    for i in range(20):
        world.gates.gate(f"other{i}")
    assert world.gates.crowd == 10
    assert world.gates.gate("other18") is world.gates.gate("other19")
    passes = [world.passes(name, times=3) for name in ("sql:db:1x", "sql:db:2x", "sql:db:named")]
    assert passes == [2, 0, 1]
    assert world.passes("sql:db:3", times=9) == 2
