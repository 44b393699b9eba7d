"""What is known of a process that reports, beside what it counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fairlead.protocols.watch.report import Runtime

QUIET = 2.5
"""Reports that a process may miss before its figures are no more those of now."""


@dataclass(slots=True, kw_only=True)
class Process:
    """One process that reports."""

    node: str
    address: str
    lane: str
    seq: int
    seconds: float
    """That its last report covers."""
    at: float
    """When that came, unix seconds."""
    runtime: Runtime | None = None
    dropped: int = 0
    shape: int = 0
    """The hash of the names in its last report, 0 before it."""
    inflight: Sequence[tuple[int, tuple[str, str, str, str]]] = ()
    """Calls under way at its busiest interfaces, by interface, side and lane."""

    def is_fresh(self, now: float) -> bool:
        """Tell whether what it said last is still about now."""
        return now - self.at < QUIET * max(self.seconds, 1.0) + 2
