"""Close listening sockets without resetting a connection that was made a moment before.

The kernel makes connections before a server accepts them, and resets those that wait when the
socket is closed: a caller who could not know has then sent a request into nothing. So for a moment
the socket makes no new connections, by a filter that passes no packet; what was made is accepted,
and has time to say what it wants. Whoever tried meanwhile tries again after a second, is refused,
and goes to another instance.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from array import array
from collections.abc import Iterable
from contextlib import suppress
from os import dup
from typing import Any

ACCEPT = 0.02
"""Seconds in which the loop accepts what stands in line."""

SPEAK = 0.3
"""Seconds in which a connection that was accepted can send its request."""

# linux/filter.h, "socket filter"; Python has no name for the option.
_ATTACH_FILTER = 26
_RETURN_NOTHING = array("B", struct.pack("HBBI", 0x06, 0, 0, 0))


async def close_gently(servers: Iterable[Any]) -> None:
    """Close asyncio servers, which go on answering what they have accepted.

    Only for sockets that no other process accepts from: the filter is the socket's. The loop goes
    on meanwhile.
    """
    servers = list(servers)
    for server in servers:
        for listener in server.sockets:
            turn_away(listener.fileno())
    await asyncio.sleep(ACCEPT)
    for server in servers:
        server.close()
    await asyncio.sleep(SPEAK)


def turn_away(descriptor: int) -> None:
    """Let no more connections be made at a listening socket; nothing happens where none can."""
    if sys.platform != "linux":
        return
    program = struct.pack("HP", 1, _RETURN_NOTHING.buffer_info()[0])
    with suppress(OSError), socket.socket(fileno=dup(descriptor)) as listener:
        if listener.family in (socket.AF_INET, socket.AF_INET6):
            listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)
