"""The applications of the leak run: each way a request can change tasks, threads or contexts.

Every handler looks which lane it is on wherever it gets to, and answers with one digit per look:
``0`` where it is the lane the request came with, ``1`` where it is another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

from flask import Flask, Response, stream_with_context
from flask import request as flask_request
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route

LANE = "x-expected-lane"
POOL_LIFE = 200
"""Submits after which a pool is replaced: each begins with a worker some request had started."""

CurrentLane = Callable[[], str]


class Applications:
    """A Starlette and a Flask application that look at `current_lane` in many places."""

    def __init__(self, current_lane: CurrentLane) -> None:
        self._lane = current_lane
        self._pool = ThreadPoolExecutor(2)
        self._submits = 0
        self.late: set[asyncio.Task[str]] = set()
        """Tasks that outlive their request."""
        self.late_looks = 0
        self.late_leaks = 0
        handlers = (
            *(self.plain, self.tasks, self.generator, self.stream, self.to_thread, self.executor),
            *(self.thread, self.pool_map, self.endpoint, self.sync_stream, self.background),
            self.outlive,
        )
        self.asgi = Starlette(routes=[Route(f"/{h.__name__}", h) for h in handlers])
        self.wsgi = Flask("leaks")
        self.wsgi.add_url_rule("/plain", view_func=self.flask_plain)
        self.wsgi.add_url_rule("/stream", view_func=self.flask_stream)
        self.wsgi.add_url_rule("/executor", view_func=self.flask_executor)

    def look(self, expected: str) -> str:
        """Return ``0`` on the lane `expected`, else ``1``."""
        return "0" if self._lane() == expected else "1"

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    async def plain(self, request: Request) -> StarletteResponse:
        """Give way to other requests, and look again."""
        expected = request.headers[LANE]
        first = self.look(expected)
        await asyncio.sleep(0)
        return PlainTextResponse(first + self.look(expected))

    async def tasks(self, request: Request) -> StarletteResponse:
        """Two tasks."""
        looks = await asyncio.gather(*(self._later(request.headers[LANE]) for _ in range(2)))
        return PlainTextResponse("".join(looks))

    async def generator(self, request: Request) -> StarletteResponse:
        """A generator that is resumed between other requests."""
        found = []
        for digit in self._looks(request.headers[LANE]):
            await asyncio.sleep(0)
            found.append(digit)
        return PlainTextResponse("".join(found))

    async def stream(self, request: Request) -> StarletteResponse:
        """A body that is made while it is sent."""
        return StreamingResponse(self._chunks(request.headers[LANE]))

    async def to_thread(self, request: Request) -> StarletteResponse:
        """`asyncio.to_thread`, which copies the context itself."""
        return PlainTextResponse(await asyncio.to_thread(self.look, request.headers[LANE]))

    async def executor(self, request: Request) -> StarletteResponse:
        """`run_in_executor`, which does not."""
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._workers(), self.look, request.headers[LANE])
        return PlainTextResponse(await future)

    async def thread(self, request: Request) -> StarletteResponse:
        """A thread of its own."""
        found: list[str] = []
        expected = request.headers[LANE]
        thread = Thread(target=lambda: found.append(self.look(expected)))
        thread.start()
        await asyncio.to_thread(thread.join)
        return PlainTextResponse("".join(found))

    async def pool_map(self, request: Request) -> StarletteResponse:
        """`Executor.map`."""
        return PlainTextResponse("".join(self._workers().map(self.look, [request.headers[LANE]])))

    def endpoint(self, request: Request) -> StarletteResponse:
        """A plain function, which Starlette runs in a thread."""
        return PlainTextResponse(self.look(request.headers[LANE]))

    async def sync_stream(self, request: Request) -> StarletteResponse:
        """A plain generator as body: each chunk is made in some thread."""
        return StreamingResponse(self._looks(request.headers[LANE]))

    async def background(self, request: Request) -> StarletteResponse:
        """Work after the body that still belongs to the request."""
        expected = request.headers[LANE]

        async def work() -> None:
            await asyncio.sleep(0)
            self.late_leaks += self.look(expected) != "0"

        return PlainTextResponse(self.look(expected), background=BackgroundTask(work))

    async def outlive(self, request: Request) -> StarletteResponse:
        """A task that is still there when its request has ended, and then looks."""
        expected = request.headers[LANE]
        ended: asyncio.Event = request.scope["ended"]

        async def work() -> str:
            await ended.wait()
            self.late_looks += expected != ""
            return self.look(expected)

        task = asyncio.create_task(work())
        self.late.add(task)
        task.add_done_callback(self._done)
        return PlainTextResponse(self.look(expected))

    def flask_plain(self) -> str:
        """A view."""
        return self.look(flask_request.headers.get(LANE, ""))

    def flask_stream(self) -> Response:
        """A body that is made while it is sent."""
        looks = self._looks(flask_request.headers.get(LANE, ""))
        return Response(stream_with_context(looks))

    def flask_executor(self) -> str:
        """A view that waits for a worker."""
        return self._workers().submit(self.look, flask_request.headers.get(LANE, "")).result()

    def _done(self, task: asyncio.Task[str]) -> None:
        self.late.discard(task)
        self.late_leaks += task.result() != "0"

    async def _later(self, expected: str) -> str:
        await asyncio.sleep(0)
        return self.look(expected)

    def _looks(self, expected: str) -> Iterator[str]:
        for _ in range(2):
            yield self.look(expected)

    async def _chunks(self, expected: str) -> AsyncIterator[str]:
        for _ in range(2):
            await asyncio.sleep(0)
            yield self.look(expected)

    def _workers(self) -> ThreadPoolExecutor:
        self._submits += 1
        if self._submits % POOL_LIFE == 0:
            # Not shut down: somebody may be about to submit. Its workers go when nobody holds it.
            self._pool = ThreadPoolExecutor(2)
        return self._pool
