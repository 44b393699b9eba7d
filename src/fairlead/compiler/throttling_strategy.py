"""ThrottlingStrategy: a pace and a queue, for whoever names them."""

from __future__ import annotations

from fairlead.compiler.part import Part, Strategy
from fairlead.compiler.selective import NOWHERE, selection, warming
from fairlead.kinds import Resource
from fairlead.kinds.throttling_strategy import ThrottlingStrategySpec
from fairlead.policy.limit import Throttle

UNPACED = "minIntervalOfRequests is 0: nothing is paced"


def compile_throttling_strategy(resource: Resource[ThrottlingStrategySpec]) -> Part:
    """Return what a ThrottlingStrategy compiles to; `guards.py` finds who names it."""
    return Part(resource=resource, strategy=throttle(resource.spec))


def throttle(spec: ThrottlingStrategySpec) -> Strategy:
    """Return the strategy that `spec` describes, wherever it stands."""
    threshold, window_ms = spec.pace
    if not window_ms:
        return Strategy(rule=None, mode=spec.mode, unenforced=UNPACED)
    rule = Throttle(
        **NOWHERE,
        threshold=threshold,
        window_ms=window_ms,
        queue_ms=spec.queue_ms,
        burst=float(spec.burst),
        warm_up=warming(spec.warm_up),
        selection=selection(spec),
    )
    return Strategy(rule=rule, mode=spec.mode)
