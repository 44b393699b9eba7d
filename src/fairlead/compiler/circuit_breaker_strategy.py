"""CircuitBreakerStrategy: when a resource is given up, for whoever names it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fairlead.compiler.part import Part, Strategy
from fairlead.compiler.selective import NOWHERE
from fairlead.kinds import Resource
from fairlead.kinds.circuit_breaker_strategy import COUNT, ERRORS, SLOW, CircuitBreakerStrategySpec
from fairlead.kinds.error_condition import problem
from fairlead.kinds.quantity import duration_ms
from fairlead.policy.breaker import ERROR_COUNT, ERROR_RATIO, SLOW_RATIO, CircuitBreaker

_KINDS = {SLOW: SLOW_RATIO, ERRORS: ERROR_RATIO, COUNT: ERROR_COUNT}

_TEXTS = ("errorType", "representation")

_CLASS = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]*\.)*[A-Z][A-Za-z0-9_]*")
"""Classes of exceptions as they are usually called: any other word may mean anything."""


def compile_circuit_breaker_strategy(resource: Resource[CircuitBreakerStrategySpec]) -> Part:
    """Return what a CircuitBreakerStrategy compiles to; `guards.py` finds who names it."""
    strategy = circuit_breaker(resource.spec)
    return Part(resource=resource, strategy=strategy, not_honoured=strategy.not_honoured)


def circuit_breaker(spec: CircuitBreakerStrategySpec) -> Strategy:
    """Return the strategy that `spec` describes, wherever it stands."""
    rule = CircuitBreaker(
        **NOWHERE,
        strategy_kind=_KINDS[spec.strategy],
        threshold=spec.threshold,
        # At 0 % one bad call opens it, which "at the threshold" would be without any.
        inclusive=spec.threshold > 0 and not spec.exclusive,
        slow_ms=spec.slow_ms,
        errors=tuple(dict.fromkeys(_errors(spec))),
        window_ms=spec.window_ms,
        buckets=spec.buckets or _buckets(spec.window_ms),
        min_requests=spec.min_requests,
        recovery_ms=duration_ms(spec.recovery) or 0,
        probes=spec.probes,
        steps=spec.steps,
        lease_ms=duration_ms(spec.lease or "") or 0,
    )
    return Strategy(rule=rule, mode=spec.mode, not_honoured=tuple(_not_honoured(spec)))


def _buckets(window_ms: int) -> int:
    return min(10, window_ms)


def _errors(spec: CircuitBreakerStrategySpec) -> Iterator[str]:
    found = spec.errors or {}
    if spec.strategy != SLOW:
        yield from (str(one) for one in found.get("conditions") or ())
        yield from (found[key] for key in _TEXTS if _understood(found.get(key)))


def _not_honoured(spec: CircuitBreakerStrategySpec) -> Iterator[str]:
    found = spec.errors or {}
    if found and spec.strategy == SLOW:
        yield f"errorConditions: {SLOW} asks how long a call takes, not how it ends"
        return
    for key, value in found.items():
        if key in _TEXTS and not _understood(value):
            yield (
                f"errorConditions.{key}: {str(value)[:80]!r} is not understood: write a status "
                "like 503 or 5xx, grpc:UNAVAILABLE, timeout, connect, or the class of an exception"
            )
        elif key != "conditions" and key not in _TEXTS:
            yield f"errorConditions.{str(key)[:80]} is not known to this version"


def _understood(value: object) -> bool:
    if not isinstance(value, str) or problem(value) is not None:
        return False
    plain = value[:1].isdigit() or value.startswith("grpc:") or value in ("timeout", "connect")
    return plain or _CLASS.fullmatch(value) is not None
