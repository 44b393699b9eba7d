"""RateLimitStrategy: a threshold and a window, for whoever names it."""

from __future__ import annotations

from fairlead.compiler.part import Part, Strategy
from fairlead.kinds import Resource
from fairlead.kinds.rate_limit_strategy import LOCAL, RateLimitStrategySpec
from fairlead.policy.limit import MOST_PERMITS, RateLimit, Window


def compile_rate_limit_strategy(resource: Resource[RateLimitStrategySpec]) -> Part:
    """Return what a RateLimitStrategy compiles to; `guards.py` finds who names it."""
    return Part(resource=resource, strategy=rate_limit(resource.spec))


def rate_limit(spec: RateLimitStrategySpec) -> Strategy:
    """Return the strategy that `spec` describes, wherever it stands."""
    rule = RateLimit(
        rule="",
        strategy="",
        resource="",
        windows=(Window(threshold=float(spec.threshold), window_ms=spec.window_ms),),
    )
    return Strategy(rule=rule, unenforced=_unenforced(spec))


def _unenforced(spec: RateLimitStrategySpec) -> str:
    if spec.limit_mode != LOCAL:
        return (
            f"limitMode {spec.limit_mode} needs counters that processes share, which this version "
            f"has not: with {LOCAL} each process counts for itself"
        )
    if spec.threshold > MOST_PERMITS:
        return f"threshold {spec.threshold} is more than the {MOST_PERMITS} that a process counts"
    return ""
