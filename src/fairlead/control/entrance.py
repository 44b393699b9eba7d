"""Takes connections in: no faster than they can be served, and no more than there is room for.

After a restart every agent comes back at once. Those who are not taken in yet wait in the kernel's
queue, which costs this process nothing, while those inside are served.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

HANDSHAKE = 10.0
"""Seconds that a TLS handshake may take."""

EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What the kernel says when it has no room for another connection."""

MakeProtocol = Callable[[Callable[[], None]], asyncio.Protocol]
"""Makes what serves a connection, and calls what it is given when the connection is gone."""

log = logging.getLogger(__name__)


class Pace:
    """Lets so many through a second, and some at once after a quiet time."""

    def __init__(self, rate: float, burst: float) -> None:
        self._interval, self._slack = 1 / rate, burst / rate
        self._due = float("-inf")

    def wait(self, now: float) -> float:
        """Take the next place; return how many seconds it is away."""
        self._due = max(self._due, now - self._slack) + self._interval
        return max(0.0, self._due - now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """One listening socket."""

    listener: socket.socket
    pace: Pace
    limit: int
    """Connections at a time, those that still shake hands included; one more is closed."""
    context: Callable[[], ssl.SSLContext | None]
    """The TLS that the next connection speaks, None for plain HTTP."""

    async def run(self, protocol: MakeProtocol) -> None:
        """Take connections in for good."""
        loop = asyncio.get_running_loop()
        inside: set[socket.socket] = set()
        arriving: set[asyncio.Task[None]] = set()
        while True:
            if wait := self.pace.wait(loop.time()):
                await asyncio.sleep(wait)
            try:
                connection, _ = await loop.sock_accept(self.listener)
            except OSError as error:
                if error.errno in EXHAUSTED:
                    log.warning("no connection can be taken in: %s", error.strerror)
                    await asyncio.sleep(1)
                continue
            if len(inside) >= self.limit:
                connection.close()
                continue
            inside.add(connection)
            task = asyncio.create_task(self._take_in(connection, protocol, inside))
            arriving.add(task)
            task.add_done_callback(arriving.discard)

    async def _take_in(
        self, connection: socket.socket, protocol: MakeProtocol, inside: set[socket.socket]
    ) -> None:
        context = self.context()
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol(lambda: inside.discard(connection)),
                connection,
                ssl=context,
                ssl_handshake_timeout=HANDSHAKE if context else None,
            )
        except (OSError, ssl.SSLError, asyncio.CancelledError):
            # Scanners, and clients that do not trust the certificate: theirs to tell.
            inside.discard(connection)
            connection.close()
