"""Whether something can be said without waiting for who listens."""

from __future__ import annotations

from select import POLLERR, POLLHUP, POLLNVAL, POLLOUT, poll

MOST = 4000
"""Bytes that a pipe with room takes at once (POSIX has 4,096, `PIPE_BUF`)."""


def has_room(descriptor: int) -> bool:
    """Tell whether a write of at most MOST bytes to `descriptor` takes no time."""
    look = poll()
    look.register(descriptor, POLLOUT)
    found = look.poll(0)
    # The end of a broken pipe would answer with a signal, which the application may not ignore.
    return bool(found) and not found[0][1] & (POLLERR | POLLHUP | POLLNVAL)
