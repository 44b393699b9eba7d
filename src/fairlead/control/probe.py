"""Does anybody listen at an address? A TCP connection that is closed again at once.

Nothing is sent and nothing is read. Only addresses that an agent has registered are asked, which
is where the calls of every other app go anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from enum import StrEnum

TIMEOUT = 1.0
"""Seconds that a connection may take: the peer is in the same network."""


class Answer(StrEnum):
    """What came of it."""

    ANSWERS = "Answers"
    REFUSES = "Refuses"
    """Somebody said that nobody listens there."""
    SILENT = "Silent"
    """Nobody said anything: the host is gone, or the way to it."""


Probe = Callable[[str], Awaitable[Answer]]
"""Asks an address, ``host:port``. Never raises."""


async def connect(address: str) -> Answer:
    """Return whether somebody listens at `address`."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(TIMEOUT):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except ConnectionRefusedError:
        return Answer.REFUSES
    except (OSError, TimeoutError, ValueError):
        return Answer.SILENT
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return Answer.ANSWERS
