"""Rules about the flow of calls, by hand, and a plane that enforces them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fairlead.policy.breaker import ERROR_COUNT, CircuitBreaker
from fairlead.policy.fallback import Fallback
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Throttle, Window
from fairlead.policy.rule import Rule
from fairlead.policy.snapshot import Snapshot
from tests.instruments.plane import Plane

HOUR = 3_600_000
NAMES: dict[str, Any] = {"rule": "FaultToleranceRule/r", "strategy": "RateLimitStrategy/s"}


def closed(resource: str, fallback: Fallback | None = None, **more: Any) -> RateLimit:
    """Return a rule that lets nothing through."""
    return rated(resource, 0, fallback, **more)


def rated(
    resource: str, threshold: float, fallback: Fallback | None = None, **more: Any
) -> RateLimit:
    """Return a rule that lets `threshold` calls through in an hour."""
    window = Window(threshold=threshold, window_ms=HOUR)
    given: dict[str, Any] = {"fallback": fallback} if fallback else {}
    return RateLimit(resource=resource, windows=(window,), **NAMES, **given, **more)


def capped(resource: str, most: int) -> ConcurrencyLimit:
    """Return a rule that lets `most` calls be under way."""
    return ConcurrencyLimit(resource=resource, most=most, **NAMES)


def paced(resource: str, each_ms: int, queue_ms: int = 10_000) -> Throttle:
    """Return a rule that lets a call through each `each_ms` milliseconds."""
    return Throttle(resource=resource, threshold=1, window_ms=each_ms, queue_ms=queue_ms, **NAMES)


def breaking(resource: str, number: int = 1, **more: Any) -> CircuitBreaker:
    """Return a rule that gives a resource up for an hour after `number` errors."""
    return CircuitBreaker(
        resource=resource,
        strategy_kind=ERROR_COUNT,
        threshold=number,
        min_requests=1,
        window_ms=HOUR,
        buckets=1,
        recovery_ms=HOUR,
        **NAMES,
        **more,
    )


def rules(*some: Rule) -> FlowRules:
    """Return `some` rules, each in its place."""
    places = {
        RateLimit: "rate_limits",
        ConcurrencyLimit: "concurrency_limits",
        Throttle: "throttles",
        CircuitBreaker: "breakers",
    }
    found: dict[str, tuple[Any, ...]] = {}
    for rule in some:
        place = places[type(rule)]
        found[place] = (*found.get(place, ()), rule)
    return FlowRules(**found)


def enforce(plane: Plane, *some: Rule, base: Snapshot | None = None) -> None:
    """Have `plane` enforce these rules from now on, beside what else it knows."""
    snapshot = base or plane.engine.plan.snapshot
    plane.engine.apply(replace(snapshot, flow=rules(*some)))
