"""uvicorn: when it has opened its sockets, and before it closes them.

Each worker process runs a `Server` of its own, also under gunicorn's uvicorn worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "uvicorn"
VERSIONS = ("0.23", "1")


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
            if sockets and not self.should_exit:
                # Told by nobody, it has reached its limit of requests; the parent, which has the
                # socket too, starts another worker.
                plane.handing_over()
            else:
                await _on_a_thread(plane.leaving)
            await original(self, sockets)

        return shutdown

    patches.replace(Server, "startup", starting)
    patches.replace(Server, "shutdown", stopping)


async def _on_a_thread(leave: Callable[[], None]) -> None:
    """Requests go on being served until the last caller can know.

    Not on a thread of the loop's: the application may keep all of them busy for as long as it
    likes, and the server would not stop.
    """
    executor = ThreadPoolExecutor(1)
    try:
        await asyncio.get_running_loop().run_in_executor(executor, leave)
    finally:
        executor.shutdown(wait=False)
