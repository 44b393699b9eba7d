"""grpc.aio's server: each call on its lane, in the one task that serves it.

An interceptor of ours comes first: those of the application are inside the call. A handler's
function is of one of several kinds, and what stands in for it is of the same: a plain function is
called in a thread of the server's executor.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.propagate import resume, suspend
from fairlead.instruments.rpc_server import Told, handler_like, way_of
from fairlead.instruments.rpc_serving import Governance, Serving

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "grpcio"
VERSIONS = ("1.60", "2")

Async = Callable[..., Awaitable[Any]]


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what a server is made with, what it is told, and its start and stop."""
    from grpc.aio._server import Server

    _Hooks(plane).replace(patches, Server)


class _Hooks(Told):
    def __init__(self, plane: DataPlane) -> None:
        super().__init__(plane)
        self._interceptor = interceptor(plane)

    def starting(self, original: Async) -> Async:
        async def start(server: Any) -> None:
            # Blocks the loop, which serves nobody yet, for as long as contract 20 allows.
            self._plane.ensure_ready()
            await original(server)
            self.started(server)

        return start

    def stopping(self, original: Async) -> Async:
        self._original = original

        async def stop(server: Any, grace: Any = None) -> None:
            if self.leaves(server):
                await _departed(self._plane)
            await original(server, grace)

        return stop

    def _stop(self, server: Any, grace: float) -> None:
        async def stop() -> None:
            await self._original(server, grace)

        asyncio.run_coroutine_threadsafe(stop(), server._loop)


async def _departed(plane: DataPlane) -> None:
    """Calls go on being served until the last caller can know."""
    loop, left = asyncio.get_running_loop(), asyncio.Event()
    plane.departing(partial(loop.call_soon_threadsafe, left.set))
    await left.wait()


def interceptor(plane: DataPlane) -> Any:
    """Return what puts calls on their lane before the application's interceptors see them."""
    from grpc.aio._interceptor import ServerInterceptor

    governance = Governance(plane)

    class Interceptor(ServerInterceptor):  # type: ignore[misc]
        async def intercept_service(self, continuation: Async, details: Any) -> Any:
            serving = governance.serving(details)
            token = resume(serving.passage)
            try:
                handler = await continuation(serving.shown(details))
            finally:
                suspend(token)
            return handler and governed(handler, serving)

    return Interceptor()


def governed(handler: Any, serving: Serving) -> Any:
    """Return what serves one call in place of its handler."""
    way = way_of(handler)
    function = getattr(handler, way)

    async def single(request: Any, context: Any) -> Any:
        return await serving.single_async(function, request, context)

    async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
        async for answer in serving.stream_async(function, request, context):
            yield answer

    def in_thread(request: Any, context: Any) -> Iterator[Any]:
        # The loop calls it; only what a generator does runs in a thread.
        yield from serving.stream(function, request, context)

    if inspect.isasyncgenfunction(function):
        return handler_like(handler, way, stream)
    if inspect.iscoroutinefunction(function) or inspect.isawaitable(function):
        return handler_like(handler, way, single)
    if handler.response_streaming:
        return handler_like(handler, way, in_thread)
    return handler_like(handler, way, partial(serving.single, function))
