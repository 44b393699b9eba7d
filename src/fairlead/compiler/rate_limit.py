"""RateLimit: a sliding window, or a bucket of tokens where requests may pass at once."""

from __future__ import annotations

from fairlead.compiler.envelope import policy
from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.rate_limit import RateLimitConfig, RateLimitSpec
from fairlead.policy.limit import RateLimit, Throttle, Window
from fairlead.policy.rule import Rule


def compile_rate_limit(resource: Resource[RateLimitSpec]) -> Part:
    """Return what a RateLimit compiles to."""
    config = resource.spec.config
    return policy(resource, _rule(config), config.scope)


def _rule(config: RateLimitConfig) -> Rule:
    limit, interval = float(config.limit), config.interval
    if config.burst:
        return Throttle(
            rule="",
            strategy="",
            resource="",
            threshold=limit,
            window_ms=interval,
            queue_ms=0,
            burst=float(config.burst),
        )
    windows = (Window(threshold=limit, window_ms=interval),)
    return RateLimit(rule="", strategy="", resource="", windows=windows)
