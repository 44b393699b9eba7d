"""How far a long thing is, on standard error: for people only, and once it has taken a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO, TypeVar

from fairlead.cli import terminal

PATIENCE = 1.0
"""Seconds that a thing may take without a bar."""
PACE = 0.1
"""Seconds between two drawings."""
_WIDTH = 24

T = TypeVar("T")


class Progress:
    """A bar, drawn by `step` and wiped out by `end`."""

    def __init__(
        self,
        what: str,
        total: int,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to count `total` steps of `what`."""
        self._what, self._total, self._done = what, max(total, 1), 0
        self._stream = sys.stderr if stream is None else stream
        self._clock, self._next = clock, clock() + PATIENCE
        self._shown = False

    def step(self, count: int = 1) -> None:
        """Hear that `count` more steps are done."""
        self._done += count
        now = self._clock()
        if now < self._next or not terminal.is_terminal(self._stream):
            return
        self._next, self._shown = now + PACE, True
        part = min(self._done / self._total, 1.0)
        bar = "█" * int(part * _WIDTH) + "░" * (_WIDTH - int(part * _WIDTH))
        self._draw(f"{self._what} {bar} {self._done}/{self._total}")

    def end(self) -> None:
        """Wipe the bar out."""
        if self._shown:
            self._draw("")
            self._shown = False

    def _draw(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{text}")
        self._stream.flush()


def counted(what: str, items: Iterable[T], total: int) -> Iterator[T]:
    """Yield `items`, and show how far that is."""
    progress = Progress(what, total)
    try:
        for item in items:
            yield item
            progress.step()
    finally:
        progress.end()
