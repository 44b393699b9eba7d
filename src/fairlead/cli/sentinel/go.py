"""Rules of sentinel-golang (1.0) as strategies that count as it does.

Sources: core/{flow,isolation,circuitbreaker,hotspot}/rule_manager.go, ext/datasource.
"""

from __future__ import annotations

import math
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
from fairlead.cli.sentinel.java import FARTHEST, pace

FLOW = (
    "id",
    "resource",
    "tokenCalculateStrategy",
    "controlBehavior",
    "threshold",
    "relationStrategy",
    "refResource",
    "maxQueueingTimeMs",
    "warmUpPeriodSec",
    "warmUpColdFactor",
    "statIntervalInMs",
    "lowMemUsageThreshold",
    "highMemUsageThreshold",
    "memLowWaterMarkBytes",
    "memHighWaterMarkBytes",
    "regex",
)
ISOLATION = ("id", "resource", "metricType", "threshold", "regex")
BREAKER = (
    "id",
    "resource",
    "strategy",
    "retryTimeoutMs",
    "minRequestAmount",
    "statIntervalMs",
    "statSlidingWindowBucketCount",
    "maxAllowedRtMs",
    "threshold",
    "probeNum",
)
HOTSPOT = (
    "id",
    "resource",
    "metricType",
    "controlBehavior",
    "paramIndex",
    "paramKey",
    "threshold",
    "maxQueueingTimeMs",
    "burstCount",
    "durationInSec",
    "paramsMaxCapacity",
    "specificItems",
)

DIRECT, WARM_UP, MEMORY = 0, 1, 2
REJECT, QUEUE = 0, 1
SLOW, ERROR_RATIO, ERROR_COUNT = 0, 1, 2

BUCKET_MS, STORED_MS = 500, 10_000
"""Length of the parts that a resource's statistics have, and of all of them."""

MOST_BYTES = 1 << 60


def flow(rule: Fields, around: Surroundings) -> Strategy:
    """Return what a flow.Rule is."""
    del around
    threshold = rule.number("threshold", 0.0)
    interval = rule.integer("statIntervalInMs", 0) or 1000
    calculation = rule.integer("tokenCalculateStrategy", DIRECT)
    behaviour = rule.integer("controlBehavior", REJECT)
    if calculation not in (DIRECT, WARM_UP, MEMORY) or behaviour not in (REJECT, QUEUE):
        name = "controlBehavior" if behaviour > QUEUE else "tokenCalculateStrategy"
        raise rule.left_out(name, "is unknown: Sentinel ignores the rule")
    related = _related(rule)
    if behaviour == QUEUE:
        return _queue(rule, threshold, interval, calculation)
    window = {"statDuration": milliseconds(interval), "buckets": buckets(interval)}
    if calculation == MEMORY:
        return {"rateLimit": {**window, "memoryAdaptive": _memory(rule), **related}}
    if calculation == DIRECT:
        return {"rateLimit": {"threshold": int(threshold), **window, **related}}
    if 0 < threshold < 1:
        raise rule.left_out("threshold", f"{threshold:g} is less than one request, with a warm-up")
    return {
        "rateLimit": {
            "threshold": plain(threshold),
            **window,
            **_warm_up(rule, interval),
            **related,
        }
    }


def buckets(interval: int) -> int:
    """Return in how many parts a window of `interval` ms is counted (generateStatFor)."""
    whole = BUCKET_MS <= interval <= STORED_MS and interval % BUCKET_MS == 0
    return interval // BUCKET_MS if whole else 1


def _related(rule: Fields) -> dict[str, str]:
    relation = rule.integer("relationStrategy", 0, most=1)
    if relation == 0:
        return {}
    reference = rule.text("refResource")
    if not reference:
        raise rule.invalid("refResource", "required with relationStrategy 1")
    if rule.integer("controlBehavior", REJECT) == QUEUE:
        rule.differs("refResource", "a queue paces the calls of the resource itself, there too")
    return {"relatedResource": reference}


def _queue(rule: Fields, threshold: float, interval: int, calculation: int) -> Strategy:
    if calculation == MEMORY:
        what = "2 with controlBehavior 1: a queue by the memory in use is not supported"
        raise rule.left_out("tokenCalculateStrategy", what)
    warm_up = _warm_up(rule, interval) if calculation == WARM_UP else {}
    if threshold < 1:
        # There, more than the threshold at once is rejected, and one call is more.
        return closed()
    queue = milliseconds(rule.integer("maxQueueingTimeMs", 0))
    return {"throttling": {**pace(threshold, interval), "queueTimeout": queue, **warm_up}}


def _warm_up(rule: Fields, interval: int) -> dict[str, Any]:
    factor = rule.integer("warmUpColdFactor", 0) or 3
    if factor == 1:
        raise rule.invalid("warmUpColdFactor", "must be greater than 1")
    period = rule.integer("warmUpPeriodSec", least=1)
    if interval != 1000:
        rule.differs("statIntervalInMs", "a warm-up takes it for a second there, and not here")
    return {"warmUp": {"period": f"{period}s", "coldFactor": factor}}


def _memory(rule: Fields) -> dict[str, int]:
    low, high = (rule.integer(f"{name}MemUsageThreshold", least=1) for name in ("low", "high"))
    if high >= low:
        raise rule.invalid("highMemUsageThreshold", f"{high} is not below lowMemUsageThreshold")
    least, most = (
        rule.integer(f"mem{name}WaterMarkBytes", least=1, most=MOST_BYTES)
        for name in ("Low", "High")
    )
    if least >= most:
        raise rule.invalid("memHighWaterMarkBytes", f"{most} is not above memLowWaterMarkBytes")
    return {"lowThreshold": low, "highThreshold": high, "lowBytes": least, "highBytes": most}


def isolation(rule: Fields, around: Surroundings) -> Strategy:
    """Return what an isolation.Rule is."""
    del around
    rule.integer("metricType", 0, most=0)
    return {"concurrencyLimit": {"maxConcurrency": rule.integer("threshold", least=1)}}


def breaker(rule: Fields, around: Surroundings) -> Strategy:
    """Return what a circuitbreaker.Rule is."""
    del around
    strategy, threshold = rule.integer("strategy", SLOW), rule.number("threshold", 0.0)
    interval = rule.integer("statIntervalMs", least=1)
    parts = rule.integer("statSlidingWindowBucketCount", 0)
    found: dict[str, Any] = {
        "statDuration": milliseconds(interval),
        "recoveryTimeout": milliseconds(rule.integer("retryTimeoutMs", least=1)),
        "minRequestAmount": rule.integer("minRequestAmount", 0) or 1,
        "buckets": parts if parts and interval % parts == 0 else 1,
    }
    if (probes := rule.integer("probeNum", 0)) > 1:
        rule.differs(
            "probeNum", f"at most {probes} calls are under way while it recovers; there all"
        )
        found["probes"] = probes
    if strategy not in (SLOW, ERROR_RATIO, ERROR_COUNT):
        raise rule.left_out("strategy", f"{strategy} is none of 0, 1 and 2: Sentinel ignores it")
    if threshold == 0:
        raise rule.left_out("threshold", "0 opens it without a bad call")
    if strategy == ERROR_COUNT:
        # 2.5 errors or more are 3 or more.
        opens = {"strategy": "ErrorRequestCount", "triggerCount": math.ceil(threshold)}
        return {"circuitBreaker": {**opens, **found}}
    if threshold > 1:
        raise rule.invalid("threshold", f"{threshold:g} is no ratio from 0 to 1")
    ratio = {"triggerRatio": percentage(threshold)}
    if strategy == ERROR_RATIO:
        return {"circuitBreaker": {"strategy": "ErrorRequestRatio", **ratio, **found}}
    slow = {"slowConditions": {"maxAllowedRt": milliseconds(rule.integer("maxAllowedRtMs", 0))}}
    return {"circuitBreaker": {"strategy": "SlowRequestRatio", **ratio, **slow, **found}}


def hotspot(rule: Fields, around: Surroundings) -> Strategy:
    """Return what a hotspot.Rule is."""
    del around
    metric, threshold = rule.integer("metricType", 0, most=1), rule.integer("threshold", 0)
    key, index = (
        rule.text("paramKey"),
        rule.integer("paramIndex", 0, least=-FARTHEST, most=FARTHEST),
    )
    if key and index > 0:
        raise rule.invalid("paramKey", "does not go with a paramIndex above 0")
    found: dict[str, Any] = {
        "param": {"source": "argument", "name": key or str(index)},
        "behavior": "Concurrency",
        "threshold": threshold,
        "eachElement": False,
    }
    if metric == 1:
        found |= _in_a_window(rule)
    if capacity := rule.integer("paramsMaxCapacity", 0):
        found["capacity"] = capacity
    if exceptions := _exceptions(rule):
        found["exceptions"] = exceptions
    return {"hotParameter": found}


def _in_a_window(rule: Fields) -> dict[str, Any]:
    window = {"duration": f"{rule.integer('durationInSec', least=1)}s"}
    behaviour = rule.integer("controlBehavior", REJECT)
    if behaviour == QUEUE:
        queue = milliseconds(rule.integer("maxQueueingTimeMs", 0))
        return {"behavior": "Throttle", **window, "queueTimeout": queue}
    if behaviour != REJECT:
        raise rule.left_out("controlBehavior", f"{behaviour} is unknown: Sentinel ignores the rule")
    burst = rule.integer("burstCount", 0)
    return {"behavior": "Reject", **window, **({"burst": burst} if burst else {})}


def _exceptions(rule: Fields) -> list[dict[str, Any]]:
    """Return values with thresholds of their own: a map, or the list of its data sources."""
    raw = rule.raw.get("specificItems")
    if isinstance(raw, dict):
        values = Fields(raw, f"{rule.place}.specificItems", rule.said)
        return [{"value": str(key), "threshold": values.integer(key)} for key in raw]
    found = {}
    for item in rule.parts("specificItems"):
        value = _value(item)
        if value is not None:
            found[value] = {"value": value, "threshold": item.integer("threshold")}
    return list(found.values())


def _value(item: Fields) -> str | None:
    text, kind = item.text("valStr"), item.integer("valKind", 0)
    try:
        if kind == 0:
            return str(int(text[:40]))
        if kind == 2:
            return {"1": "true", "t": "true", "true": "true"}.get(text.lower(), "false")
        if kind == 3:
            return repr(round(float(text[:40]), 5))
    except ValueError:
        item.differs("valStr", f"{text[:40]!r} is no value of kind {kind}: Sentinel ignores it too")
        return None
    return text
