"""Rules as Sentinel Java (1.8) reads them: the way back of `java.py` and `gateway.py`."""

from __future__ import annotations

import math
from typing import Any

from fairlead.cli.sentinel.drafts import plain
from fairlead.cli.sentinel.gateway import CONTAINS, EXACT, NAMED, REGEX, SOURCES
from fairlead.cli.sentinel.java import (
    CHAIN,
    DEFAULT,
    DIRECT,
    ERROR_COUNT,
    ERROR_RATIO,
    OTHER,
    QUEUE,
    RELATE,
    REQUESTS,
    SLOW,
    THREADS,
    WARM_UP,
    WARM_UP_QUEUE,
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

TYPES = ("flow", "degrade", "param-flow", "authority", "gateway-flow")

_INTEGERS = ("int", "long", "java.lang.String")
_GRADES = {breaker.SLOW_RATIO: SLOW, breaker.ERROR_RATIO: ERROR_RATIO}
_MATCHES = {"exact": EXACT, "regex": REGEX, "contains": CONTAINS}


def write(rule: Rule, context: Context) -> Written:
    """Return `rule` in Sentinel's words. Raises Cannot."""
    if isinstance(rule, limit.RateLimit):
        return _rate(rule, context)
    if isinstance(rule, limit.Throttle):
        return _queue(rule, context)
    if isinstance(rule, limit.ConcurrencyLimit):
        grade = {"grade": THREADS, "count": rule.most}
        return Written(type="flow", plain={**_named(rule), **_whose(rule, context), **grade})
    if isinstance(rule, limit.HotLimit):
        return _hot(rule)
    if isinstance(rule, breaker.CircuitBreaker):
        return _breaker(rule)
    if isinstance(rule, limit.Authority):
        return _authority(rule)
    raise Cannot("it has nothing of the kind")


def _named(rule: Rule) -> dict[str, Any]:
    return {"resource": rule.resource, **({"regex": True} if rule.regex else {})}


def _whose(rule: Rule, context: Context, related: str = "") -> dict[str, Any]:
    """Return whose calls a flow rule is for."""
    chosen = rule.selection
    app = DEFAULT
    if chosen.others:
        if frozenset(chosen.callers) != context.callers.get(rule.resource, frozenset()):
            raise Cannot("other callers are there those that no rule of the resource names")
        if chosen.each != (not related and not chosen.entrance):
            raise Cannot("other callers are each counted by itself there")
        app = OTHER
    elif chosen.each or len(chosen.callers) > 1:
        raise Cannot("a rule is for one caller there, or for all together")
    elif chosen.callers:
        app = chosen.callers[0]
        if app in (DEFAULT, OTHER):
            raise Cannot(f"{app} names no caller there")
    if related and chosen.entrance:
        raise Cannot("it has a related resource and an entrance")
    if related or chosen.entrance:
        strategy = RELATE if related else CHAIN
        return {
            "limitApp": app,
            "strategy": strategy,
            "refResource": related or chosen.entrance,
        }
    return {"limitApp": app, "strategy": DIRECT}


def _rate(rule: limit.RateLimit, context: Context) -> Written:
    window = rule.windows[0]
    if len(rule.windows) > 1 or rule.memory or rule.borrow_ms:
        raise Cannot("a rule has one window there, and no threshold by memory")
    if window.window_ms != 1000:
        raise Cannot(f"windows are one second long there, not {window.window_ms} ms")
    differs = _halves(window.buckets)
    found = {
        **_named(rule),
        **_whose(rule, context, rule.related),
        "grade": REQUESTS,
        "count": plain(window.threshold),
        "controlBehavior": 0,
    }
    if rule.warm_up:
        by_name(rule)
        found |= {"controlBehavior": WARM_UP, **_warm_up(rule.warm_up, context)}
    return Written(type="flow", plain=found, differs=differs)


def _halves(buckets: int) -> tuple[str, ...]:
    if buckets == 2:
        return ()
    return ("is counted in two aligned halves of a second there: more may pass around an edge",)


def _warm_up(warm_up: limit.WarmUp, context: Context) -> dict[str, Any]:
    if warm_up.cold_factor != context.cold_factor:
        raise Cannot(
            f"the cold factor {warm_up.cold_factor:g} is there the process's, "
            f"{context.cold_factor:g}: say --cold-factor"
        )
    return {"warmUpPeriodSec": seconds(warm_up.period_ms, "a warm-up")}


def _queue(rule: limit.Throttle, context: Context) -> Written:
    by_name(rule)
    if rule.burst > 1:
        raise Cannot("idle time saves up nothing there")
    if not rule.queue_ms:
        raise Cannot("a queue has a longest wait there")
    found = {
        **_named(rule),
        **_whose(rule, context),
        "grade": REQUESTS,
        "count": plain(rule.threshold * 1000 / rule.window_ms),
        "controlBehavior": QUEUE,
        "maxQueueingTimeMs": rule.queue_ms,
    }
    if rule.warm_up:
        found |= {"controlBehavior": WARM_UP_QUEUE, **_warm_up(rule.warm_up, context)}
    return Written(type="flow", plain=found)


def _breaker(rule: breaker.CircuitBreaker) -> Written:
    everybody(rule)
    if rule.probes > 1 or rule.steps > 1:
        raise Cannot("one call decides there whether it recovers")
    found: dict[str, Any] = {
        **_named(rule),
        "timeWindow": seconds(rule.recovery_ms, "a recovery"),
        "minRequestAmount": max(1, rule.min_requests),
        "statIntervalMs": rule.window_ms,
    }
    differs = ["what is an error, the program says there"] if rule.errors else []
    if rule.buckets > 1:
        differs.append("is counted in one window there, not in buckets")
    if rule.strategy_kind == breaker.ERROR_COUNT:
        most = math.ceil(rule.threshold) - 1 if rule.inclusive else math.floor(rule.threshold)
        found |= {"grade": ERROR_COUNT, "count": max(0, most)}
        return Written(type="degrade", plain=found, differs=tuple(differs))
    grade = _GRADES[rule.strategy_kind]
    if rule.inclusive and not (grade == SLOW and rule.threshold == 1):
        differs.append(f"opens above {rule.threshold:g} there, and not at it")
    if grade == SLOW:
        found |= {"grade": SLOW, "count": plain(rule.slow_ms)}
        found["slowRatioThreshold"] = rule.threshold
    else:
        found |= {"grade": ERROR_RATIO, "count": rule.threshold}
    return Written(type="degrade", plain=found, differs=tuple(differs))


def _hot(rule: limit.HotLimit) -> Written:
    everybody(rule)
    if rule.regex and rule.behaviour == limit.PACE:
        by_name(rule)
    if rule.param.source == "argument":
        return _param_flow(rule)
    if rule.param.source not in (*SOURCES, "constant"):
        raise Cannot(f"there are no values of {rule.param.source} there")
    return _gateway_flow(rule)


def _amounts(rule: limit.HotLimit, duration: str, burst: str, queue: str) -> dict[str, Any]:
    count = {"count": plain(rule.threshold)}
    if rule.behaviour == limit.INFLIGHT:
        return {"grade": THREADS, **count}
    found = {"grade": REQUESTS, **count, duration: seconds(rule.window_ms, "a window")}
    if rule.behaviour == limit.PACE:
        return {**found, "controlBehavior": QUEUE, queue: rule.queue_ms}
    return {**found, "controlBehavior": 0, burst: whole(rule.burst, "a burst of")}


def _param_flow(rule: limit.HotLimit) -> Written:
    if not rule.param.name.removeprefix("-").isdecimal():
        raise Cannot("arguments have positions there, and no names")
    if rule.param.match:
        raise Cannot("every value of an argument is limited there")
    if not rule.elements:
        raise Cannot("each element of a list counts by itself there")
    found = {**_named(rule), "paramIdx": int(rule.param.name)}
    found |= _amounts(rule, "durationInSec", "burstCount", "maxQueueingTimeMs")
    items = [
        {"object": text, "classType": kind, "count": whole(threshold, "a threshold of")}
        for text, threshold in rule.items
        for kind in kinds_of(text, _INTEGERS[:2], ["boolean"], ["double"], _INTEGERS[2:])
    ]
    return Written(type="param-flow", plain={**found, "paramFlowItemList": items})


def _gateway_flow(rule: limit.HotLimit) -> Written:
    by_name(rule)
    if rule.items:
        raise Cannot("values have no thresholds of their own at a gateway there")
    found = {"resource": rule.resource, "resourceMode": 0}
    found |= _amounts(rule, "intervalSec", "burst", "maxQueueingTimeoutMs")
    param = rule.param
    if param.source == "constant":
        return Written(type="gateway-flow", plain=found)
    item: dict[str, Any] = {"parseStrategy": SOURCES.index(param.source)}
    if param.source in NAMED:
        item["fieldName"] = param.name
    if param.match:
        if param.match not in _MATCHES:
            raise Cannot("a prefix limits every value there")
        item |= {"pattern": param.pattern, "matchStrategy": _MATCHES[param.match]}
    return Written(type="gateway-flow", plain={**found, "paramItem": item})


def _authority(rule: limit.Authority) -> Written:
    if any("," in name or name != name.strip() for name in rule.names):
        raise Cannot("a caller's name has a comma or a blank, which ends it there")
    strategy = 0 if rule.allow else 1
    listed = {"limitApp": ",".join(rule.names), "strategy": strategy}
    return Written(type="authority", plain={**_named(rule), **listed})
