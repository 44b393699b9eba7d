"""FaultToleranceRule: which resources of an app are guarded, and the names of what guards them."""

from __future__ import annotations

from fairlead.compiler.part import Guard, Named, Part, Target
from fairlead.kinds import Resource, app_of
from fairlead.kinds.fault_tolerance_rule import FaultToleranceRuleSpec
from fairlead.policy.resource import resource_name


def compile_fault_tolerance_rule(resource: Resource[FaultToleranceRuleSpec]) -> Part:
    """Return what a FaultToleranceRule compiles to; `guards.py` finds its strategies."""
    spec = resource.spec
    guard = Guard(
        app=app_of(resource),
        targets=tuple(dict.fromkeys(Target(resource_name(one.resource)) for one in spec.targets)),
        strategies=tuple(Named(kind=one.kind or "", name=one.name) for one in spec.strategies),
        fallback=spec.fallback,
    )
    return Part(resource=resource, guard=guard)
