"""An application of aiohttp that takes its time: for an answer, a body in pieces, a websocket.

As a program it serves by itself: by `run_app`, or with no more than a runner, which leaves SIGTERM
to whoever takes it.
"""

from __future__ import annotations

import asyncio
import os
import sys

from aiohttp import WSCloseCode, web

SOCKETS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("sockets")


async def who(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(text=f"{os.getpid()}")


async def slow(request: web.Request) -> web.Response:
    await asyncio.sleep(float(request.query["seconds"]))
    return web.Response(text=f"{os.getpid()}")


async def stream(request: web.Request) -> web.StreamResponse:
    seconds = float(request.query["seconds"])
    response = web.StreamResponse()
    await response.prepare(request)
    for number in range(20):
        await asyncio.sleep(seconds / 20)
        await response.write(f"{number}\n".encode())
    return response


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    request.app[SOCKETS].add(socket)
    try:
        async for message in socket:
            await socket.send_str(message.data)
    finally:
        request.app[SOCKETS].discard(socket)
    return socket


async def closing(app: web.Application) -> None:
    """Do what aiohttp's documentation tells applications with websockets to do."""
    sockets = app[SOCKETS]
    for socket in list(sockets):
        await socket.close(code=WSCloseCode.GOING_AWAY)


async def starting(app: web.Application) -> None:
    await asyncio.sleep(float(os.environ.get("START_SECONDS", "0")))


app = web.Application()
app[SOCKETS] = set()
app.on_startup.append(starting)
app.on_shutdown.append(closing)
app.add_routes(
    [
        web.route("*", "/who", who),
        web.get("/slow", slow),
        web.get("/stream", stream),
        web.get("/echo", echo),
    ]
)


async def bare() -> None:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    if "bare" in sys.argv:
        asyncio.run(bare())
    else:
        web.run_app(
            app,
            host="127.0.0.1",
            port=0,
            shutdown_timeout=float(os.environ.get("SHUTDOWN_SECONDS", "60")),
        )
