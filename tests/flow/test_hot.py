"""A value comes as often as its rule says, whatever else comes, in memory that is bounded."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import pytest

from fairlead.flow.hot import REJECTED, Hot, key_of, text_of
from fairlead.flow.recent import MOST_CELLS, Recent
from fairlead.policy.flow_rules import problem
from fairlead.policy.limit import INFLIGHT, PACE, REJECT, HotLimit, Param

MS = 1_000_000
SECOND = 1000 * MS
START = 10**15

USER = Param(source="header", name="x-user")


def limit(threshold: float = 5, **fields: Any) -> HotLimit:
    shape: dict[str, Any] = {"param": USER, **fields}
    return HotLimit(rule="r", strategy="s", resource="GET:/a", threshold=threshold, **shape)


def call(hot: Hot, at_ms: float, value: Any = "a", n: int = 1) -> int:
    """Make a call as the gate does; return what `test` says."""
    now = START + int(at_ms * MS)
    wait = hot.test(now, n, value)
    if wait != REJECTED:
        hot.take(now, n, value)
    return wait


def passed(hot: Hot, calls: int, at_ms: float, value: Any = "a") -> int:
    return sum(call(hot, at_ms, value) == 0 for _ in range(calls))


def test_each_value_has_a_bucket_of_its_own():
    """One customer's script must not use up everybody's share."""
    hot = Hot(limit(5))
    assert [passed(hot, 9, 0, value) for value in ("a", "b", "a")] == [5, 5, 0]


def test_a_bucket_refills_when_more_than_a_window_has_passed():
    """Sentinel's strict comparison, its whole permits, and the burst that takes idleness to come.

    At exactly a second nothing is added; after 1.1 s it is 5, not 5.5.
    """
    hot = Hot(limit(5, burst=3))
    times = [0, 1000, 1001, 2102, 3203, 4204, 7204]
    assert [passed(hot, 20, at) for at in times] == [8, 0, 5, 5, 5, 5, 8]


def test_who_is_turned_away_is_told_when_there_may_be_room():
    """A client that asks again at that time passes, and one nanosecond before does not."""
    for behaviour in (REJECT, PACE):
        hot = Hot(limit(1, behaviour=behaviour, window_ms=60_000))
        assert call(hot, 10_000) == 0
        now = START + 20 * SECOND
        after = hot.after(now, 1, ["free", "a"])
        assert 0 < hot.after(now, 1, "a") == after <= 60 * SECOND
        assert hot.test(now + after - 1, 1, "a") == REJECTED
        assert hot.test(now + after, 1, "a") == 0
    assert Hot(limit(0)).after(0, 1, "a") == 0
    assert Hot(limit(0, behaviour=INFLIGHT)).after(0, 1, "a") == 0


def test_calls_that_weigh_more_take_more_or_nothing():
    """All or nothing, and never more than a bucket holds."""
    hot = Hot(limit(100, burst=10))
    assert [call(hot, 0, n=n) for n in (130, 100, 20, 10)] == [REJECTED, 0, REJECTED, 0]


def test_a_threshold_of_nothing_refuses_also_with_a_burst():
    """It is how a value is shut out."""
    for behaviour in ("reject", PACE, INFLIGHT):
        hot = Hot(limit(0, burst=3, behaviour=behaviour, queue_ms=500))
        assert [call(hot, at) for at in (0, 5000)] == [REJECTED, REJECTED]


def test_paced_calls_wait_less_than_the_queue_is_long():
    """Strict, other than a throttle's (Sentinel)."""
    hot = Hot(limit(10, behaviour=PACE, queue_ms=300))
    assert [call(hot, 0) / MS for _ in range(3)] == [0, 100, 200]
    assert call(hot, 0) == REJECTED
    assert [call(hot, 100) / MS, call(hot, 60_000) / MS] == [200, 0]


def test_concurrent_calls_are_counted_until_they_leave():
    """And what is left when a list was changed in between is what was taken."""
    hot = Hot(limit(2, behaviour=INFLIGHT))
    values = ["a", "b"]
    held = hot.take(START, 1, values)
    assert call(hot, 0, "a") == 0
    values.clear()
    assert [call(hot, 0, "a"), call(hot, 0, "b"), call(hot, 0, "b")] == [REJECTED, 0, REJECTED]
    hot.leave(held)
    assert [call(hot, 0, "a"), call(hot, 0, "b")] == [0, 0]
    hot.leave("a", 2)
    hot.leave("a", 2)  # never below nothing
    assert [call(hot, 0, "a") for _ in range(3)] == [0, 0, REJECTED]


def test_what_is_not_under_way_is_not_remembered():
    """A gauge of values that are gone would be a leak."""
    hot = Hot(limit(1, behaviour=INFLIGHT))
    for number in range(1000):
        hot.leave(hot.take(START, 1, f"user-{number}"))
    assert hot._calls._count == {}  # type: ignore[attr-defined]


def test_values_with_thresholds_of_their_own():
    """Known by text: what YAML calls 7 and true is what a program calls 7 and True."""
    items = (("vip", 3.0), ("7", 2.0), ("true", 0.0), ("1.5", 2.0), ("x" * 300, 2.0))
    hot = Hot(limit(1, items=items))
    values = ("vip", 7, "7", True, 1.5, "x" * 300, b"vip", "other")
    assert [passed(hot, 5, 0, value) for value in values] == [3, 2, 0, 0, 2, 2, 0, 1]


@pytest.mark.parametrize(
    ("match", "pattern", "limited"),
    [
        ("exact", "Wow", ["Wow"]),
        ("prefix", "Wow", ["Wow", "Wow_foo"]),
        ("contains", "ow_", ["Wow_foo"]),
        ("regex", r"W\w+", ["Wow", "Wow_foo"]),
        ("regex", r"\d+", ["23"]),
        ("exact", "", ["Wow", "Wow_foo", "23", "some 23"]),
    ],
)
def test_values_that_do_not_match_are_not_limited(match, pattern, limited):
    """As at Sentinel's gateway, whose prefix, though, lets everything match."""
    hot = Hot(limit(0, param=Param(source="query", name="q", match=match, pattern=pattern)))
    values = ["Wow", "Wow_foo", "23", "some 23"]
    assert [value for value in values if call(hot, 0, value) == REJECTED] == limited


def test_a_pattern_that_is_none_is_found_before_anything_is_enforced():
    """A snapshot is a stranger's bytes."""
    for match, pattern in (("regex", "(x"), ("glob", "x*")):
        broken = limit(1, param=Param(source="query", match=match, pattern=pattern))
        assert "param" in (problem(broken) or "")
    assert problem(limit(1)) is None


def test_a_call_without_a_value_is_not_limited():
    """Who sends no such header has no value that could be hot."""
    hot = Hot(limit(0))
    assert [call(hot, 0, value) for value in (None, [], [None], ())] == [0, 0, 0, 0]


def test_each_element_of_a_list_counts_or_the_list_as_one_value():
    """Sentinel Java and Sentinel Go."""
    hot = Hot(limit(2))
    assert [call(hot, 0, value) for value in (["a", "b"], {"a"}, ["b", "a"], "b", "b")] == [
        0, 0, REJECTED, 0, REJECTED,
    ]  # fmt: skip
    assert call(hot, 0, ["c", "c", "c"]) == REJECTED
    assert call(hot, 0, ["c", "c"]) == 0
    whole = Hot(limit(2, elements=False))
    assert [passed(whole, 5, 0, value) for value in (["a", "b"], ("a", "b"), "a")] == [2, 2, 2]


class Order:
    def __init__(self, tenant: str) -> None:
        self.tenant = tenant

    def flow_key(self) -> str:
        return self.tenant


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_an_object_is_limited_by_the_key_it_names():
    """Two orders of one tenant; and what has no text is no reason to fail its caller's call."""
    hot = Hot(limit(1))
    assert [call(hot, 0, value) for value in (Order("t"), Order("t"), Order("u"), "t")] == [
        0, REJECTED, 0, REJECTED,
    ]  # fmt: skip
    assert call(Hot(limit(0)), 0, Broken()) == 0


def test_a_long_value_stands_in_memory_as_its_digest():
    """A megabyte in a header must not stay a megabyte, and two of them are two values."""
    long, other = "x" * 1_000_000, "x" * 999_999 + "y"
    assert len(key_of(long)) <= 64
    hot = Hot(limit(1))
    assert [call(hot, 0, value) for value in (long, other, long, "\udce4" * 99)] == [
        0, 0, REJECTED, 0,
    ]  # fmt: skip
    assert text_of({"b": 1}) == "{'b': 1}"


def test_a_rule_that_is_tuned_goes_on_counting():
    """Tuned every second it would be open every second."""
    hot = Hot(limit(3))
    assert passed(hot, 9, 0) == 3
    hot.tune(limit(5))
    assert passed(hot, 9, 1) == 0
    assert passed(hot, 9, 1002) == 5
    hot.tune(limit(5, items=(("a", 1.0), ("b", 7.0))))
    assert [passed(hot, 9, 2004, value) for value in "ab"] == [1, 7]
    paced = Hot(limit(10, behaviour=PACE, queue_ms=1000))
    assert [call(paced, 0) / MS for _ in range(2)] == [0, 100]
    paced.tune(limit(20, behaviour=PACE, queue_ms=1000))
    assert call(paced, 0) / MS == 150


@pytest.mark.parametrize("behaviour", ["reject", PACE])
def test_a_clock_that_goes_back_an_hour_begins_anew(behaviour):
    """Rather that than a value that is shut out for an hour."""
    hot = Hot(limit(1, behaviour=behaviour))
    assert [call(hot, at) for at in (3_600_000, 3_600_000, 0, 0, 1001)] == [
        0, REJECTED, 0, REJECTED, 0,
    ]  # fmt: skip


# ------------------------------------------------------------------------------------ many values


def test_memory_is_bounded_and_the_recent_half_is_exact():
    """`most_values` are told apart at most; the half that was used last certainly is."""
    hot = Hot(limit(1, most_values=100))
    recent = hot._calls._recent  # type: ignore[attr-defined]
    dice = random.Random(7)
    order: list[str] = []
    for step in range(20_000):
        value = f"v{int(dice.paretovariate(0.7)) % 5000}"
        call(hot, step, value)
        assert len(recent) <= 100
        order = [v for v in order[-200:] if v != value] + [value]
    kept = {key for key, _ in recent.items()}
    assert set(order[-50:]) <= kept


@pytest.mark.parametrize(
    ("seconds", "most"), [(1, 4000), (2, 8000), (60, 20_000)], ids=["1s", "2s", "60s"]
)
def test_how_many_values_are_told_apart_where_a_rule_does_not_say(seconds, most):
    """Sentinel Go's defaults."""
    recent: Recent[Any] = Hot(limit(1, window_ms=1000 * seconds))._calls._recent  # type: ignore[attr-defined]
    assert recent._half * 2 == most


def test_absurd_capacities_are_cut():
    """A billion values were asked for: it is not memory that is taken, but a bound."""
    recent = Hot(limit(1, most_values=1_000_000_000))._calls._recent  # type: ignore[attr-defined]
    assert recent._half == 500_000
    assert recent._mask < MOST_CELLS
    tiny = Hot(limit(1, most_values=1))
    assert [passed(tiny, 3, 0, value) for value in "aba"] == [1, 1, 0]


def crowded(rule: HotLimit, cells: int = 1 << 20) -> Hot:
    """Return what holds few values exactly, and has that many cells for what others owe."""
    hot = Hot(rule)
    hot._calls._recent._mask = cells - 1  # type: ignore[attr-defined]
    return hot


@pytest.mark.parametrize(
    ("threshold", "burst", "window_ms"), [(1, 0, 1000), (3, 2, 1000), (20, 0, 250), (2, 0, 60_000)]
)
def test_a_value_that_was_pushed_out_never_has_more_than_the_law_gives_it(
    threshold, burst, window_ms
):
    """The law: threshold x (1 + t / window) + burst in any time t, whatever pushed it out."""
    dice = random.Random(threshold)
    hot = crowded(limit(threshold, burst=burst, window_ms=window_ms, most_values=20))
    admitted: dict[str, list[float]] = {f"watched{i}": [] for i in range(5)}
    at = 0.0
    for step in range(20_000):
        at += dice.random() * window_ms / 200
        call(hot, at, f"noise{step}")  # each of them new
        watched = f"watched{dice.randrange(5)}"
        if call(hot, at, watched) == 0:
            admitted[watched].append(at)
    for times in admitted.values():
        for begin in range(len(times)):
            for end in range(begin, min(len(times), begin + 60)):
                length = times[end] - times[begin]
                most = threshold * (1 + length / window_ms) + burst
                assert end - begin + 1 <= most + 1e-6


def test_a_paced_value_that_was_pushed_out_keeps_its_distance():
    """Two calls of one value never begin closer than their distance."""
    dice = random.Random(3)
    hot = crowded(limit(10, behaviour=PACE, queue_ms=250, most_values=20))
    begins: list[float] = []
    at = 0.0
    for step in range(20_000):
        at += dice.random() * 3
        call(hot, at, f"noise{step}")
        if step % 7 == 0 and (wait := call(hot, at, "watched")) != REJECTED:
            begins.append(at + wait / MS)
    assert len(begins) > 200
    assert min(b - a for a, b in pairwise(begins)) >= 100 - 1e-3


def test_a_value_that_is_pushed_out_again_and_again_loses_nothing_by_it():
    """What is less than a permit is kept as time."""
    alone, hot = Hot(limit(20)), crowded(limit(20, most_values=4))
    passes = [0, 0]
    for step in range(10_000):
        for number in range(6):
            call(hot, step * 30, f"noise{step}-{number}")
        passes[0] += call(alone, step * 30) == 0
        passes[1] += call(hot, step * 30) == 0
    assert passes[1] == pytest.approx(passes[0], rel=0.05)


@pytest.mark.parametrize("times", [1, 4])
def test_how_many_debts_are_lost_is_as_stated(times):
    """About (d / m) ** 2; and hardly a new value is taken for one that owes."""
    values = 2000
    debts = times * values
    hot = Hot(limit(1, window_ms=60_000, most_values=values))
    for number in range(debts + values):
        call(hot, 0, f"user-{number}")
    recent = hot._calls._recent  # type: ignore[attr-defined]
    lost = sum(recent.owes(f"user-{number}") <= START for number in range(debts)) / debts
    assert lost <= (debts / (recent._mask + 1)) ** 2 * 1.5 + 0.001
    wrong = sum(recent.owes(f"new-{number}") > START for number in range(20_000)) / 20_000
    assert wrong <= 2 * 2**-15


def test_values_that_come_once_free_none_that_is_used_up():
    """Made-up accounts must not buy another try at a real one: what owes longest stays."""
    hot = Hot(limit(5, most_values=2))  # 64 cells
    assert passed(hot, 9, 0, "account") == 5
    for number in range(20_000):
        call(hot, number * 0.03, f"made-up-{number}")
    assert len(hot) == 2
    assert passed(hot, 9, 610, "account") == 3, "600 ms are three permits"
