"""What every rule about the flow of calls says: which resource, whose calls, and what if not."""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.policy.fallback import Fallback

ENFORCE = "on"
"""A rule rejects."""
SIMULATE = "simulate"
"""A rule is evaluated and counted as if it rejected, and rejects nothing."""

OFF = "off"
"""What an author says of a rule that is in no snapshot."""

MODES = (ENFORCE, SIMULATE)
"""Modes that are compiled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Whose calls a rule counts and judges; the default is everybody's, counted together."""

    callers: tuple[str, ...] = ()
    """Apps that call, as they name themselves; none: any caller, also one without a name."""
    others: bool = False
    """`callers` are those that are left out; who has no name is not among the others."""
    each: bool = False
    """Every caller is counted for itself."""
    entrance: str = ""
    """Only calls made while the process serves a call of this resource (Sentinel: chain)."""


EVERYBODY = Selection()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One strategy on one resource."""

    rule: str
    """Kind and name of the object it was compiled from: ``FaultToleranceRule/greet``."""
    strategy: str
    """Kind and name of its strategy, or where in the object it stands. With `rule` and `resource`
    it is what counts go on by when rules change."""
    resource: str
    """A name as in `policy.resource`; with `regex` a pattern that matches a whole name."""
    regex: bool = False
    """Each resource that matches has counters of its own."""
    mode: str = ENFORCE
    fallback: Fallback = Fallback()
    selection: Selection = EVERYBODY

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is, however it is tuned: counts go on by it."""
        return (type(self).__name__, self.rule, self.strategy, self.resource)
