"""What strategies have in common, compiled."""

from __future__ import annotations

from typing import TypedDict

from fairlead.kinds.quantity import duration_ms
from fairlead.kinds.strategy import SelectiveSpec, WarmUp
from fairlead.policy.limit import WarmUp as Warming
from fairlead.policy.resource import resource_name
from fairlead.policy.rule import Selection


class Names(TypedDict):
    """What a rule is called."""

    rule: str
    strategy: str
    resource: str


NOWHERE = Names(rule="", strategy="", resource="")
"""Names of a rule that is on no resource yet: `guards.py` gives it some."""

NOT_SHARED = (
    "limitMode {} needs counters that hosts share, which this version has not: with Local the "
    "workers of an app on each host count together"
)
"""Why a strategy that is to count across hosts is not enforced (contract 23)."""


def selection(spec: SelectiveSpec) -> Selection:
    """Return whose calls the strategy is for."""
    return Selection(
        callers=spec.callers or spec.other_callers or (),
        others=spec.other_callers is not None,
        each=spec.per_caller,
        entrance=resource_name(spec.entrance) if spec.entrance else "",
    )


def warming(warm_up: WarmUp | None) -> Warming | None:
    """Return how a threshold rises."""
    if warm_up is None:
        return None
    period = duration_ms(warm_up.period) or 0
    return Warming(period_ms=period, cold_factor=float(warm_up.cold_factor))
