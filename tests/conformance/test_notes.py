"""The cases that are said in words: what each says is done, and looked at."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import ceil
from typing import Any

import pytest

from fairlead.cli.sentinel.fields import Gravity
from fairlead.flow.overload.bbr import KratosBBR
from fairlead.policy.limit import INFLIGHT, PACE, HotLimit, Param
from fairlead.policy.rule import Selection
from tests.cli.sentinel.rules_of import imported
from tests.conformance.case import Case, Skip
from tests.conformance.dialect import ARGUMENT, rules_of
from tests.conformance.forms import is_go, problem, values, world
from tests.conformance.notes import note, run
from tests.conformance.steps import T0, Call, outcome
from tests.flow.virtual import World, breaker, rate

THREADS = 16


def hot(threshold: float, **fields: Any) -> HotLimit:
    shape: dict[str, Any] = {"param": ARGUMENT, **fields}
    return HotLimit(rule="r", strategy="hot", resource="f", threshold=threshold, **shape)


def results(gates: World, *calls: Any, name: str = "f") -> str:
    """Return P or B of calls one after the other; a text is the name of a resource."""
    found = []
    for call in calls:
        named = isinstance(call, str)
        entry = gates.enter(call if named else name, 1, Call() if named else call)
        found.append(str(outcome(entry)))
    return "".join(found)


def in_threads(count: int, work: Any) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work) for _ in range(count)]:
            done.result()


@note("L12")
def test_no_update_of_a_counter_is_lost(case, *numbers):
    """Threads add at once, and the sums are exact."""
    if is_go():
        raise Skip("what gates count for reports Go's meters count: see flow_stress_test.go")
    first, second, _, end, total, rt = numbers
    gates, shut = world(at=T0), world(rate(0), at=T0)
    entries: list[Any] = []

    def enter() -> None:
        entries.append(gates.enter())

    def leave() -> None:
        entries.pop().exit(failed=True)

    for turn in range(10):
        gates.at(turn * end / 10)
        entries += [gates.enter() for _ in range(int(first) // 10)]
        in_threads(int(second) // 10, enter)
        gates.at(turn * end / 10 + rt / total)
        in_threads(len(entries), leave)
    in_threads(int(total), shut.enter)
    gate = gates.gates.gate("f")
    assert (gate.passed, gate.errors, gate.inflight) == (total, total, 0)
    assert gate.rt_ns == rt * 1_000_000
    assert shut.gates.gate("f").rejected == total


@note("L16")
def test_the_oldest_bucket_leaves_when_a_new_one_begins(case, *numbers):
    """Each bucket holds another number of calls: what becomes free tells which one has left."""
    count, length, _, first, ms, second = numbers
    buckets = int(count)
    most = buckets * (buckets + 1) // 2
    gates = world(rate(most, int(count * length), buckets=buckets), at=T0)
    for number in range(1, buckets + 1):
        gates.at((number - 1) * length)
        assert gates.passes(times=number) == number
    assert gates.passes() == 0, "all are valid: the oldest is the first"
    gates.at((buckets - 1) * length + ms)
    assert gates.passes(times=most) == first, "the first has left: the oldest is the second"
    gates.at((buckets - 1) * length + 2 * ms)
    assert gates.passes(times=most) == second


@note("F05")
def test_a_pattern_counts_each_resource_for_itself(case, *numbers):
    """One rule for many resources is no limit that they share."""
    names = [f"r{int(number)}" for number in numbers]
    gates = world(*rules_of(case), at=T0)
    assert results(gates, *names) == "PPBB"


@note("F07")
def test_who_has_no_name_is_not_among_the_others(case, threshold):
    """A rule for other callers needs to know who calls."""
    rule = rate(threshold, selection=Selection(others=True, each=True))
    assert results(world(rule, at=T0), Call(), Call(origin="a")) == "PB"


@note("F08")
def test_a_threshold_of_nothing_blocks(case, threshold):
    """It is how a resource is closed."""
    assert results(world(rate(threshold), at=T0), Call()) == "B"


@note("F09")
def test_a_rule_for_one_entrance_is_about_calls_from_there_only(case, named, threshold, one, other):
    """Chain."""
    rule = rate(threshold, selection=Selection(entrance=f"entry{int(named)}"))
    calls = [Call(entrance=f"entry{int(number)}") for number in (one, other)]
    assert results(world(rule, at=T0), *calls) == "BP"


@note("F11")
def test_whose_calls_a_rule_counts(case):
    """Everybody's, one caller's, each other caller's, another resource's, one entrance's."""
    a, b, c, nobody = (Call(origin=origin) for origin in ("a", "b", "c", ""))
    assert results(world(rate(2), at=T0), a, b, c) == "PPB"
    own = rate(1, selection=Selection(callers=("a",)))
    assert results(world(own, at=T0), b, b, a, a, nobody) == "PPPBP"
    others = replace(own, selection=Selection(callers=("a",), others=True, each=True))
    assert results(world(others, at=T0), a, a, b, b, c, c, nobody, nobody) == "PPPBPBPP"
    related = world(rate(1, related="g"), at=T0)
    assert results(related, Call(), Call()) == "PP"
    assert results(related, "g", "g") == "PP"
    assert results(related, Call()) == "B"
    inner, outer = Call(entrance="e"), Call(entrance="x")
    chain = rate(1, selection=Selection(entrance="e"))
    assert results(world(chain, at=T0), outer, inner, inner, outer) == "PPBP"


@note("F13")
def test_each_resource_of_a_pattern_has_all_of_the_threshold(case, most, seconds, *numbers):
    """Eighty and eighty of a hundred."""
    first, one, second, other, owned = (int(number) for number in numbers)
    rule = rate(most, int(seconds * 1000), buckets=1, resource="abc/.*", regex=True)
    gates = world(rule, at=T0)
    assert gates.passes(f"abc/{one}", times=first) == first
    assert gates.passes(f"abc/{other}", times=second) == second
    for name in (f"abc/{one}", f"abc/{other}"):
        assert gates.passes(name, times=int(most)) == most - owned


@note("W04")
def test_a_queue_that_warms_up_lets_the_first_call_pass_and_not_the_second(case, *_):
    """It would have to wait longer than it may."""
    gates = world(*rules_of(case), at=T0)
    assert results(gates, "r", "r") == "PB"


@note("H05")
def test_a_call_without_the_argument_is_not_limited(case, index):
    """There is no value that could be hot."""
    rule = hot(0, param=Param(source="argument", name=str(int(index))))
    calls = Call(("a",)), Call(("a", "b"))
    assert results(world(rule, at=T0), *calls) == "PB"


@note("H09")
def test_elements_of_an_array_are_paced(case, threshold):
    """The first passes at once, the second would have to wait."""
    call = Call((["a", "b"],))
    assert results(world(hot(threshold, behaviour=PACE), at=T0), call, call) == "PB"


class Article:
    def __init__(self, number: int, text: str) -> None:
        self.number, self.text = number, text

    def flow_key(self) -> int:
        return self.number


@note("H10")
def test_an_object_is_limited_by_the_key_that_it_names(case):
    """Two objects with one key are one value."""
    calls = [Call((Article(number, text),)) for number, text in ((1, "a"), (1, "b"), (2, "a"))]
    assert results(world(hot(1), at=T0), *calls) == "PBP"


@note("H18")
def test_no_more_values_are_told_apart_than_is_said(case, *numbers):
    """Caps; values with calls under way are counted as long as these are, and no longer."""
    many, usual, most, _, more, qps = numbers
    for capacity, cap in ((0, usual), (int(most), most)):
        rule = values(hot(10, behaviour=INFLIGHT, most_values=capacity))
        held = [rule.take(0, 1, f"v{number}") for number in range(int(many))]
        for one in held[: -int(cap)]:
            rule.leave(one)
        assert len(rule) == cap
    paced = values(hot(10, window_ms=10_000))
    for number in range(int(more)):
        paced.take(number, 1, f"v{number}")
    assert qps / 2 <= len(paced) <= qps
    few = values(hot(10, most_values=int(most)))
    for number in range(int(many)):
        few.take(number, 1, f"v{number}")
    assert most / 2 <= len(few) <= most


@note("H19")
def test_an_argument_is_found_by_its_name_or_its_place(case, one, two, rest, *_):
    """A rule names one of the two, so that none has to win; what is missing is not checked."""
    call = Call([one, two, *[None] * int(rest)], test1="v1")

    def shut(name: str, value: Any) -> str:
        param = Param(source="argument", name=name)
        return results(world(hot(9, param=param, items=((str(value), 0),)), at=T0), call)

    assert shut("test1", "v1") == "B"
    assert shut("1", two) == "B"
    nothing = hot(0, param=Param(source="argument", name="3"))
    assert results(world(nothing, at=T0), call) == "P"


@note("C16")
def test_breakers_that_cannot_be_enforced_are_refused(case, window, retry, most, buckets):
    """As Sentinel Go does; buckets that do not divide the window are no reason."""
    fine = breaker(0.5, window_ms=1000, recovery_ms=1000)
    broken: tuple[dict[str, Any], ...] = (
        {"resource": ""},
        {"window_ms": int(window)},
        {"recovery_ms": int(retry)},
        {"threshold": -1.0},
        {"threshold": most + 0.1},
    )
    for fields in broken:
        assert problem(replace(fine, **fields)) is not None, fields
    assert problem(fine) is None
    assert problem(replace(fine, buckets=3)) is None


@note("C17")
def test_breakers_that_sentinel_java_does_not_load_are_not_imported(case, *_):
    """A rule that is copied from there stays what it is: none."""
    slow = {"resource": "r", "grade": 0, "count": 50, "timeWindow": 8, "slowRatioThreshold": 0.5}
    ratio = {"resource": "r", "grade": 1, "count": 0.5, "timeWindow": 8}
    broken: tuple[dict[str, Any], ...] = (
        {**ratio, "resource": " "},
        *({**rule, "count": -1} for rule in (slow, ratio, {**ratio, "grade": 2})),
        {**ratio, "timeWindow": 0},
        {**ratio, "minRequestAmount": 0},
        {**ratio, "statIntervalMs": 0},
        *({**slow, "slowRatioThreshold": outside} for outside in (-0.1, 1.1)),
        {**ratio, "count": 1.1},
    )
    for rule in broken:
        assert imported([rule]).worst() == Gravity.INVALID, rule
    for rule in (slow, ratio):
        assert imported([rule]).worst() < Gravity.INVALID, rule


@note("C18")
def test_threads_that_try_an_open_breaker_all_roll_it_back(case, *numbers):
    """None passes; it opens again as often as it is tried, and each time for the other's sake."""
    _, threads, entries, rule = numbers
    both = (
        breaker(0.1, "slow-ratio", strategy="0", slow_ms=3, min_requests=0, recovery_ms=1),
        breaker(0.1, strategy="1", min_requests=0, recovery_ms=2_000_000),
    )
    gates = world(*both, at=T0)
    gates.call(50, failed=True)
    gates.time += 100_000_000
    before = len(gates.changes)
    blamed: list[str] = []

    def work() -> None:
        for _ in range(int(entries)):
            entry = gates.enter()
            if entry.refused is not None:
                blamed.append(entry.refused.rule.strategy)

    in_threads(int(threads), work)
    changes = gates.changes[before:]
    assert blamed == [str(int(rule) - 1)] * int(threads * entries)
    assert changes.count(("0", "open", "half_open")) == len(blamed)
    assert changes.count(("0", "half_open", "open")) == len(blamed)


@note("Y03")
def test_values_that_a_pattern_does_not_match_are_not_limited(case, *_):
    """Not even by ten million."""
    param = replace(ARGUMENT, match="prefix", pattern="hot")
    gates = world(hot(0, param=param), at=T0)
    assert results(gates, Call(("hot-1",)), *[Call(("cold",))] * 100) == "B" + "P" * 100


@note("Y04")
def test_a_prefix_is_compared(case, *_):
    """What is declared is done."""
    param = replace(ARGUMENT, match="prefix", pattern="ab")
    values = ("abc", "ab", "a", "xab")
    assert results(world(hot(0, param=param), at=T0), *(Call((v,)) for v in values)) == "BBPP"


@note("K02")
def test_kratos_takes_the_most_completed_and_the_least_mean_of_parts_that_are_over(case, *_):
    """A part that goes on is not among them, and where there is none both are 1."""
    strategy = KratosBBR(0.8)
    parts, now = strategy.PARTS, 1000.0
    length = strategy.WINDOW / parts
    assert strategy.best(now) == (1.0, 0.001)
    for part in range(10):
        for number in range(100 * (part + 1)):
            strategy.ended(now + part * length + 0.01, 0.001 * (10 * part + number % 10 + 1))
    most, least = strategy.best(now + 10 * length + 0.05)
    assert (most, ceil(least * 1000)) == (1000.0, 6)
    assert strategy.best(now + 9 * length + 0.05)[0] == 900.0


def test_a_case_of_another_text_is_not_taken_for_the_one_that_is_tested():
    """A test that passes must be about what the case says."""
    other = Case("F08", "selector", "java", {"note": "strategy direct, threshold 5 -> P"})
    with pytest.raises(Skip):
        next(run(other), None)
    same = replace(other, fields={"note": "strategy direct, threshold 5 -> B"})
    assert next(run(same), "") != ""
