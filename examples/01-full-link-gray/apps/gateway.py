"""A gateway: passes a request on to the app that its path begins with, by aiohttp.

With STACK it is also what picks one of two whole stacks, by a header: that of the namespace STACK,
or its own.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

STACK = os.environ.get("STACK", "")


@asynccontextmanager
async def session(app: Starlette) -> AsyncIterator[None]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as app.state.session:
        yield


async def passed_on(request: Request) -> PlainTextResponse:
    app = request.path_params["app"]
    if STACK and request.headers.get("location") == "cn-shenzhen":
        app = f"{app}.{STACK}"
    url = f"http://{app}{request.url.path}?{request.url.query}".rstrip("?")
    try:
        async with request.app.state.session.get(url) as response:
            return PlainTextResponse(await response.text(), response.status)
    except aiohttp.ClientError as error:
        return PlainTextResponse(f"{type(error).__name__}: {error}", 502)


app = Starlette(
    routes=[Route("/{app}", passed_on), Route("/{app}/{rest:path}", passed_on)], lifespan=session
)
