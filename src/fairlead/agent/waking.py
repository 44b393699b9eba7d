"""Wake the main thread for a signal that another thread has taken (contract 4).

The kernel gives a process's signal to the main thread, or to any that happens to look before that
one is awake, as one does that starts another. Python notes it there, and runs the handler when the
main thread wakes: one that waits for a lock, as in ``thread.join()`` and in granian's workers of
WSGI, sleeps on, and the process never ends. It also writes what it notes to a descriptor.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from fairlead.agent import native

if TYPE_CHECKING:
    from types import FrameType

    from fairlead.instruments.instrument import Handler

LATE, LONGEST = 0.2, 5.0
"""Seconds that the main thread has to hear a signal by itself, and between two wakings at most."""

_CHUNK = 4096


class Waker:
    """Of one process."""

    def __init__(self) -> None:
        self._numbers: frozenset[int] = frozenset()
        self._heard = 0
        self._pipe: tuple[int, int] | None = None

    def hearing(self, handler: Handler, *numbers: int) -> Handler:
        """Return a handler of these signals that is called soon, whichever thread takes them.

        On the main thread alone; elsewhere, and where the application reads the descriptor itself
        as an event loop does, it is simply called.
        """

        def hear(number: int, frame: FrameType | None) -> None:
            self._heard += 1
            handler(number, frame)

        self._numbers |= frozenset(numbers)
        if self._pipe is None:
            self._watch()
        return hear

    def forget(self) -> None:
        """Watch nothing, in a forked child: the other end is its parent's."""
        if self._pipe is None:
            return
        reading, writing = self._pipe
        self._pipe, self._numbers = None, frozenset()
        os.close(reading)
        with suppress(ValueError):
            _give_back(writing)

    def stop(self) -> None:
        """End the thread, where this is the main one."""
        if self._pipe is None:
            return
        with suppress(ValueError):  # not the main thread
            _give_back(self._pipe[1])
            self._pipe = None

    def _watch(self) -> None:
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        try:
            watched = _set_unless_taken(writing, -1)
        except ValueError:
            watched = False  # not the main thread
        if not watched:
            os.close(reading)
            os.close(writing)
            return
        self._pipe = reading, writing
        thread, heard = native.ident(), self._heard
        try:
            native.spawn(lambda: self._run(reading, thread, heard))
        except RuntimeError:  # there are no more threads to be had
            self.forget()

    def _run(self, reading: int, thread: int, heard: int) -> None:
        while told := os.read(reading, _CHUNK):
            ours = self._numbers.intersection(told)
            if not ours:
                continue
            bell, pause = native.Bell(), LATE
            while self._heard == heard:
                bell.sleep(pause)
                pause = min(2 * pause, LONGEST)
                # What was noted and is noted again before it is heard is heard once.
                if self._heard == heard:
                    signal.pthread_kill(thread, min(ours))
            heard = self._heard
            _drain(reading)
        os.close(reading)


def _drain(descriptor: int) -> None:
    """Read what was noted before the handler ran, our own waking too."""
    os.set_blocking(descriptor, False)
    with suppress(BlockingIOError):
        os.read(descriptor, _CHUNK)
    os.set_blocking(descriptor, True)


def _give_back(writing: int) -> None:
    """Close our end. Raises ValueError elsewhere than on the main thread."""
    if _set_unless_taken(-1, writing):
        os.close(writing)
        return
    # An event loop that has taken over sets this one again when it ends.
    nobody = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nobody, writing, inheritable=False)
    os.close(nobody)


def _set_unless_taken(descriptor: int, expected: int) -> bool:
    """Have signals noted at a descriptor if that was so at `expected`; return whether it was."""
    before = signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
    if before == expected:
        return True
    signal.set_wakeup_fd(before)
    return False
