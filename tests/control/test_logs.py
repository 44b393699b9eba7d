"""The control plane's log: a line that finds no room is dropped, and counted."""

from __future__ import annotations

import logging
import os
from contextlib import suppress

from fairlead.control.logs import Unhurried
from fairlead.telemetry.room import MOST


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("n", logging.ERROR, "f", 1, text, None, None)


def test_what_was_dropped_is_told_of_with_the_next_line() -> None:
    """Who reads the log must not take a gap for silence."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    log = Unhurried(writing)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    os.set_blocking(writing, True)
    log.emit(record("lost"))
    log.emit(record("lost too"))
    os.set_blocking(reading, False)
    with suppress(BlockingIOError):
        while os.read(reading, 1 << 16):
            pass

    log.emit(record("seen"))
    log.emit(record("x" * 2 * MOST))

    seen, long, _ = os.read(reading, 1 << 16).decode().split("\n")
    assert seen == "seen (2 lines before it were dropped)"
    assert len(long) == MOST - 1
    os.close(reading)
    log.emit(record("to nobody"))  # and no signal, no error
    os.close(writing)
    log.emit(record("to nothing"))
