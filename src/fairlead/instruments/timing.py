"""How much time a call has left, for libraries that take it as seconds, or know none at all."""

from __future__ import annotations

import time
from contextvars import ContextVar
from math import inf

from fairlead.flow.call import EARLY, Call

LEAST = 0.001
"""Seconds that whoever is late has: 0 means no blocking to a socket, and for ever to a library."""

until: ContextVar[float] = ContextVar("fairlead_until", default=inf)
"""When whoever reads from a socket now is to give up, on the monotonic clock."""


def left(call: Call) -> float:
    """Return the seconds that the attempt of `call` has left, infinity for no end."""
    return inf if call.until is None else remaining(call.until)


def is_over(end: float) -> bool:
    """Tell whether `end` has come, or is so near that a library's own clock says so."""
    return time.monotonic() >= end - EARLY


def remaining(end: float) -> float:
    """Return the seconds until `end`."""
    return max(LEAST, end - time.monotonic())


def least(theirs: float | None, ours: float) -> float:
    """Return the shorter of two times, of which the first may be none."""
    return ours if theirs is None else min(theirs, ours)


def shorter(theirs: float | None, end: float) -> float | None:
    """Return what a library may take that would take `theirs`, None for as long as it takes."""
    if end == inf:
        return theirs
    ours = remaining(end)
    return ours if theirs is None else min(theirs, ours)
