"""A request that has to wait for its turn: it goes when its client does.

A server tells of a client that has gone where the application reads the body. So the body is read
meanwhile, as far as a bound, and the application is given what was read.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from fairlead.instruments.drive import pause_async

if TYPE_CHECKING:
    from fairlead.flow.gate import Entry
    from fairlead.instruments.asgi_types import Message, Receive

MOST_READ = 65_536
"""Bytes of a body that are kept for a request that waits; the rest is the client's to keep."""

_GONE = frozenset(("http.disconnect", "websocket.disconnect"))


async def waited(entry: Entry, receive: Receive) -> Receive | None:
    """Wait until the call of `entry` may begin; return what receives from then on.

    None says that the client has gone: the entry has ended.
    """
    client = Client(receive)
    watching = asyncio.ensure_future(client.goes())
    waiting = asyncio.ensure_future(pause_async(entry))
    try:
        await asyncio.wait((watching, waiting), return_when=asyncio.FIRST_COMPLETED)
        if not client.gone:
            await waiting
    finally:
        await _ended(watching)
        await _ended(waiting)
    return None if client.gone else client.receive


class Client:
    """What a client sends while its request waits."""

    def __init__(self, receive: Receive) -> None:
        self.gone = False
        self._receive = receive
        self._read: deque[Message] = deque()

    async def goes(self) -> None:
        """Return when the client has gone, or has sent more than is kept."""
        size = 0
        while size <= MOST_READ:
            message = await self._receive()
            self._read.append(message)
            if message["type"] in _GONE:
                self.gone = True
                return
            size += len(message.get("body", b"")) + 1

    async def receive(self) -> Message:
        """Return what came meanwhile first."""
        return self._read.popleft() if self._read else await self._receive()


async def _ended(task: asyncio.Future[None]) -> None:
    task.cancel()
    await asyncio.wait((task,))
    if not task.cancelled():
        task.exception()  # seen: it is the server's, and comes again where the application reads
