"""Why a call may not begin, and what it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from fairlead.policy.fallback import Fallback
from fairlead.policy.rule import Rule

RATE, QUEUE, CONCURRENCY = "rate", "queue", "concurrency"
BREAKER, HOT, AUTHORITY = "breaker", "hot", "authority"
OVERLOAD = "overload"

_SAID = {
    RATE: "rate limited",
    QUEUE: "rate limited",
    HOT: "rate limited",
    CONCURRENCY: "overloaded",
    BREAKER: "circuit open",
    AUTHORITY: "not allowed",
    OVERLOAD: "too busy",
}

_RETRY_AFTER = "{retryAfter}"


@dataclass(slots=True)
class Refusal:
    """One call that a rule does not let begin. Nobody changes it, once made: it is made fast."""

    rule: Rule
    resource: str
    """The one that was called, which may be narrower than the rule's."""
    reason: str
    retry_after: float = 0.0
    """Seconds until there may be room; 0.0 where nobody can tell."""

    @property
    def fallback(self) -> Fallback:
        """What is configured for it."""
        return self.rule.fallback

    @property
    def seconds(self) -> int:
        """Whole seconds after which it is worth to ask again."""
        return max(1, ceil(self.retry_after))

    @property
    def body(self) -> str:
        """Text of the answer (contract 23)."""
        configured = self.rule.fallback.body
        if configured is None:
            return f"{_SAID[self.reason]}: {self.resource}"
        return self._timed(configured)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Headers of the answer; one that queues says when there may be room."""
        headers = self.rule.fallback.headers
        if not self.rule.fallback.queue:
            return headers
        kept = (header for header in headers if header[0].lower() != "retry-after")
        return (*kept, ("Retry-After", str(self.seconds)))

    def _timed(self, text: str) -> str:
        if not self.rule.fallback.queue:
            return text
        return text.replace(_RETRY_AFTER, str(self.seconds))
