"""Rules of Sentinel Java: what agents enforce counts as it does there."""

from __future__ import annotations

import pytest

from fairlead.policy.breaker import ERROR_COUNT, ERROR_RATIO, SLOW_RATIO
from fairlead.policy.limit import INFLIGHT, PACE, REJECT, Param, WarmUp, Window
from fairlead.policy.rule import Selection
from tests.cli.sentinel.rules_of import rules, said


def flow(**fields):
    return {"resource": "f", "count": 5, "grade": 1, **fields}


def degrade(**fields):
    return {"resource": "f", "count": 0.5, "timeWindow": 8, **fields}


def hot(**fields):
    return {"resource": "f", "paramIdx": 0, "count": 5, **fields}


def gateway(**fields):
    return {"resource": "route", "count": 5, "intervalSec": 1, **fields}


@pytest.mark.parametrize(("count", "threshold"), [(5, 5), (4.5, 4), (0.5, 0), (0, 0)])
def test_requests_are_counted_in_two_halves_of_a_second(count, threshold):
    """Twice the threshold may pass around an edge, as it does there; calls are whole."""
    (rule,) = rules(flow(count=count))
    assert rule.windows == (Window(threshold=threshold, window_ms=1000, buckets=2),)
    assert rule.selection == Selection()


def test_threads_are_calls_at_a_time():
    """Grade 0, whatever the behaviour says: Sentinel looks at it for requests only."""
    (rule,) = rules(flow(grade=0, count=2.5, controlBehavior=2))
    assert rule.most == 2


@pytest.mark.parametrize(
    ("fields", "selection"),
    [
        ({"limitApp": "default"}, Selection()),
        ({"limitApp": " "}, Selection()),
        ({"limitApp": "web"}, Selection(callers=("web",))),
        ({"limitApp": "other"}, Selection(others=True, each=True)),
        ({"strategy": 2, "refResource": "GET:/a"}, Selection(entrance="GET:/a")),
    ],
)
def test_callers_and_chains_are_selections(fields, selection):
    """Each of the others is counted by itself, as its origin's node is."""
    assert [rule.selection for rule in rules(flow(**fields))] == [selection]


def test_others_are_those_without_a_rule_of_their_own():
    """Of the same resource, also where it is written behind."""
    found = rules(
        flow(limitApp="other"),
        flow(limitApp="web"),
        flow(limitApp="app", grade=0),
        flow(limitApp="far", resource="g"),
    )
    assert found[0].selection == Selection(callers=("app", "web"), others=True, each=True)


def test_a_related_resource_is_counted_instead():
    """Writing before reading."""
    (rule,) = rules(flow(strategy=1, refResource="write", limitApp="other"))
    assert (rule.related, rule.selection.others, rule.selection.each) == ("write", True, False)


def test_a_queue_has_a_pace_and_a_longest_wait():
    """500 ms where nothing is said; less than one a second is one in more seconds."""
    first, second = rules(
        flow(count=300, controlBehavior=2),
        flow(count=0.5, controlBehavior=2, maxQueueingTimeMs=20000, resource="g"),
    )
    assert (first.threshold, first.window_ms, first.queue_ms) == (300, 1000, 500)
    assert (second.threshold, second.window_ms, second.queue_ms) == (1, 2000, 20000)
    assert first.burst == 1


def test_warm_ups_have_the_cold_factor_of_the_process():
    """Sentinel Java reads it from a property: rules do not say it."""
    first, second = rules(
        flow(count=90, controlBehavior=1),
        flow(count=20, controlBehavior=3, warmUpPeriodSec=30, maxQueueingTimeMs=800, resource="g"),
        cold_factor=4,
    )
    assert first.warm_up == WarmUp(period_ms=10_000, cold_factor=4)
    assert first.windows == (Window(threshold=90, window_ms=1000, buckets=2),)
    assert second.warm_up == WarmUp(period_ms=30_000, cold_factor=4)
    assert (second.threshold, second.queue_ms) == (20, 800)


def test_breakers_open_above_their_threshold():
    """More than 12 errors are 13; a ratio of exactly one half does not open."""
    slow, ratio, count = rules(
        degrade(grade=0, count=40.5, slowRatioThreshold=0.6, statIntervalMs=20000),
        degrade(grade=1, count=0.125, minRequestAmount=10),
        degrade(grade=2, count=12),
    )
    assert (slow.strategy_kind, slow.threshold, slow.slow_ms) == (SLOW_RATIO, 0.6, 41.0)
    assert (ratio.strategy_kind, ratio.threshold, ratio.min_requests) == (ERROR_RATIO, 0.125, 10)
    assert (count.strategy_kind, count.threshold, count.inclusive) == (ERROR_COUNT, 13, True)
    assert (slow.inclusive, ratio.inclusive) == (False, False)
    assert (slow.window_ms, slow.buckets, slow.recovery_ms, slow.probes) == (20000, 1, 8000, 1)
    assert (ratio.window_ms, ratio.min_requests, count.min_requests) == (1000, 10, 5)


def test_values_of_arguments_are_limited_element_by_element():
    """Values of types are compared as the text that they are here."""
    reject, threads, pace = rules(
        hot(
            durationInSec=2,
            burstCount=3,
            paramFlowItemList=[
                {"object": "0042", "classType": "int", "count": 50},
                {"object": "TRUE", "classType": "java.lang.Boolean", "count": 0},
                {"object": "1.50", "classType": "double", "count": 1},
                {"object": "a b", "count": 2},
            ],
        ),
        hot(paramIdx=-1, grade=0, count=2.5),
        hot(paramIdx=1, controlBehavior=2, maxQueueingTimeMs=400),
    )
    assert reject.param == Param(source="argument", name="0")
    assert (reject.behaviour, reject.burst, reject.window_ms) == (REJECT, 3, 2000)
    assert reject.items == (("42", 50), ("true", 0), ("1.5", 1), ("a b", 2))
    assert reject.elements
    assert (threads.behaviour, threads.threshold, threads.param.name) == (INFLIGHT, 2, "-1")
    assert (pace.behaviour, pace.queue_ms, pace.window_ms) == (PACE, 400, 1000)


def test_authorities_are_lists_of_exact_names():
    """White and black."""
    allow, deny = rules(
        {"resource": "f", "limitApp": "a,b,a", "strategy": 0},
        {"resource": "g", "limitApp": "c", "strategy": 1},
    )
    assert (allow.names, allow.allow) == (("a", "b"), True)
    assert (deny.names, deny.allow) == (("c",), False)


def test_a_gateways_rules_are_about_values_of_requests():
    """Without a part all requests have one value, in a bucket like the others."""
    whole, ip, header, cookie = rules(
        gateway(intervalSec=3, burst=5),
        gateway(paramItem={"parseStrategy": 0}),
        gateway(
            paramItem={
                "parseStrategy": 2,
                "fieldName": "X-T",
                "pattern": "g-.*",
                "matchStrategy": 2,
            }
        ),
        gateway(
            controlBehavior=2,
            paramItem={
                "parseStrategy": 4,
                "fieldName": "sid",
                "pattern": "a",
                "matchStrategy": 3,
            },
        ),
    )
    assert whole.param == Param(source="constant")
    assert (whole.threshold, whole.burst, whole.window_ms) == (5, 5, 3000)
    assert ip.param == Param(source="client-ip")
    assert header.param == Param(source="header", name="X-T", match="regex", pattern="g-.*")
    assert cookie.param == Param(source="cookie", name="sid", match="contains", pattern="a")
    assert (cookie.behaviour, cookie.queue_ms) == (PACE, 500)


def test_rules_that_say_the_same_are_one_rule():
    """Sentinel keeps them in a set."""
    assert len(rules(flow(), flow(id=7), flow(count=6))) == 2


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (
            flow(clusterMode=True, clusterConfig={"flowId": 1, "thresholdType": 1}),
            "warning: [0].clusterConfig: is kept with limitMode Global, and not enforced",
        ),
        (
            flow(clusterMode=True, clusterConfig={"flowId": 1}),
            "warning: [0].clusterConfig: instances do not share tokens",
        ),
        (
            flow(strategy=2, refResource="e", limitApp="a"),
            "warning: [0].limitApp: counts all callers from that entrance there",
        ),
        (flow(warmUpColdFactor=3), "warning: [0].warmUpColdFactor: no field of such a rule"),
        (flow(limitapp="web"), "warning: [0].limitapp: no field of such a rule, did you mean lim"),
        (
            hot(resource="GET:/a"),
            "warning: [0].paramIdx: an HTTP request has no arguments by number",
        ),
        (
            hot(paramFlowItemList=[{"object": "x", "classType": "int", "count": 1}]),
            "warning: [0].paramFlowItemList[0].object: 'x' is no int: Sentinel ignores it too",
        ),
        (
            gateway(paramItem={"parseStrategy": 0, "pattern": "10.", "matchStrategy": 1}),
            "warning: [0].paramItem.matchStrategy: 1 limits every value, as in Sentinel",
        ),
        (
            {"resource": "f", "limitApp": "a, b", "strategy": 0},
            "warning: [0].limitApp: blanks beside a comma are left out",
        ),
    ],
)
def test_what_does_not_mean_all_that_it_says_is_told_with_its_path(item, words):
    """The rule is there: whoever takes it over has to know the rest."""
    (told,) = said(item)
    assert told.startswith(words)
    assert len(rules(item)) <= 1


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (flow(strategy=3), "[0].strategy: left out: 3 is none of 0, 1 and 2"),
        (flow(grade=0, strategy=1, refResource="g"), "[0].strategy: left out: 1 with grade 0"),
        (flow(controlBehavior=1, count=0.5), "[0].count: left out: 0.5 is less than one request"),
        (flow(regex=True, resource="(a+)+"), "[0].resource: left out: "),
        (gateway(resourceMode=1), "[0].resourceMode: left out: groups of routes"),
        (gateway(paramItem={"parseStrategy": 9}), "[0].paramItem.parseStrategy: left out: 9"),
        ({"highestSystemLoad": 3.5}, "[0]: left out: protection of the whole process"),
        ({"resource": "f", "limitApp": "a", "strategy": 2}, "[0].strategy: left out: 2"),
        (hot(grade=5), "[0].grade: left out: 5 is neither 0 nor 1"),
    ],
)
def test_what_is_not_supported_is_left_out_and_told(item, words):
    """The rest of the file is taken over."""
    assert said(item)[0].startswith(words)
    assert rules(item) == []


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (flow(resource=""), "[0].resource: required"),
        (flow(resource=4), "[0].resource: must be a string, got the integer 4"),
        (flow(count="5"), "[0].count: must be a number, got a string"),
        (flow(count=-1), "[0].count: -1 is less than 0"),
        (flow(count=float("nan")), "[0].count: nan is less than 0, or no number"),
        (flow(count=1e300), "[0].count: 1e+300 is more than 1000000000"),
        (flow(grade=2), "[0].grade: 2 is neither 0, threads, nor 1"),
        (flow(grade=True), "[0].grade: must be an integer, got the boolean true"),
        (flow(strategy=1), "[0].refResource: required with strategy 1"),
        (flow(controlBehavior=2, maxQueueingTimeMs=0), "[0].maxQueueingTimeMs: 0 is not from 1"),
        (flow(controlBehavior=1, warmUpPeriodSec=0), "[0].warmUpPeriodSec: 0 is not from 1"),
        (flow(clusterMode=True), "[0].clusterConfig: required with clusterMode"),
        (flow(clusterMode=True, clusterConfig=3), "[0].clusterConfig: must be an object"),
        (degrade(timeWindow=0), "[0].timeWindow: 0 is not from 1"),
        (degrade(grade=1, count=2), "[0].count: 2 is no ratio from 0 to 1"),
        (degrade(grade=3), "[0].grade: 3 is none of 0, 1 and 2"),
        (degrade(slowRatioThreshold=1.5), "[0].slowRatioThreshold: 1.5 is no ratio"),
        (hot(paramIdx=None, paramFlowItemList=[]), "[0].paramIdx: required"),
        (hot(durationInSec=0), "[0].durationInSec: 0 is not from 1"),
        (hot(paramFlowItemList=[3]), "[0].paramFlowItemList[0]: must be an object"),
        (gateway(paramItem={"parseStrategy": 2}), "[0].paramItem.fieldName: required"),
        ({"resource": "f", "limitApp": " , ", "strategy": 0}, "[0].limitApp: required"),
        (flow(resource="HEAD:/a"), "[0]: spec.targets[0].targetResourceName: HEAD counts as GET"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_path(item, words):
    """Sentinel ignores such rules with a line in a log."""
    assert said(item)[0].startswith(words)


def test_a_resource_has_one_authority_rule():
    """Sentinel takes the first one."""
    first, second = ({"resource": "f", "limitApp": name, "strategy": 0} for name in "ab")
    assert [rule.names for rule in rules(first, second)] == [("a",)]
    assert said(first, second)[0].startswith("[1]: left out: the resource has an authority rule")
