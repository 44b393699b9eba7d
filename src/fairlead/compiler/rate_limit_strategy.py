"""RateLimitStrategy: a threshold and a window, for whoever names it."""

from __future__ import annotations

from fairlead.compiler.part import Part, Strategy
from fairlead.kinds import Resource, app_of
from fairlead.kinds.rate_limit_strategy import LOCAL, RateLimitStrategySpec
from fairlead.policy.limit import MOST_PERMITS


def compile_rate_limit_strategy(resource: Resource[RateLimitStrategySpec]) -> Part:
    """Return what a RateLimitStrategy compiles to; `limits.py` finds who names it."""
    spec = resource.spec
    strategy = Strategy(
        app=app_of(resource),
        threshold=float(spec.threshold),
        window_ms=spec.window_ms,
        unenforced=_unenforced(spec),
    )
    return Part(resource=resource, strategy=strategy)


def _unenforced(spec: RateLimitStrategySpec) -> str:
    if spec.limit_mode != LOCAL:
        return (
            f"limitMode {spec.limit_mode} needs counters that processes share, which this version "
            f"has not: with {LOCAL} each process counts for itself"
        )
    if spec.threshold > MOST_PERMITS:
        return f"threshold {spec.threshold} is more than the {MOST_PERMITS} that a process counts"
    return ""
