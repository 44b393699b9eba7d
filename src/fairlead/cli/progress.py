"""How far a long thing is, on standard error: for people only, and once it has taken a second."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self, TextIO

from fairlead.cli import terminal

PATIENCE = 1.0
"""Seconds that a thing may take without a bar."""
PACE = 0.2
"""Seconds between two drawings."""
_WIDTH = 24


class Progress:
    """A bar of `total` steps, or the seconds that something takes where there are none.

    It draws itself from a thread of its own, so that it is seen while a step takes long. What is
    printed meanwhile goes through `say`: it must not be glued to the bar.
    """

    def __init__(
        self,
        what: str,
        total: int = 0,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to count `total` steps of `what`."""
        self._what, self._total, self._done, self._note = what, total, 0, ""
        self._stream = sys.stderr if stream is None else stream
        self._clock, self._began = clock, clock()
        self._shown, self._lock, self._over = "", threading.Lock(), threading.Event()

    def __enter__(self) -> Self:
        if terminal.is_terminal(self._stream):
            threading.Thread(target=self._run, name="fairlead-progress", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with self._lock:
            self._wipe()

    def step(self, count: int = 1) -> None:
        """Hear that `count` more steps are done."""
        self._done += count

    def note(self, text: str) -> None:
        """Hear what is being waited for."""
        self._note = terminal.one_line(text)

    def say(self, line: str, stream: TextIO | None = None) -> None:
        """Print a line, on standard output if `stream` is left out."""
        with self._lock:
            self._wipe()
            print(line, file=stream, flush=True)

    def draw(self) -> None:
        """Draw it, where it is time to and somebody looks."""
        taken = self._clock() - self._began
        if taken < PATIENCE or not terminal.is_terminal(self._stream):
            return
        with self._lock:
            text = terminal.cut(self._text(taken), terminal.size()[0] - 1)
            if not self._over.is_set() and text != self._shown:
                self._shown = text
                self._write(text)

    def _text(self, taken: float) -> str:
        words = [terminal.one_line(self._what)]
        if self._total > 1:
            filled = int(min(self._done / self._total, 1.0) * _WIDTH)
            bar = "█" * filled + "░" * (_WIDTH - filled)
            words += [bar, f"{self._done}/{self._total}"]
        return "  ".join([*words, f"{taken:.0f} s", *([self._note] if self._note else [])])

    def _run(self) -> None:
        pause = PATIENCE
        while not self._over.wait(pause):
            self.draw()
            pause = PACE

    def _wipe(self) -> None:
        if self._shown:
            self._write("")
            self._shown = ""

    def _write(self, text: str) -> None:
        self._stream.write(f"\r\x1b[K{text}")
        self._stream.flush()


_drawing = threading.Lock()
"""Held by whoever shows how far something is: what is asked meanwhile is a part of that."""


@contextmanager
def progress(what: str, total: int = 0) -> Iterator[Progress]:
    """Show how far `what` is, unless somebody shows how far something around it is."""
    bar = Progress(what, total)
    if not _drawing.acquire(blocking=False):
        yield bar
        return
    try:
        with bar:
            yield bar
    finally:
        _drawing.release()
