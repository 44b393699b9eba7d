"""uvicorn: when it has opened its sockets, and before it closes them.

Each worker process runs a `Server` of its own, also under gunicorn's uvicorn worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.closing import close_gently

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "uvicorn"
VERSIONS = ("0.23", "1")

CLOSE = (b"connection", b"close")
"""What every answer says from the moment a server is to end; uvicorn keeps it out of HTTP/2."""

MOVE = 0.5
"""Seconds between the end of accepting and that of idle connections, on which a request may come.

Callers of a worker that others replace go on calling, and hear on their next answer that their
connection ends.
"""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook start and stop of every server."""
    from uvicorn.server import Server

    def starting(original: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def startup(self: Any, *args: Any, **kwargs: Any) -> None:
            # Blocks the loop, which serves nobody yet, for as long as contract 20 allows.
            plane.ensure_ready()
            await original(self, *args, **kwargs)
            if self.started:
                plane.serving(LIBRARY, lambda: [s for srv in self.servers for s in srv.sockets])

        return startup

    def stopping(original: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def shutdown(self: Any, sockets: Any = None) -> None:
            # Told by nobody, it has reached its limit of requests; the parent, which has the socket
            # too, starts another worker.
            heir = bool(sockets) and not self.should_exit
            state = self.server_state
            state.default_headers = [*state.default_headers, CLOSE]
            await _departed(plane, heir=heir)
            if sockets:
                # Others accept from them, now or later.
                for server in self.servers:
                    server.close()
                await asyncio.sleep(MOVE)
            else:
                await close_gently(self.servers)
            await original(self, sockets)

        return shutdown

    patches.replace(Server, "startup", starting)
    patches.replace(Server, "shutdown", stopping)


async def _departed(plane: DataPlane, *, heir: bool) -> None:
    """Requests go on being served until the last caller can know."""
    loop, left = asyncio.get_running_loop(), asyncio.Event()
    plane.departing(partial(loop.call_soon_threadsafe, left.set), heir=heir)
    await left.wait()
