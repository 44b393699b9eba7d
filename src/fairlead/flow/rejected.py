"""The error of a call that a rule about the flow of calls turned away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.policy.fallback import Fallback

if TYPE_CHECKING:
    from fairlead.flow.refusal import Refusal


_DEFAULT = Fallback()


class Rejected(RuntimeError):
    """A rule turned a call away: nothing of it has begun.

    Raised to code that guards something of its own. A client or a driver raises its library's own
    error, whose cause this is.
    """

    def __init__(self, refusal: Refusal) -> None:
        rule, reason = refusal.rule, refusal.reason
        super().__init__(f"fairlead: {refusal.resource} is turned away by {rule.rule} ({reason})")
        self.refusal = refusal
        self.resource = refusal.resource
        """Name of what was called."""
        self.rule = rule.rule
        """Kind and name of the rule."""
        self.reason = reason
        """Why, as `flow.refusal` names it: ``rate``, ``queue``, ``concurrency``, ``breaker``, …"""
        self.retry_after = refusal.retry_after
        """Seconds until there may be room, 0.0 where nobody can tell."""

    @property
    def answers(self) -> bool:
        """Whether the rule's author wrote a response to give instead, as HTTP has them."""
        fallback = self.refusal.fallback
        return fallback.body is not None or fallback.status != _DEFAULT.status

    def __reduce__(self) -> tuple[type[Rejected], tuple[Refusal]]:
        """Go to another process, as the error of a task or of a pool's worker."""
        return type(self), (self.refusal,)
