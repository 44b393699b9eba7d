"""Ctrl-C and kill, heard at moments when nothing that was just started can be forgotten."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_held = 0
_waiting = False


def listen() -> None:
    """Turn each of SIGNALS into KeyboardInterrupt, in the main thread."""
    for number in SIGNALS:
        signal.signal(number, _heard)


@contextmanager
def held() -> Iterator[None]:
    """Put an interruption off to the end of the block."""
    global _held, _waiting  # noqa: PLW0603 - signals are the process's
    _held += 1
    try:
        yield
    finally:
        _held -= 1
        if _waiting and not _held:
            _waiting = False
            raise KeyboardInterrupt


def _heard(*_: object) -> None:
    global _waiting  # noqa: PLW0603 - as above
    if _held:
        _waiting = True
    else:
        raise KeyboardInterrupt
