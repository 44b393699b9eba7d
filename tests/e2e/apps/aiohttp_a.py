"""An aiohttp application that says which process answered, and what is below it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

from aiohttp import ClientSession, ClientTimeout, web

SESSION = web.AppKey("session", ClientSession)


async def a(request: web.Request) -> web.Response:
    async with request.app[SESSION].get("http://c/c", raise_for_status=True) as response:
        return web.Response(text=f"A[{os.getpid()}]→{await response.text()}")


async def session(app: web.Application) -> AsyncIterator[None]:
    async with ClientSession(timeout=ClientTimeout(10)) as made:
        app[SESSION] = made
        yield


app = web.Application()
app.cleanup_ctx.append(session)
app.router.add_get("/a", a)

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1", port=0)
