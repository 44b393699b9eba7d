"""Rules that were imported, at the gate, under a clock that a test moves: as Sentinel counts."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.compiler import World as Rules
from fairlead.kinds import RateLimit
from tests.cli.sentinel.rules_of import compiled, imported
from tests.flow.virtual import MS, World


class Call:
    """What is known of a call."""

    def __init__(self, caller: str = "", entrance: str = "", value: Any = None) -> None:
        self._caller, self._entrance, self._value = caller, entrance, value

    def caller(self) -> str:
        return self._caller

    def entrance(self) -> str:
        return self._entrance

    def value(self, source: str, name: str) -> Any:
        del source, name
        return self._value


def world(*items: dict[str, Any], **options: Any) -> World:
    """Return gates that enforce rules of one type on ``f``, unless they name another resource."""
    return World(*compiled(imported([{"resource": "f", **item} for item in items])), **options)


def waits(at: World, times: int, name: str = "f") -> list[int | None]:
    """Return how many milliseconds calls wait that come at once, None for one that is rejected."""
    entries = [at.enter(name) for _ in range(times)]
    return [None if one.refused else round(one.wait / MS) for one in entries]


@pytest.mark.parametrize(
    "rule", [{"count": 5, "grade": 1}, {"threshold": 5, "statIntervalInMs": 1000}]
)
def test_twice_the_threshold_may_pass_around_an_edge(rule):
    """F15: a quota at the end of a half, and another when the half before it has left."""
    at = world(rule)
    at.at(499)
    assert at.passes(times=9) == 5
    at.at(999)
    assert at.passes(times=9) == 0
    at.at(1000)
    assert at.passes(times=9) == 5


def test_a_queue_paces_and_the_longest_wait_passes():
    """Ten a second, half a second: the sixth waits as long as it may."""
    assert waits(world({"count": 10, "controlBehavior": 2}), 7) == [
        0,
        100,
        200,
        300,
        400,
        500,
        None,
    ]


def test_strict_spacing_rejects_what_is_too_early():
    """Go, without a wait."""
    at = world({"threshold": 2, "controlBehavior": 1, "tokenCalculateStrategy": 0})
    assert waits(at, 2) == [0, None]
    at.at(499)
    assert waits(at, 1) == [None]
    at.at(500)
    assert waits(at, 2) == [0, None]


@pytest.mark.parametrize(
    "rule",
    [
        {"count": 10, "controlBehavior": 1},
        {"threshold": 10, "tokenCalculateStrategy": 1, "warmUpPeriodSec": 10},
    ],
)
def test_a_warm_up_begins_at_a_third(rule):
    """Threshold 10, period 10 s, cold factor 3: three pass in the first second."""
    assert world(rule).passes(times=9) == 3


def test_others_are_counted_each_by_itself_and_nobody_is_no_other():
    """F07: a call without the name of its app is not among them."""
    at = world({"count": 2, "limitApp": "web"}, {"count": 1, "limitApp": "other"})
    passed = {name: at.passes(times=5, facts=Call(name)) for name in ("web", "app", "tv", "")}
    assert passed == {"web": 2, "app": 1, "tv": 1, "": 5}


def test_a_related_resource_is_counted_and_this_one_rejected():
    """Whoever calls it."""
    at = world({"count": 2, "strategy": 1, "refResource": "write"})
    assert at.passes(times=5) == 5
    assert at.passes("write", times=2, facts=Call("web")) == 2
    assert at.passes(times=5) == 0
    assert at.passes("write", times=5) == 5


def test_a_chain_counts_the_calls_of_one_entrance():
    """Calls from elsewhere pass, and use up nothing."""
    at = world({"count": 2, "strategy": 2, "refResource": "GET:/a"})
    assert at.passes(times=5, facts=Call(entrance="GET:/b")) == 5
    assert at.passes(times=5, facts=Call(entrance="GET:/a")) == 2


def test_threads_are_calls_under_way():
    """Grade 0, and Go's isolation."""
    for rule in ({"count": 2.5, "grade": 0}, {"threshold": 2, "metricType": 0}):
        at = world(rule)
        inside = [at.enter() for _ in range(3)]
        assert [one.refused is None for one in inside] == [True, True, False]
        inside[0].exit()
        assert at.enter().refused is None


def test_names_of_callers_are_exact():
    """U02, U03: a part of a name is none, and who has no name passes."""
    at = world({"limitApp": "web,app", "strategy": 0})
    passed = {name: at.passes(facts=Call(name)) for name in ("web", "we", "app", "tv", "")}
    assert passed == {"web": 1, "we": 0, "app": 1, "tv": 0, "": 1}


@pytest.mark.parametrize(
    ("rule", "opens"),
    [
        ({"grade": 1, "count": 0.5, "timeWindow": 8, "minRequestAmount": 2}, False),
        (
            {
                "strategy": 1,
                "threshold": 0.5,
                "retryTimeoutMs": 8000,
                "statIntervalMs": 1000,
                "minRequestAmount": 2,
            },
            True,
        ),
        ({"grade": 1, "count": 1.0, "timeWindow": 8, "minRequestAmount": 2}, False),
    ],
)
def test_one_bad_call_of_two_opens_a_breaker_of_go(rule, opens):
    """At the ratio there, above it in Java, where one of 1 never opens."""
    at = world(rule)
    at.call()
    at.call(failed=True)
    assert (at.call() == "breaker") is opens


def test_a_slow_ratio_of_one_opens_at_it_in_java():
    """The one exception; a call that takes as long as it may is not slow."""
    at = world({"grade": 0, "count": 40, "timeWindow": 3, "minRequestAmount": 2})
    assert [at.call(40), at.call(41), at.call(1)] == ["", "", ""]
    at.at(2000)
    assert [at.call(41), at.call(41), at.call()] == ["", "", "breaker"]
    at.at(2000 + 82 + 3000)
    assert at.call(1) == ""
    assert at.call() == ""


@pytest.mark.parametrize(
    "rule",
    [
        {"paramIdx": 0, "count": 5, "burstCount": 3, "durationInSec": 2},
        {"metricType": 1, "paramIndex": 0, "threshold": 5, "burstCount": 3, "durationInSec": 2},
        {"resourceMode": 0, "count": 5, "burst": 3, "intervalSec": 2},
    ],
)
def test_a_bucket_refills_when_more_than_its_time_has_passed(rule):
    """Of each value, and of all calls together at a gateway."""
    at = world(rule)
    value = Call(value="x")
    assert at.passes(times=20, facts=value) == 8
    at.at(2000)
    assert at.passes(times=20, facts=value) == 0
    at.at(2001)
    assert at.passes(times=20, facts=value) == 5


def test_each_element_of_a_list_counts_in_java_and_the_list_in_go():
    """H-cases: any element that is over rejects the call there."""
    java = world({"paramIdx": 0, "count": 1})
    go = world({"metricType": 1, "paramIndex": 0, "threshold": 1, "durationInSec": 1})
    for at, passed in ((java, [1, 0, 1]), (go, [1, 1, 1])):
        lists = (["a", "b"], ["b", "c"], ["d"])
        assert [at.passes(facts=Call(value=one)) for one in lists] == passed


def test_a_pattern_of_go_matches_a_part_of_a_name():
    """Each resource by itself (F05)."""
    at = world({"resource": "api", "regex": True, "threshold": 1, "statIntervalInMs": 0})
    assert [at.passes(name, times=3) for name in ("x/api/y", "api", "ap")] == [1, 1, 3]


def test_a_threshold_falls_as_memory_fills():
    """Half way between the marks it is half way between the thresholds."""
    used = 0
    at = world(
        {
            "tokenCalculateStrategy": 2,
            "lowMemUsageThreshold": 10,
            "highMemUsageThreshold": 2,
            "memLowWaterMarkBytes": 1000,
            "memHighWaterMarkBytes": 2000,
        },
        memory=lambda: used,
    )
    assert at.passes(times=20) == 10
    used = 1500
    at.at(5000)
    assert at.passes(times=20) == 6


def test_a_policy_with_a_burst_is_a_bucket_of_tokens():
    """Twenty at once, five a second in the long run; and less at once than in a second."""
    for burst in (20, 2):
        policy = RateLimit(name="r", limit=5, interval="1s", burst=burst)
        at = World(*Rules.of([policy], [], 1).snapshot("default", "a").flow)
        assert at.passes("GET:/a", times=50) == burst
        at.at(200)
        assert at.passes("GET:/a", times=50) == 1
        at.at(5000)
        assert at.passes("GET:/a", times=50) == burst
        assert at.passes("POST:/a", times=50) == burst
        assert at.passes("call:b", times=50) == 50
