"""ConcurrencyLimitStrategy: how many at a time, for whoever names it."""

from __future__ import annotations

from fairlead.compiler.part import Part, Strategy
from fairlead.compiler.selective import NOT_SHARED, NOWHERE, selection
from fairlead.kinds import Resource
from fairlead.kinds.concurrency_limit_strategy import ConcurrencyLimitStrategySpec
from fairlead.kinds.strategy import LOCAL
from fairlead.policy.limit import ConcurrencyLimit


def compile_concurrency_limit_strategy(resource: Resource[ConcurrencyLimitStrategySpec]) -> Part:
    """Return what a ConcurrencyLimitStrategy compiles to; `guards.py` finds who names it."""
    return Part(resource=resource, strategy=concurrency_limit(resource.spec))


def concurrency_limit(spec: ConcurrencyLimitStrategySpec) -> Strategy:
    """Return the strategy that `spec` describes, wherever it stands."""
    rule = ConcurrencyLimit(**NOWHERE, most=spec.most, selection=selection(spec))
    unenforced = "" if spec.limit_mode == LOCAL else NOT_SHARED.format(spec.limit_mode)
    return Strategy(rule=rule, mode=spec.mode, unenforced=unenforced)
