"""How many calls of a resource each rule has rejected, and would have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlead.policy.rule import Rule

if TYPE_CHECKING:
    from fairlead.flow.gate import Gate
    from fairlead.flow.refusal import Refusal

MOST = 64
"""Rules and reasons that a gate tells apart; of more it tells the reasons."""

OTHERS = "*"


class Tally:
    """Calls that one rule has rejected at one gate for one reason."""

    __slots__ = ("all", "reason", "rejected", "rule", "simulated")

    def __init__(self, every: dict[tuple[str, str], Tally]) -> None:
        self.all = every
        """Those of its gate, by the rule's name and the reason."""
        self.rule: Rule | None = None
        """As it was when the last call was counted."""
        self.reason = ""
        self.rejected = self.simulated = 0


def tally(gate: Gate, refusal: Refusal) -> Tally:
    """Return what counts the calls that `refusal` is about."""
    last: Tally | None = gate.tally
    if last is not None and last.rule is refusal.rule and last.reason is refusal.reason:
        return last
    every = {} if last is None else last.all
    key = (refusal.rule.rule, refusal.reason)
    if key not in every and len(every) >= MOST:
        key = (OTHERS, refusal.reason)
    found: Any = every.get(key) or every.setdefault(key, Tally(every))
    found.rule, found.reason = refusal.rule, refusal.reason
    gate.tally = found
    return found  # type: ignore[no-any-return]


def told(last: Tally | None) -> dict[tuple[str, str], tuple[int, int]]:
    """Return what the tallies of a gate say; see `Gate.by_rule`."""
    found = list(last.all.items()) if last is not None else []
    return {key: (one.rejected, one.simulated) for key, one in found}
