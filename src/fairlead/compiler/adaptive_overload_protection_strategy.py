"""AdaptiveOverloadProtectionStrategy: how the processes of an app protect themselves.

With the label `app` it is in force by itself; without one, for the app of a rule that names it.
"""

from __future__ import annotations

from fairlead.compiler.part import Guard, Inline, Part, Strategy, Target
from fairlead.kinds import Resource, app_of
from fairlead.kinds.adaptive_overload_protection_strategy import (
    ADAPTIVE,
    CPU,
    MEMORY,
    AdaptiveOverloadProtectionStrategySpec,
    share,
)
from fairlead.policy import overload
from fairlead.policy.overload import INSTANCE, OverloadProtection, Priority

_MEASURES = {CPU: overload.CPU, MEMORY: overload.MEMORY}
_STRATEGIES = {
    "NONE": overload.PLAIN,
    "BBR": overload.BBR,
    "KRATOS_BBR": overload.KRATOS_BBR,
    "PID": overload.PID,
    ADAPTIVE: overload.ADAPTIVE,
}


def compile_adaptive_overload_protection_strategy(
    resource: Resource[AdaptiveOverloadProtectionStrategySpec],
) -> Part:
    """Return what an AdaptiveOverloadProtectionStrategy compiles to."""
    strategy, app = overload_protection(resource.spec), app_of(resource)
    guard = None
    if app:
        inline = Inline(place="spec", strategy=strategy)
        guard = Guard(app=app, targets=(Target(INSTANCE),), strategies=(inline,))
    return Part(
        resource=resource, strategy=strategy, guard=guard, not_honoured=strategy.not_honoured
    )


def overload_protection(spec: AdaptiveOverloadProtectionStrategySpec) -> Strategy:
    """Return the strategy that `spec` describes, wherever it stands."""
    measure = _MEASURES.get(spec.metric_type)
    if measure is None:
        why = f"metricType {spec.metric_type} is not measured; {CPU} and {MEMORY} are"
        return Strategy(rule=None, mode=spec.mode, unenforced=why)
    kind = _STRATEGIES[spec.adaptive_strategy]
    priorities = (
        Priority(
            level=one.level,
            paths=one.paths or (),
            header=(one.header or "").lower(),
            values=one.values or (),
        )
        for one in spec.priorities
    )
    rule = OverloadProtection(
        rule="",
        strategy="",
        measure=measure,
        kind=kind,
        threshold=share(spec.trigger_threshold),
        exceptions=spec.exceptions,
        priorities=tuple(priorities),
    )
    vain = kind == overload.ADAPTIVE and spec.trigger_threshold is not None
    sentence = f"triggerThreshold: {ADAPTIVE} finds by itself where to begin, and uses none"
    return Strategy(rule=rule, mode=spec.mode, not_honoured=(sentence,) if vain else ())
