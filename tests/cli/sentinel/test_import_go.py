"""Rules of sentinel-golang: what agents enforce counts as it does there."""

from __future__ import annotations

import pytest

from fairlead.policy.breaker import ERROR_COUNT, ERROR_RATIO, SLOW_RATIO
from fairlead.policy.limit import INFLIGHT, PACE, MemoryScale, Param, WarmUp, Window
from tests.cli.sentinel.rules_of import rules, said


def flow(**fields):
    return {"resource": "f", "threshold": 5, **fields}


def breaker(**fields):
    return {
        "resource": "f",
        "strategy": 0,
        "retryTimeoutMs": 2500,
        "statIntervalMs": 5000,
        "maxAllowedRtMs": 250,
        "threshold": 0.5,
        **fields,
    }


def hot(**fields):
    return {"resource": "f", "metricType": 1, "paramIndex": 0, "threshold": 5, **fields}


def memory(**fields):
    return flow(
        tokenCalculateStrategy=2,
        **{
            "lowMemUsageThreshold": 1000,
            "highMemUsageThreshold": 100,
            "memLowWaterMarkBytes": 1 << 30,
            "memHighWaterMarkBytes": 2 << 30,
            **fields,
        },
    )


@pytest.mark.parametrize(
    ("interval", "length", "buckets"),
    [
        (0, 1000, 2),
        (1000, 1000, 2),
        (250, 250, 1),
        (500, 500, 1),
        (750, 750, 1),
        (1500, 1500, 3),
        (10_000, 10_000, 20),
        (60_000, 60_000, 1),
    ],
)
def test_windows_have_the_buckets_that_their_length_gives(interval, length, buckets):
    """Whole halves of a second are read from what a resource counts anyway; others are one."""
    (rule,) = rules(flow(statIntervalInMs=interval, threshold=5.9))
    assert rule.windows == (Window(threshold=5, window_ms=length, buckets=buckets),)


def test_a_queue_may_have_no_wait():
    """0 is strict spacing there; Java needs a wait. Less than one call at once closes it."""
    strict, closed = rules(
        flow(controlBehavior=1, statIntervalInMs=500),
        flow(controlBehavior=1, threshold=0.5, resource="g"),
    )[::-1]
    assert (strict.threshold, strict.window_ms, strict.queue_ms) == (5, 500, 0)
    assert closed.windows[0].threshold == 0


def test_warm_ups_have_a_factor_of_their_own():
    """3 where nothing is said."""
    reject, queue = rules(
        flow(tokenCalculateStrategy=1, warmUpPeriodSec=10),
        flow(
            tokenCalculateStrategy=1,
            controlBehavior=1,
            warmUpPeriodSec=30,
            warmUpColdFactor=5,
            maxQueueingTimeMs=800,
            resource="g",
        ),
    )
    assert reject.warm_up == WarmUp(period_ms=10_000, cold_factor=3)
    assert queue.warm_up == WarmUp(period_ms=30_000, cold_factor=5)
    assert queue.queue_ms == 800


def test_a_threshold_by_memory_and_a_related_resource():
    """Both are what they are called."""
    scaled, related = rules(memory(), flow(relationStrategy=1, refResource="w", resource="g"))
    assert scaled.memory == MemoryScale(
        low_threshold=1000, high_threshold=100, low_bytes=1 << 30, high_bytes=2 << 30
    )
    assert related.related == "w"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("^/api/[a-z]+$", "/api/[a-z]+"),
        ("^(?:a|b)$", "a|b"),
        ("internal", ".*(?:internal).*"),
        ("^a|b$", ".*(?:^a|b$).*"),
    ],
)
def test_a_pattern_matches_a_part_of_a_name_there(pattern, found):
    """Here it matches whole names."""
    (rule,) = rules(flow(resource=pattern, regex=True, statIntervalInMs=0))
    assert (rule.regex, rule.resource) == (True, found)


def test_isolation_is_calls_at_a_time():
    """With the same number."""
    (rule,) = rules({"resource": "f", "metricType": 0, "threshold": 12})
    assert rule.most == 12


def test_breakers_open_at_their_threshold():
    """2.5 errors or more are 3; buckets that do not divide the interval are one."""
    slow, ratio, count = rules(
        breaker(statSlidingWindowBucketCount=10, minRequestAmount=7),
        breaker(strategy=1, statSlidingWindowBucketCount=7),
        breaker(strategy=2, threshold=2.5),
    )
    assert (slow.strategy_kind, slow.threshold, slow.slow_ms) == (SLOW_RATIO, 0.5, 250)
    assert (slow.buckets, ratio.buckets, slow.min_requests, ratio.min_requests) == (10, 1, 7, 1)
    assert (ratio.strategy_kind, count.strategy_kind) == (ERROR_RATIO, ERROR_COUNT)
    assert (count.threshold, count.recovery_ms, count.window_ms) == (3, 2500, 5000)
    assert slow.inclusive
    assert count.inclusive


def test_values_are_whole_arguments():
    """A list is one value; an attachment is an argument by name; items are in two forms."""
    reject, threads, pace = rules(
        hot(
            durationInSec=2,
            burstCount=3,
            specificItems=[
                {"valKind": 0, "valStr": "4711", "threshold": 50},
                {"valKind": 1, "valStr": "a b", "threshold": 2},
                {"valKind": 2, "valStr": "T", "threshold": 0},
                {"valKind": 3, "valStr": "1.123456789", "threshold": 4},
            ],
        ),
        hot(metricType=0, paramKey="user", paramsMaxCapacity=5000, specificItems={"vip": 9}),
        hot(paramIndex=-1, controlBehavior=1, durationInSec=1, maxQueueingTimeMs=400),
    )
    assert reject.items == (("4711", 50), ("a b", 2), ("true", 0), ("1.12346", 4))
    assert (reject.burst, reject.window_ms, reject.elements) == (3, 2000, False)
    assert threads.param == Param(source="argument", name="user")
    assert (threads.behaviour, threads.most_values, threads.items) == (
        INFLIGHT,
        5000,
        (("vip", 9),),
    )
    assert (pace.behaviour, pace.queue_ms, pace.param.name) == (PACE, 400, "-1")


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (breaker(probeNum=3), "warning: [0].probeNum: at most 3 calls are under way"),
        (
            flow(tokenCalculateStrategy=1, warmUpPeriodSec=1, statIntervalInMs=2000),
            "warning: [0].statIntervalInMs: a warm-up takes it for a second there",
        ),
        (
            flow(controlBehavior=1, relationStrategy=1, refResource="w"),
            "warning: [0].refResource: a queue paces the calls of the resource itself",
        ),
        (
            hot(durationInSec=1, specificItems=[{"valKind": 0, "valStr": "x", "threshold": 1}]),
            "warning: [0].specificItems[0].valStr: 'x' is no value of kind 0",
        ),
        (breaker(limitApp="web"), "warning: [0].limitApp: no field of such a rule"),
        (memory(controlBehavior=1), "[0].tokenCalculateStrategy: left out: 2 with controlBehav"),
        (flow(tokenCalculateStrategy=7), "[0].tokenCalculateStrategy: left out: is unknown"),
        (flow(statIntervalInMs=0, controlBehavior=2), "[0].controlBehavior: left out: is unknown"),
        (breaker(threshold=0), "[0].threshold: left out: 0 opens it without a bad call"),
        (breaker(strategy=3), "[0].strategy: left out: 3 is none of"),
        ({"metricType": 4, "triggerCount": 0.8}, "[0]: left out: protection of the whole"),
        (flow(relationStrategy=1), "[0].refResource: required with relationStrategy 1"),
        (flow(relationStrategy=2), "[0].relationStrategy: 2 is not from 0 to 1"),
        (flow(tokenCalculateStrategy=1), "[0].warmUpPeriodSec: required"),
        (
            flow(tokenCalculateStrategy=1, warmUpPeriodSec=1, warmUpColdFactor=1),
            "[0].warmUpColdFactor: must be greater than 1",
        ),
        (memory(highMemUsageThreshold=1000), "[0].highMemUsageThreshold: 1000 is not below"),
        (memory(memLowWaterMarkBytes=2 << 30), "[0].memHighWaterMarkBytes: "),
        (breaker(threshold=1.5), "[0].threshold: 1.5 is no ratio from 0 to 1"),
        (breaker(retryTimeoutMs=0), "[0].retryTimeoutMs: 0 is not from 1"),
        (hot(durationInSec=0), "[0].durationInSec: 0 is not from 1"),
        (hot(paramKey="a", paramIndex=1), "[0].paramKey: does not go with a paramIndex"),
        ({"resource": "f", "metricType": 0, "threshold": 0}, "[0].threshold: 0 is not from 1"),
        ({"resource": "f", "metricType": 1, "threshold": 1}, "[0].metricType: 1 is not from 0"),
    ],
)
def test_what_cannot_be_honoured_is_told_with_its_path(item, words):
    """As a warning, as a rule that is left out, or as what is no rule."""
    assert said(item)[0].startswith(words)
