"""CircuitBreaker: a share of bad requests at which a route is given up, and how it is tried."""

from __future__ import annotations

from fairlead.compiler.envelope import policy
from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.circuit_breaker import CircuitBreakerConfig, CircuitBreakerSpec
from fairlead.policy.breaker import ERROR_RATIO, SLOW_RATIO, CircuitBreaker


def compile_circuit_breaker(resource: Resource[CircuitBreakerSpec]) -> Part:
    """Return what a CircuitBreaker compiles to; its scope is always a process."""
    return policy(resource, _rule(resource.spec.config))


def _rule(config: CircuitBreakerConfig) -> CircuitBreaker:
    slow, failed = config.slow_request, config.error_request
    return CircuitBreaker(
        rule="",
        strategy="",
        resource="",
        strategy_kind=SLOW_RATIO if slow else ERROR_RATIO,
        threshold=config.abnormal_percent / 100,
        slow_ms=slow.latency if slow else 0.0,
        errors=(failed.conditions or ()) if failed else (),
        window_ms=config.interval,
        min_requests=max(1, config.min_requests),
        recovery_ms=config.breaking_interval,
        probes=max(1, config.recovery.probe_count if config.recovery else 0),
    )
