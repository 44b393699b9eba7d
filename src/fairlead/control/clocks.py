"""Time as an argument: what passes, and what the calendar says."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """The two clocks of the control plane."""

    elapsed: Callable[[], float] = time.monotonic
    """Seconds that never jump: for leases and deadlines."""
    now: Callable[[], datetime] = _now
    """The time of day: for what people read and what must outlive a restart."""
