"""AdaptiveOverloadProtectionStrategy: read, and not enforced by this version."""

from __future__ import annotations

from fairlead.compiler.part import Part, Strategy
from fairlead.kinds import Resource
from fairlead.kinds.adaptive_overload_protection_strategy import (
    AdaptiveOverloadProtectionStrategySpec,
)

UNENFORCED = "adaptive overload protection is not enforced by this version"


def compile_adaptive_overload_protection_strategy(
    resource: Resource[AdaptiveOverloadProtectionStrategySpec],
) -> Part:
    """Return what an AdaptiveOverloadProtectionStrategy compiles to: why it is not enforced."""
    return Part(resource=resource, strategy=overload_protection(resource.spec))


def overload_protection(spec: AdaptiveOverloadProtectionStrategySpec) -> Strategy:
    """Return the strategy that `spec` describes, wherever it stands."""
    return Strategy(rule=None, mode=spec.mode, unenforced=UNENFORCED)
