"""FaultToleranceRule: which resources of an app are guarded, and the names of what guards them."""

from __future__ import annotations

from collections.abc import Iterable

from fairlead.compiler.envelope import answer_of
from fairlead.compiler.http_request_fallback_action import answer
from fairlead.compiler.part import Guard, Named, Part, Target
from fairlead.kinds import Resource, app_of
from fairlead.kinds.envelope import FallbackAction
from fairlead.kinds.fallback import Choice
from fairlead.kinds.fault_tolerance_rule import FaultToleranceRuleSpec
from fairlead.kinds.http_request_fallback_action import HttpRequestFallbackActionSpec
from fairlead.kinds.target import Target as Typed
from fairlead.policy.fallback import Fallback
from fairlead.policy.resource import resource_name


def compile_fault_tolerance_rule(resource: Resource[FaultToleranceRuleSpec]) -> Part:
    """Return what a FaultToleranceRule compiles to; `guards.py` finds its strategies."""
    spec = resource.spec
    guard = Guard(
        app=app_of(resource),
        targets=guarded(spec.targets),
        strategies=tuple(Named(kind=one.kind or "", name=one.name) for one in spec.strategies),
        fallback=answered(spec.answer),
        mode=spec.mode,
    )
    return Part(resource=resource, guard=guard)


def guarded(targets: Iterable[Typed]) -> tuple[Target, ...]:
    """Return what authors call `targets`, as agents do, none twice."""
    found = (
        Target(one.resource if one.regex else resource_name(one.resource), one.regex)
        for one in targets
    )
    return tuple(dict.fromkeys(found))


def answered(choice: Choice | None) -> str | Fallback | None:
    """Return the answer of a rule, or its name."""
    if isinstance(choice, HttpRequestFallbackActionSpec):
        return answer(choice)
    return answer_of(choice) if isinstance(choice, FallbackAction) else choice
