"""When a resource is given up for a while, and how it is tried again."""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.policy.rule import Rule

SLOW_RATIO, ERROR_RATIO, ERROR_COUNT = "slow-ratio", "error-ratio", "error-count"
STRATEGIES = (SLOW_RATIO, ERROR_RATIO, ERROR_COUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitBreaker(Rule):
    """Opens when enough calls of a window were bad; after `recovery_ms` a few are let through."""

    strategy_kind: str
    threshold: float
    """A ratio from 0 to 1, or a number of errors."""
    inclusive: bool = True
    """Trips at the threshold (OpenSergo, Sentinel Go); otherwise above it (Sentinel Java, where a
    slow ratio of 1 trips at 1 all the same, and an error ratio of 1 never)."""
    slow_ms: float = 0.0
    """A call is slow that takes longer."""
    errors: tuple[str, ...] = ()
    """What counts as an error: statuses ``503`` or ``5xx``, codes ``grpc:14`` or
    ``grpc:UNAVAILABLE``, ``timeout``, ``connect``, or class names of exceptions; none: what is
    usual for the protocol."""
    window_ms: int = 1000
    buckets: int = 10
    min_requests: int = 5
    recovery_ms: int
    probes: int = 1
    """Good calls that close it again, and calls that may be under way for it."""
    steps: int = 1
    """Stages of recovery: in stage k of n, k/n of the calls pass, until `probes` were good."""
    lease_ms: int = 0
    """A probe that has not ended by then counts as lost, and another takes its place; 0: the longer
    of `recovery_ms` and a minute."""
