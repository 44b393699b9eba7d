"""The statements that were refused last: few, in memory only, and as they came.

Who shows them masks what is in them. Equal ones are one, and counted.
"""

from __future__ import annotations

from _thread import allocate_lock
from dataclasses import dataclass, replace

MOST = 20
LONGEST = 4096
"""Characters of a statement that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A statement that was not sent; `last` is on the monotonic clock."""

    lane: str
    library: str
    dialect: str
    cause: str
    reason: str
    text: str
    """``""`` where a connection was refused, not a statement on it."""
    count: int = 1
    last: float = 0.0


class Refusals:
    """The last MOST of them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], Refusal] = {}
        self._lock = allocate_lock()

    def note(self, refusal: Refusal) -> None:
        """Keep `refusal`, which has just happened; the oldest makes room for it."""
        key = (refusal.lane, refusal.cause, refusal.text[:LONGEST])
        with self._lock:
            before = self._kept.pop(key, None)
            count = before.count + 1 if before else 1
            self._kept[key] = replace(refusal, text=key[2], count=count)
            if len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]

    def read(self) -> tuple[Refusal, ...]:
        """Return what is kept, the last one first."""
        with self._lock:
            return tuple(reversed(self._kept.values()))
