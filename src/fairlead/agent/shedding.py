"""When measuring is given up to spare the application: as its memory is nearly full (S4-43).

What gates count they go on counting, as rules need it. What only people want to know is dropped,
and how many calls that were is told.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fairlead.agent.memory import resident
from fairlead.flow.engine import Engine

FULL, ROOM = 0.9, 0.85
"""Shares of the limit of memory from which on measuring is given up, and below which it begins."""

_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_NO_LIMIT = 1 << 60


def limit(files: tuple[Path, ...] = _LIMITS) -> int:
    """Return the bytes of memory that the process's container may use, 0 where nobody says."""
    for file in files:
        try:
            text = file.read_text("ascii").strip()
        except (OSError, ValueError):
            continue
        return int(text) if text.isdigit() and int(text) < _NO_LIMIT else 0
    return 0


class Shedding:
    """Looks at the memory of one process, now and then."""

    def __init__(
        self,
        engine: Engine,
        memory: Callable[[], int] = resident,
        most: Callable[[], int] = limit,
    ) -> None:
        self._engine, self._memory, self._most = engine, memory, most
        self.why = ""
        """Why less is measured than there is."""

    def look(self) -> None:
        """Give measuring up, or begin it again."""
        most = self._most()
        share = self._memory() / most if most else 0.0
        measuring = self._engine.measuring
        if measuring.on and share >= FULL:
            self._engine.measure(False, shed=True)
            self.why = f"{share:.0%} of the memory is in use"
        elif measuring.shed and share < ROOM:
            self._engine.measure(True)
            self.why = ""
