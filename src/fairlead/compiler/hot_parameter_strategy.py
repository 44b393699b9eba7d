"""HotParameterStrategy: a limit for each value, for whoever names it."""

from __future__ import annotations

from fairlead.compiler.part import Part, Strategy
from fairlead.compiler.selective import NOWHERE, selection
from fairlead.kinds import Resource
from fairlead.kinds.hot_parameter_strategy import (
    CONCURRENCY,
    REJECT,
    THROTTLE,
    HotParameterStrategySpec,
)
from fairlead.policy import limit
from fairlead.policy.limit import HotLimit, Param

_BEHAVIOURS = {REJECT: limit.REJECT, THROTTLE: limit.PACE, CONCURRENCY: limit.INFLIGHT}


def compile_hot_parameter_strategy(resource: Resource[HotParameterStrategySpec]) -> Part:
    """Return what a HotParameterStrategy compiles to; `guards.py` finds who names it."""
    return Part(resource=resource, strategy=hot_parameter(resource.spec))


def hot_parameter(spec: HotParameterStrategySpec) -> Strategy:
    """Return the strategy that `spec` describes, wherever it stands."""
    match = spec.param.match
    param = Param(
        source=spec.param.source,
        name=spec.param.name or "",
        match=match.way if match else "",
        pattern=match.text if match else "",
    )
    rule = HotLimit(
        **NOWHERE,
        param=param,
        behaviour=_BEHAVIOURS[spec.behavior],
        threshold=float(spec.threshold),
        burst=float(spec.burst),
        window_ms=spec.window_ms,
        queue_ms=spec.queue_ms,
        items=tuple((one.value, float(one.threshold)) for one in spec.exceptions),
        elements=spec.each_element,
        most_values=spec.capacity or 0,
        selection=selection(spec),
    )
    return Strategy(rule=rule, mode=spec.mode)
