"""Ports for servers that are told theirs before they start."""

from __future__ import annotations

import itertools
import os
import socket

FIRST, COUNT = 20_000, 12_000
"""Below 32768, where Linux begins to hand out ports by itself.

A port of those may be the next connection's, or another server's, before ours has bound it.
"""

_steps = itertools.count(os.getpid() * 997)
"""Processes begin far from each other, and no port comes twice in one."""


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port of `host` that nobody listens on, and that nobody is given unasked."""
    for step in itertools.islice(_steps, COUNT):
        port = FIRST + step % COUNT
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
        return port
    raise OSError(f"nothing is free on {host} from {FIRST} to {FIRST + COUNT - 1}")
