"""How many requests a resource takes in a window, and what the others are answered."""

from __future__ import annotations

from dataclasses import dataclass

NOT_FOUND = "404"
"""The one resource of every path that an app does not know (contract 22)."""

MOST_PERMITS = 100_000
"""Largest threshold that is kept in one process: each permit is a number in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """The answer to a rejected request, complete but for what the server adds."""

    status: int = 429
    headers: tuple[tuple[str, str], ...] = (("Retry-After", "1"),)
    body: str | None = None
    """None says which resource was limited (contract 23)."""

    def can_be_sent(self) -> bool:
        """Tell whether no header begins another one, and all of it has bytes."""
        lines = [text for header in self.headers for text in header]
        try:
            "".join(lines).encode("latin-1")
            (self.body or "").encode()
        except UnicodeEncodeError:
            return False
        return not any(break_ in line for line in lines for break_ in "\r\n\0")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most `threshold` requests of `resource` in any `window_ms` milliseconds, per process."""

    rule: str
    """Kind and name of the resource it was compiled from: ``FaultToleranceRule/greet``."""
    strategy: str
    resource: str
    """``METHOD:/template``, ``/template`` for every method, or NOT_FOUND."""
    threshold: float
    window_ms: int
    fallback: Fallback = Fallback()
