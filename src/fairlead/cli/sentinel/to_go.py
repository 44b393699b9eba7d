"""Rules as sentinel-golang (1.0) reads them: the way back of `go.py`."""

from __future__ import annotations

from typing import Any

from fairlead.cli.sentinel.drafts import plain
from fairlead.cli.sentinel.go import (
    ERROR_COUNT,
    ERROR_RATIO,
    MEMORY,
    QUEUE,
    SLOW,
    WARM_UP,
    buckets,
)
from fairlead.cli.sentinel.writing import (
    Cannot,
    Context,
    Written,
    by_name,
    everybody,
    kinds_of,
    seconds,
    whole,
)
from fairlead.policy import breaker, limit
from fairlead.policy.rule import Rule

TYPES = ("flow", "circuitbreaker", "hotspot", "isolation")

_STRATEGIES = {
    breaker.SLOW_RATIO: SLOW,
    breaker.ERROR_RATIO: ERROR_RATIO,
    breaker.ERROR_COUNT: ERROR_COUNT,
}


def write(rule: Rule, context: Context) -> Written:
    """Return `rule` in Sentinel's words. Raises Cannot."""
    del context
    everybody(rule)
    if isinstance(rule, limit.RateLimit):
        return _rate(rule)
    if isinstance(rule, limit.Throttle):
        return _queue(rule)
    if isinstance(rule, limit.ConcurrencyLimit):
        if not rule.most:
            raise Cannot("none at a time is no limit there")
        isolation = {**_named(rule), "metricType": 0, "threshold": rule.most}
        return Written(type="isolation", plain=isolation)
    if isinstance(rule, limit.HotLimit):
        return _hot(rule)
    if isinstance(rule, breaker.CircuitBreaker):
        return _breaker(rule)
    raise Cannot("callers have no names there")


def _named(rule: Rule) -> dict[str, Any]:
    """Return the resource; a pattern matches a part of a name there."""
    if rule.regex:
        return {"resource": f"^(?:{rule.resource})$", "regex": True}
    return {"resource": rule.resource}


def _rate(rule: limit.RateLimit) -> Written:
    window = rule.windows[0]
    if len(rule.windows) > 1 or rule.borrow_ms:
        raise Cannot("a rule has one window there")
    differs: tuple[str, ...] = ()
    if window.buckets != (parts := buckets(window.window_ms)):
        edge = "around an edge more may pass"
        differs = (f"is counted in {parts} aligned part{'s' * (parts > 1)} there: {edge}",)
    found = {
        **_named(rule),
        "threshold": plain(window.threshold),
        "statIntervalInMs": window.window_ms,
    }
    if rule.warm_up:
        found |= {"tokenCalculateStrategy": WARM_UP, **_warm_up(rule.warm_up)}
    if rule.memory:
        found |= {"tokenCalculateStrategy": MEMORY, **_memory(rule.memory)}
        del found["threshold"]  # it is not looked at
    if rule.related:
        found |= {"relationStrategy": 1, "refResource": rule.related}
    return Written(type="flow", plain={"tokenCalculateStrategy": 0, **found}, differs=differs)


def _warm_up(warm_up: limit.WarmUp) -> dict[str, int]:
    return {
        "warmUpPeriodSec": seconds(warm_up.period_ms, "a warm-up"),
        "warmUpColdFactor": whole(warm_up.cold_factor, "the cold factor"),
    }


def _memory(scale: limit.MemoryScale) -> dict[str, int]:
    return {
        "lowMemUsageThreshold": whole(scale.low_threshold, "the threshold"),
        "highMemUsageThreshold": whole(scale.high_threshold, "the threshold"),
        "memLowWaterMarkBytes": scale.low_bytes,
        "memHighWaterMarkBytes": scale.high_bytes,
    }


def _queue(rule: limit.Throttle) -> Written:
    if rule.burst > 1:
        raise Cannot("idle time saves up nothing there")
    threshold, window_ms = rule.threshold, rule.window_ms
    if threshold < 1:
        raise Cannot("less than one call in a window lets none pass there")
    found = {
        **_named(rule),
        "controlBehavior": QUEUE,
        "threshold": plain(threshold),
        "statIntervalInMs": window_ms,
        "maxQueueingTimeMs": rule.queue_ms,
    }
    if rule.warm_up:
        found |= {"tokenCalculateStrategy": WARM_UP, **_warm_up(rule.warm_up)}
    return Written(type="flow", plain={"tokenCalculateStrategy": 0, **found})


def _breaker(rule: breaker.CircuitBreaker) -> Written:
    by_name(rule)
    if rule.steps > 1:
        raise Cannot("it recovers in one step there")
    differs = ["what is an error, the program says there"] if rule.errors else []
    if not rule.inclusive:
        differs.append(f"opens at {rule.threshold:g} there, and not only above it")
    divides = rule.window_ms % rule.buckets == 0
    if not divides:
        differs.append("is counted in one window there, not in buckets")
    found: dict[str, Any] = {
        **_named(rule),
        "strategy": _STRATEGIES[rule.strategy_kind],
        "retryTimeoutMs": rule.recovery_ms,
        "minRequestAmount": rule.min_requests,
        "statIntervalMs": rule.window_ms,
        "statSlidingWindowBucketCount": rule.buckets if divides else 1,
        "threshold": plain(rule.threshold),
    }
    if rule.strategy_kind == breaker.SLOW_RATIO:
        found["maxAllowedRtMs"] = whole(rule.slow_ms, "a response time of")
    if rule.probes > 1:
        found["probeNum"] = rule.probes
        differs.append("lets every call pass there while it recovers")
    return Written(type="circuitbreaker", plain=found, differs=tuple(differs))


def _hot(rule: limit.HotLimit) -> Written:
    by_name(rule)
    if rule.param.source != "argument":
        raise Cannot(f"there are no values of {rule.param.source} there")
    if rule.param.match:
        raise Cannot("every value of an argument is limited there")
    differs = ("a list is one value there",) if rule.elements else ()
    name = rule.param.name
    if not name.removeprefix("-").isdecimal():
        raise Cannot("names of arguments are no field of its data sources")
    found: dict[str, Any] = {
        **_named(rule),
        "metricType": 0 if rule.behaviour == limit.INFLIGHT else 1,
        "paramIndex": int(name),
        "threshold": whole(rule.threshold, "a threshold of"),
    }
    if rule.behaviour != limit.INFLIGHT:
        found["durationInSec"] = seconds(rule.window_ms, "a window")
    if rule.behaviour == limit.PACE:
        found |= {"controlBehavior": QUEUE, "maxQueueingTimeMs": rule.queue_ms}
    if rule.burst:
        found["burstCount"] = whole(rule.burst, "a burst of")
    if rule.most_values:
        found["paramsMaxCapacity"] = rule.most_values
    found["specificItems"] = [
        {"valKind": kind, "valStr": text, "threshold": whole(threshold, "a threshold of")}
        for text, threshold in rule.items
        for kind in kinds_of(text, [0], [2], [3], [1])
    ]
    return Written(type="hotspot", plain=found, differs=differs)
