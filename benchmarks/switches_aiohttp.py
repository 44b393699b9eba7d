"""The aiohttp half of the leak run: a real server on loopback, and its own client before it.

Every handler answers with one digit per look, as those of `switches.py` do. One of them calls the
application again by its name, so that the lane has to get through the client and back in.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import ClientSession, TCPConnector, web

from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.workload import DEFAULT_NAMESPACE

NAME = "again"
"""The app's name, as callers spell it."""


class Again:
    """An aiohttp application that looks at its lane, and the address it is served at."""

    def __init__(self, look: Callable[[str], str], header: str) -> None:
        """`look` says whether the lane is the one that a request's `header` expects."""
        self._look, self._header = look, header
        self.socket = socket.create_server(("127.0.0.1", 0))
        self._client: ClientSession | None = None

    @property
    def url(self) -> str:
        """Where it is called by its address, which is no app's name."""
        host, port = self.socket.getsockname()
        return f"http://{host}:{port}"

    def service(self) -> Service:
        """Return the app as a snapshot has it: one instance, which serves every lane."""
        endpoint = Endpoint(address=self.url.removeprefix("http://"))
        return Service(namespace=DEFAULT_NAMESPACE, app=NAME, endpoints=(endpoint,))

    @asynccontextmanager
    async def served(self) -> AsyncIterator[ClientSession]:
        """Serve for the length of the block; give a client that knows no lane."""
        app = web.Application()
        for handler in (self.plain, self.tasks, self.stream, self.thread, self.called):
            app.router.add_get(f"/{handler.__name__}", handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.SockSite(runner, self.socket).start()
        try:
            # Each may call the application once more: a bound on connections would be a deadlock.
            async with ClientSession(connector=TCPConnector(limit=0)) as self._client:
                yield self._client
        finally:
            await runner.cleanup()

    async def plain(self, request: web.Request) -> web.StreamResponse:
        """Give way to other requests, and look again."""
        expected = request.headers.get(self._header, "")
        first = self._look(expected)
        await asyncio.sleep(0)
        return web.Response(text=first + self._look(expected))

    async def tasks(self, request: web.Request) -> web.StreamResponse:
        """Two tasks."""
        expected = request.headers.get(self._header, "")
        looks = await asyncio.gather(*(self._later(expected) for _ in range(2)))
        return web.Response(text="".join(looks))

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """A body that is made while it is sent."""
        expected = request.headers.get(self._header, "")
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(2):
            await asyncio.sleep(0)
            await response.write(self._look(expected).encode())
        return response

    async def thread(self, request: web.Request) -> web.StreamResponse:
        """`run_in_executor`, which does not take the context along."""
        expected = request.headers.get(self._header, "")
        loop = asyncio.get_running_loop()
        return web.Response(text=await loop.run_in_executor(None, self._look, expected))

    async def called(self, request: web.Request) -> web.StreamResponse:
        """Call the app again by its name: nothing but the client's hook passes the lane on."""
        expected = request.headers.get(self._header, "")
        assert self._client is not None
        headers = {self._header: expected}
        async with self._client.get(f"http://{NAME}/plain", headers=headers) as response:
            return web.Response(text=await response.text() + self._look(expected))

    async def _later(self, expected: str) -> str:
        await asyncio.sleep(0)
        return self._look(expected)
