"""RateLimitStrategy: thresholds and windows, for whoever names them."""

from __future__ import annotations

from fairlead.compiler.part import Part, Strategy
from fairlead.compiler.selective import NOT_SHARED, NOWHERE, selection, warming
from fairlead.kinds import Resource
from fairlead.kinds.rate_limit_strategy import RateLimitStrategySpec
from fairlead.kinds.strategy import LOCAL
from fairlead.policy.limit import MemoryScale, RateLimit, Window
from fairlead.policy.resource import resource_name


def compile_rate_limit_strategy(resource: Resource[RateLimitStrategySpec]) -> Part:
    """Return what a RateLimitStrategy compiles to; `guards.py` finds who names it."""
    return Part(resource=resource, strategy=rate_limit(resource.spec))


def rate_limit(spec: RateLimitStrategySpec) -> Strategy:
    """Return the strategy that `spec` describes, wherever it stands."""
    rule = RateLimit(
        **NOWHERE,
        windows=tuple(
            Window(threshold=threshold, window_ms=length, buckets=spec.buckets or 0)
            for threshold, length in spec.all_windows
        ),
        related=resource_name(spec.related) if spec.related else "",
        warm_up=warming(spec.warm_up),
        memory=_scale(spec),
        selection=selection(spec),
    )
    unenforced = "" if spec.limit_mode == LOCAL else NOT_SHARED.format(spec.limit_mode)
    return Strategy(rule=rule, mode=spec.mode, unenforced=unenforced)


def _scale(spec: RateLimitStrategySpec) -> MemoryScale | None:
    memory = spec.memory
    if memory is None:
        return None
    return MemoryScale(
        low_threshold=float(memory.low_threshold),
        high_threshold=float(memory.high_threshold),
        low_bytes=memory.low_bytes,
        high_bytes=memory.high_bytes,
    )
