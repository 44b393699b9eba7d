"""An ASGI application that takes its time: for an answer, a body in pieces, a websocket."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

STARTED = 0.0


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    global STARTED  # noqa: PLW0603
    await asyncio.sleep(float(os.environ.get("START_SECONDS", "0")))
    STARTED = time.monotonic()
    yield


async def who(request: Request) -> Response:
    await request.body()
    return PlainTextResponse(f"{os.getpid()}", status_code=200 if STARTED else 503)


async def slow(request: Request) -> Response:
    await asyncio.sleep(float(request.query_params["seconds"]))
    return PlainTextResponse(f"{os.getpid()}")


async def blocked(request: Request) -> Response:
    time.sleep(float(request.query_params["seconds"]))  # noqa: ASYNC251
    return PlainTextResponse(f"{os.getpid()}")


async def stream(request: Request) -> Response:
    seconds = float(request.query_params["seconds"])

    async def pieces() -> AsyncIterator[str]:
        for number in range(20):
            await asyncio.sleep(seconds / 20)
            yield f"{number}\n"

    return StreamingResponse(pieces())


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for text in socket.iter_text():
        await socket.send_text(text)


app = Starlette(
    lifespan=lifespan,
    routes=[
        Route("/who", who, methods=["GET", "POST"]),
        Route("/slow", slow),
        Route("/blocked", blocked),
        Route("/stream", stream),
        WebSocketRoute("/echo", echo),
    ],
)
