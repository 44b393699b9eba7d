"""Rules of Sentinel Java (1.8) as strategies that count as it does.

Numbers of calls are whole: ``passed + n > 2.5`` is ``passed + n > 2``. Sources: FlowRuleUtil,
FlowRuleChecker, DegradeRuleManager, ParamFlowChecker, AuthorityRuleChecker.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from fairlead.cli.sentinel.drafts import (
    Strategy,
    Surroundings,
    closed,
    milliseconds,
    percentage,
    plain,
)
from fairlead.cli.sentinel.fields import Fields

COMMON = ("id", "resource", "limitApp", "regex")
DASHBOARD = ("app", "ip", "port", "gmtCreate", "gmtModified", "rule")
"""Fields that the dashboard stores beside a rule's own."""

FLOW = (
    "grade",
    "count",
    "strategy",
    "refResource",
    "controlBehavior",
    "warmUpPeriodSec",
    "maxQueueingTimeMs",
    "clusterMode",
    "clusterConfig",
    "controller",
    "rater",
)
DEGRADE = (
    "grade",
    "count",
    "timeWindow",
    "minRequestAmount",
    "slowRatioThreshold",
    "statIntervalMs",
    "rtSlowRequestAmount",
)
PARAM_FLOW = (
    "grade",
    "paramIdx",
    "count",
    "controlBehavior",
    "maxQueueingTimeMs",
    "burstCount",
    "durationInSec",
    "paramFlowItemList",
    "clusterMode",
    "clusterConfig",
    "hotItems",
    "parsedHotItems",
)
AUTHORITY = ("strategy",)

DEFAULT, OTHER = "default", "other"
THREADS, REQUESTS = 0, 1
DIRECT, RELATE, CHAIN = 0, 1, 2
REJECT, WARM_UP, QUEUE, WARM_UP_QUEUE = 0, 1, 2, 3

SLOW, ERROR_RATIO, ERROR_COUNT = 0, 1, 2

FARTHEST = (1 << 15) - 1
"""Position of an argument, from either end."""

HTTP = re.compile(r"(?:[A-Z]{1,32}:)?/")

_INTEGERS = {"int", "long", "byte", "short"} | {
    f"java.lang.{name}" for name in ("Integer", "Long", "Byte", "Short")
}
_FRACTIONS = {"double", "float", "java.lang.Double", "java.lang.Float"}
_BOOLEANS = {"boolean", "java.lang.Boolean"}


def flow(rule: Fields, around: Surroundings) -> Strategy:
    """Return what a FlowRule is."""
    grade, count = rule.integer("grade", REQUESTS), rule.number("count", 0.0)
    if grade not in (THREADS, REQUESTS):
        raise rule.invalid("grade", f"{grade} is neither 0, threads, nor 1, requests a second")
    selection = _selection(rule, around, grade)
    if grade == THREADS:
        return {"concurrencyLimit": {"maxConcurrency": int(count), **_cluster(rule), **selection}}
    behaviour = rule.integer("controlBehavior", REJECT)
    warm_up = _warm_up(rule, around) if behaviour in (WARM_UP, WARM_UP_QUEUE) else {}
    queue = 0
    if behaviour in (QUEUE, WARM_UP_QUEUE):
        queue = rule.integer("maxQueueingTimeMs", 500, least=1)
    mode = _cluster(rule)
    if mode or behaviour not in (WARM_UP, QUEUE, WARM_UP_QUEUE):
        limit = {"threshold": int(count), "statDuration": "1s", "buckets": 2}
        return {"rateLimit": {**limit, **mode, **selection}}
    if count == 0:
        return closed() if not selection else {"rateLimit": {**closed()["rateLimit"], **selection}}
    if 0 < count < 1 and warm_up:
        raise rule.left_out("count", f"{count:g} is less than one request a second, with a warm-up")
    if behaviour == WARM_UP:
        limit = {"threshold": plain(count), "statDuration": "1s", "buckets": 2}
        return {"rateLimit": {**limit, **warm_up, **selection}}
    if selection.pop("relatedResource", None) is not None:
        rule.differs("refResource", "a queue paces the calls of the resource itself, there too")
    return {
        "throttling": {
            **pace(count, 1000),
            "queueTimeout": milliseconds(queue),
            **warm_up,
            **selection,
        }
    }


def pace(count: float, window_ms: int) -> dict[str, Any]:
    """Return the pace of `count` calls in a window, which is at least one call."""
    if count >= 1:
        return {"threshold": plain(count), "statDuration": milliseconds(window_ms)}
    return {"threshold": 1, "statDuration": milliseconds(round(window_ms / count))}


def _warm_up(rule: Fields, around: Surroundings) -> dict[str, Any]:
    period = rule.integer("warmUpPeriodSec", 10, least=1)
    return {"warmUp": {"period": f"{period}s", "coldFactor": plain(around.cold_factor)}}


def _selection(rule: Fields, around: Surroundings, grade: int) -> dict[str, Any]:
    """Return whose calls are counted and judged (selectNodeByRequesterAndStrategy)."""
    app, strategy = rule.text("limitApp").strip() or DEFAULT, rule.integer("strategy", DIRECT)
    found: dict[str, Any] = {}
    if app == OTHER:
        others = sorted(around.origins.get(rule.text("resource"), ()))
        found = {"otherCallers": others, "perCaller": strategy == DIRECT}
    elif app != DEFAULT:
        found = {"callers": [app]}
    if strategy == DIRECT:
        return found
    if strategy not in (RELATE, CHAIN):
        raise rule.left_out("strategy", f"{strategy} is none of 0, 1 and 2: Sentinel applies none")
    reference = rule.text("refResource").strip()
    if not reference:
        raise rule.invalid("refResource", f"required with strategy {strategy}")
    if strategy == CHAIN:
        if found:
            what = "counts all callers from that entrance there, and these callers' calls only here"
            rule.differs("limitApp", what)
        return {**found, "entrance": reference}
    if grade == THREADS:
        raise rule.left_out(
            "strategy", "1 with grade 0: threads of another resource are not counted"
        )
    return {**found, "relatedResource": reference}


def _cluster(rule: Fields) -> dict[str, str]:
    """Return the mode of a limit that instances share, and say that it is not enforced."""
    if not rule.flag("clusterMode"):
        return {}
    config = rule.part("clusterConfig")
    if config is None:
        raise rule.invalid("clusterConfig", "required with clusterMode")
    if config.integer("thresholdType", 0) == 0:
        what = "instances do not share tokens: each counts for itself, and has all of its share"
        rule.differs("clusterConfig", what)
        return {}
    what = "is kept with limitMode Global, and not enforced before instances share tokens"
    rule.differs("clusterConfig", what)
    return {"limitMode": "Global"}


def degrade(rule: Fields, around: Surroundings) -> Strategy:
    """Return what a DegradeRule is."""
    del around
    grade, count = rule.integer("grade", SLOW), rule.number("count", 0.0)
    breaker: dict[str, Any] = {
        "statDuration": milliseconds(rule.integer("statIntervalMs", 1000, least=1)),
        "recoveryTimeout": f"{rule.integer('timeWindow', least=1)}s",
        "minRequestAmount": rule.integer("minRequestAmount", 5, least=1),
        "buckets": 1,
    }
    if grade == ERROR_COUNT:
        # More than 2.5 errors are 3 or more.
        opens = {"strategy": "ErrorRequestCount", "triggerCount": int(count) + 1}
        return {"circuitBreaker": {**opens, **breaker}}
    if grade == ERROR_RATIO:
        if count > 1:
            raise rule.invalid("count", f"{count:g} is no ratio from 0 to 1")
        opens = {"strategy": "ErrorRequestRatio", "triggerRatio": percentage(count)}
        return {"circuitBreaker": {**opens, "exclusive": True, **breaker}}
    if grade != SLOW:
        raise rule.invalid("grade", f"{grade} is none of 0, 1 and 2")
    ratio = rule.number("slowRatioThreshold", 1.0)
    if ratio > 1:
        raise rule.invalid("slowRatioThreshold", f"{ratio:g} is no ratio from 0 to 1")
    opens = {"strategy": "SlowRequestRatio", "triggerRatio": percentage(ratio)}
    # Math.round: halves go up.
    slow = {"slowConditions": {"maxAllowedRt": milliseconds(int(count + 0.5))}}
    return {"circuitBreaker": {**opens, **slow, "exclusive": True, **breaker}}


def param_flow(rule: Fields, around: Surroundings) -> Strategy:
    """Return what a ParamFlowRule is."""
    del around
    position = rule.integer("paramIdx", least=-FARTHEST, most=FARTHEST)
    if HTTP.match(rule.text("resource")):
        rule.differs("paramIdx", "an HTTP request has no arguments by number: name a part of it")
    if rule.flag("clusterMode"):
        rule.differs("clusterConfig", "instances do not share tokens: each counts for itself")
    hot = hot_parameter(rule, "durationInSec", "burstCount", "maxQueueingTimeMs", 0)
    exceptions = {}
    for item in rule.parts("paramFlowItemList"):
        value = _value(item)
        if value is not None:
            exceptions[value] = {"value": value, "threshold": item.integer("count")}
    more = {"exceptions": list(exceptions.values())} if exceptions else {}
    return {"hotParameter": {"param": {"source": "argument", "name": str(position)}, **hot, **more}}


def hot_parameter(
    rule: Fields, duration: str, burst: str, queue: str, queue_ms: int
) -> dict[str, Any]:
    """Return limit and behaviour of a rule about values, whose fields have these names."""
    grade, count = rule.integer("grade", REQUESTS), int(rule.number("count", 0.0))
    if grade == THREADS:
        return {"behavior": "Concurrency", "threshold": count}
    if grade != REQUESTS:
        raise rule.left_out("grade", f"{grade} is neither 0 nor 1: Sentinel lets everything pass")
    window = {"duration": f"{rule.integer(duration, 1, least=1)}s"}
    if rule.integer("controlBehavior", REJECT) == QUEUE:
        longest = milliseconds(rule.integer(queue, queue_ms))
        return {"behavior": "Throttle", "threshold": count, **window, "queueTimeout": longest}
    saved = rule.integer(burst, 0)
    more = {"burst": saved} if saved else {}
    return {"behavior": "Reject", "threshold": count, **more, **window}


def _value(item: Fields) -> str | None:
    """Return the text that a value of a Java type is compared as, None where it is none."""
    text, kind = item.text("object"), item.text("classType")
    if kind in _BOOLEANS:
        return "true" if text.lower() == "true" else "false"
    if kind == "char":
        text = text[:1]
    with suppress(ValueError):
        if kind in _INTEGERS:
            return str(int(text[:40]))
        return repr(float(text[:40])) if kind in _FRACTIONS else text
    item.differs("object", f"{text[:40]!r} is no {kind}: Sentinel ignores it too")
    return None


def authority(rule: Fields, around: Surroundings) -> Strategy:
    """Return what an AuthorityRule is."""
    resource, strategy = rule.text("resource"), rule.integer("strategy", 0)
    listed = rule.text("limitApp").split(",")
    names = list(dict.fromkeys(name.strip() for name in listed if name.strip()))
    if not names:
        raise rule.invalid("limitApp", "required: the callers, with commas")
    if strategy not in (0, 1):
        raise rule.left_out("strategy", f"{strategy} is neither 0 nor 1: Sentinel lets all pass")
    if resource in around.guarded:
        raise rule.left_out("", "the resource has an authority rule: Sentinel takes the first only")
    around.guarded.add(resource)
    if any(name != name.strip() for name in listed):
        rule.differs("limitApp", "blanks beside a comma are left out; there no caller matches them")
    return {"authority": {"deny" if strategy else "allow": names}}


def system(rule: Fields, around: Surroundings) -> Strategy:
    """Say that rules about the whole process are not enforced."""
    del around
    raise rule.left_out("", "protection of the whole process is not supported yet")
