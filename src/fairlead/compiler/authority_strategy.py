"""AuthorityStrategy: who may call, for whoever names it."""

from __future__ import annotations

from fairlead.compiler.part import Part, Strategy
from fairlead.compiler.selective import NOWHERE
from fairlead.kinds import Resource
from fairlead.kinds.authority_strategy import AuthorityStrategySpec
from fairlead.policy.limit import Authority


def compile_authority_strategy(resource: Resource[AuthorityStrategySpec]) -> Part:
    """Return what an AuthorityStrategy compiles to; `guards.py` finds who names it."""
    return Part(resource=resource, strategy=authority(resource.spec))


def authority(spec: AuthorityStrategySpec) -> Strategy:
    """Return the strategy that `spec` describes, wherever it stands."""
    names = spec.allow or spec.deny or ()
    rule = Authority(**NOWHERE, names=names, allow=spec.allow is not None)
    return Strategy(rule=rule, mode=spec.mode)
