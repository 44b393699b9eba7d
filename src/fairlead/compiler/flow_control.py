"""FlowControl: what a FaultToleranceRule joins, in one object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fairlead.compiler.adaptive_overload_protection_strategy import overload_protection
from fairlead.compiler.authority_strategy import authority
from fairlead.compiler.circuit_breaker_strategy import circuit_breaker
from fairlead.compiler.concurrency_limit_strategy import concurrency_limit
from fairlead.compiler.fault_tolerance_rule import answered, guarded
from fairlead.compiler.hot_parameter_strategy import hot_parameter
from fairlead.compiler.part import Guard, Inline, Part, Strategy
from fairlead.compiler.rate_limit_strategy import rate_limit
from fairlead.compiler.throttling_strategy import throttle
from fairlead.kinds import Resource, app_of
from fairlead.kinds.flow_control import FlowControlSpec

_STRATEGIES: dict[str, Callable[[Any], Strategy]] = {
    "rateLimit": rate_limit,
    "throttling": throttle,
    "concurrencyLimit": concurrency_limit,
    "circuitBreaker": circuit_breaker,
    "hotParameter": hot_parameter,
    "authority": authority,
    "overloadProtection": overload_protection,
}


def compile_flow_control(resource: Resource[FlowControlSpec]) -> Part:
    """Return what a FlowControl compiles to: a guard that names nothing but an answer, perhaps."""
    spec = resource.spec
    strategies: list[Inline] = []
    for position, one in enumerate(spec.strategies):
        name, described = one.chosen
        place = f"strategies[{position}].{name}"
        strategies.append(Inline(place=place, strategy=_STRATEGIES[name](described)))
    guard = Guard(
        app=app_of(resource),
        targets=guarded(spec.targets),
        strategies=tuple(strategies),
        fallback=answered(spec.fallback),
        mode=spec.mode,
    )
    not_honoured = (
        f"{one.place}.{sentence}" for one in strategies for sentence in one.strategy.not_honoured
    )
    return Part(resource=resource, guard=guard, not_honoured=tuple(not_honoured))
