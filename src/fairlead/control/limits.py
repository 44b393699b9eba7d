"""Rules about the calls that come in, as filters of an Envoy: rates, and adaptive concurrency.

An Envoy counts for itself: N instances let N times the limit pass (S4-33). It knows paths, and no
routes of a framework; what else a rule says and it cannot do is told by `unsaid`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import ceil, floor
from typing import Any

from fairlead.policy.governance import OBSERVE, OFF
from fairlead.policy.limit import RateLimit, Throttle
from fairlead.policy.mesh import Extension, Filter
from fairlead.policy.overload import ADAPTIVE
from fairlead.policy.resource import is_route
from fairlead.policy.rule import ENFORCE, EVERYBODY, Rule
from fairlead.policy.snapshot import Snapshot

_TYPE = "type.googleapis.com/envoy.extensions.filters.http."
RATES = Filter(name="rates", type_url=f"{_TYPE}local_ratelimit.v3.LocalRateLimit")
CONCURRENCY = Filter(
    name="concurrency", type_url=f"{_TYPE}adaptive_concurrency.v3.AdaptiveConcurrency"
)
FILTERS = (CONCURRENCY, RATES)
"""Of each listener that takes calls for an application; what they do is pushed on its own."""

SHORTEST = 0.05
"""Seconds between two fills of a bucket, at least (Envoy)."""
MOST = 2**32 - 1
_METHOD = re.compile(r"(?:([A-Z]+):)?(/.*)")
_VARIABLE = re.compile(r"\\\{[^{}]+\\\}")


def extensions(snapshot: Snapshot) -> tuple[Extension, ...]:
    """Return what FILTERS do for a workload."""
    return (_rates(snapshot), _concurrency(snapshot))


def unsaid(snapshot: Snapshot) -> Iterator[tuple[Rule, str]]:
    """Yield each rule about calls that come in, and why an Envoy does not enforce it, or ``""``."""
    for rule in snapshot.flow:
        if is_route(rule.resource) or rule.regex or rule.resource == "404":
            yield rule, _why_not(rule)
    protection = snapshot.overload
    if protection is not None:
        adaptive = protection.kind == ADAPTIVE
        yield protection, "" if adaptive else "an Envoy protects from overload by ADAPTIVE alone"


def _why_not(rule: Rule) -> str:
    if rule.mode != ENFORCE:
        return "an Envoy simulates no single rule"
    if rule.regex or not is_route(rule.resource):
        return "an Envoy knows paths, and not which resources there are"
    if rule.selection != EVERYBODY:
        return "an Envoy does not tell callers apart"
    if isinstance(rule, RateLimit):
        if rule.related or rule.warm_up or rule.memory:
            return "an Envoy's limit is one number, of the resource itself"
        if not all(window.threshold > 0 for window in rule.windows):
            return "an Envoy's limit is greater than 0"
        return ""
    if isinstance(rule, Throttle):
        if rule.queue_ms or rule.warm_up or rule.threshold <= 0:
            return "an Envoy has no queue"
        return ""
    return f"an Envoy has no {type(rule).__name__} for calls that come in"


def _rates(snapshot: Snapshot) -> Extension:
    rules = [rule for rule in snapshot.flow if is_route(rule.resource) and not _why_not(rule)]
    content: dict[str, Any] = {"stat_prefix": "inbound"}
    if rules and snapshot.governance != OFF:
        content |= _limits(rules, enforced=snapshot.governance != OBSERVE)
    return Extension(name=RATES.name, type_url=RATES.type_url, content=json.dumps(content))


def _limits(rules: list[Rule], *, enforced: bool) -> dict[str, Any]:
    buckets = [(rule, bucket) for rule in rules for bucket in _buckets(rule)]
    answers = {rule.fallback for rule in rules}
    answer = answers.pop() if len(answers) == 1 else type(rules[0].fallback)()
    return {
        "status": {"code": answer.status if answer.status >= 400 else 429},
        "response_headers_to_add": [
            {"header": {"key": name, "value": value.replace("%", "%%")}}
            for name, value in answer.headers
        ],
        "filter_enabled": _share(100),
        "filter_enforced": _share(100 if enforced else 0),
        "rate_limited_as_resource_exhausted": True,
        # What no descriptor is for is not limited.
        "token_bucket": {"max_tokens": MOST, "tokens_per_fill": MOST, "fill_interval": "1s"},
        "always_consume_default_token_bucket": False,
        "rate_limits": [
            {"actions": [_action(number, rule)]} for number, (rule, _) in enumerate(buckets)
        ],
        "descriptors": [
            {"entries": [{"key": _key(number), "value": "1"}], "token_bucket": bucket}
            for number, (_, bucket) in enumerate(buckets)
        ],
    }


def _key(number: int) -> str:
    return f"limit {number}"


def _action(number: int, rule: Rule) -> dict[str, Any]:
    """Return what tells requests of a resource from others."""
    found = _METHOD.fullmatch(rule.resource)
    method, path = found.groups() if found else (None, rule.resource)
    expression = _VARIABLE.sub("[^/]+", re.escape(path)) + r"(?:\?.*)?"
    headers = [{"name": ":path", "string_match": {"safe_regex": {"regex": expression}}}]
    if method:
        headers.append({"name": ":method", "string_match": {"exact": method}})
    return {
        "header_value_match": {
            "descriptor_key": _key(number),
            "descriptor_value": "1",
            "headers": headers,
        }
    }


def _buckets(rule: Rule) -> Iterator[dict[str, Any]]:
    if isinstance(rule, RateLimit):
        for window in rule.windows:
            yield _bucket(window.threshold, window.window_ms / 1000, window.threshold)
    elif isinstance(rule, Throttle):
        yield _bucket(rule.threshold, rule.window_ms / 1000, rule.burst)


def _bucket(threshold: float, seconds: float, most: float) -> dict[str, Any]:
    """Return a bucket of `most` tokens that gets `threshold` of them in `seconds`.

    Tokens are whole, and it is filled every SHORTEST seconds at most.
    """
    least = max(1, ceil(SHORTEST * threshold / seconds))
    tokens = min(max(least, floor(threshold)), MOST)
    return {
        "max_tokens": min(max(1, ceil(most)), MOST),
        "tokens_per_fill": tokens,
        "fill_interval": f"{seconds * tokens / threshold:.9f}s",
    }


def _concurrency(snapshot: Snapshot) -> Extension:
    protection = snapshot.overload
    on = protection is not None and protection.kind == ADAPTIVE and protection.mode == ENFORCE
    status = protection.fallback.status if protection is not None else 429
    content = {
        "gradient_controller_config": {
            "concurrency_limit_params": {"concurrency_update_interval": "0.1s"},
            # Five requests at a time while the shortest time is looked for, once a minute.
            "min_rtt_calc_params": {
                "interval": "60s",
                "request_count": 50,
                "min_concurrency": 5,
                "jitter": {"value": 15},
            },
        },
        "enabled": {
            "default_value": on and snapshot.governance not in (OFF, OBSERVE),
            "runtime_key": "fairlead.concurrency",
        },
        "concurrency_limit_exceeded_status": {"code": status if status >= 400 else 429},
    }
    return Extension(
        name=CONCURRENCY.name, type_url=CONCURRENCY.type_url, content=json.dumps(content)
    )


def _share(percent: int) -> dict[str, Any]:
    return {"default_value": {"numerator": percent}, "runtime_key": "fairlead.rates"}
