"""hypercorn: when a worker's application has started up, and before it closes its sockets.

Each worker, also the only one, is a process of its own, unless there are to be none. Its loop ends
on an event that the parent sets, and then sets `terminated`, which closes idle connections: both
wait until callers know. As soon as one worker has ended, the parent sends SIGTERM to those that
still serve, twice: at the end of its loop, and as multiprocessing does at the end of a program.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "Hypercorn"
VERSIONS = ("0.14", "1")

LAST_REQUESTS, MOVE = 0.1, 0.5
"""Seconds between the end of accepting and that of idle connections, on which a request may come.

Callers of a server that leaves have heard of it; those of one that hands over go on calling, and
hear on their next answer that their connection ends.
"""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the context that a worker makes once its application has started up."""
    from hypercorn.asyncio import run
    from hypercorn.asyncio.worker_context import WorkerContext

    settings: list[Any] = []
    """The configuration of the worker."""
    given: list[Any] = []
    """The sockets that it was started with, if it was."""

    def preparing(original: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def worker_serve(app: Any, config: Any, **options: Any) -> None:
            # Blocks the loop, which serves nobody yet, for as long as contract 20 allows.
            plane.ensure_ready()
            plane.insistent = multiprocessing.parent_process() is not None
            settings[:] = [config]
            sockets = options.get("sockets")
            given[:] = [*sockets.secure_sockets, *sockets.insecure_sockets] if sockets else []
            await original(app, config, **options)

        return worker_serve

    def serving(original: Callable[..., None]) -> Callable[..., None]:
        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            self.terminated = Terminated(plane, self, settings, given)
            plane.serving(LIBRARY, (lambda: given) if given else None)

        return init

    patches.replace(run, "worker_serve", preparing)
    patches.replace(WorkerContext, "__init__", serving)


class Terminated:
    """A worker's event `terminated`, whose setting waits until the worker has left."""

    def __init__(
        self, plane: DataPlane, context: Any, settings: list[Any], sockets: list[Any]
    ) -> None:
        self._plane, self._context = plane, context
        self._settings, self._sockets = settings, sockets
        self._event = context.terminated

    async def set(self) -> None:
        """Leave, or hand over at a limit of requests, while requests are served; then set it."""
        loop, left = asyncio.get_running_loop(), asyncio.Event()
        heir = self._context.terminate.is_set()
        for config in self._settings:
            # Every answer says `Connection: close` from now on.
            config.keep_alive_max_requests = 0
        self._plane.departing(partial(loop.call_soon_threadsafe, left.set), heir=heir)
        await left.wait()
        for one in self._sockets:
            with suppress(RuntimeError, OSError, ValueError):  # uvloop's are its own affair
                loop.remove_reader(one.fileno())
        await asyncio.sleep(MOVE if heir else LAST_REQUESTS)
        await self._event.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._event, name)
