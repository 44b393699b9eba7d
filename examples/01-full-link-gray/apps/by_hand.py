"""A service of a chain whose authors pass a header on by hand, in each handler anew.

NAME is what it calls itself, NEXT the service below it. In `report` somebody forgot.
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

NAME = os.environ.get("NAME", "") + os.environ.get("VERSION", "")
NEXT = os.environ.get("NEXT", "")


@asynccontextmanager
async def session(app: Starlette) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(raise_for_status=True) as app.state.session:
        yield


async def order(request: Request) -> PlainTextResponse:
    passed_on = {name: request.headers[name] for name in ("location",) if name in request.headers}
    return await below(request, f"http://{NEXT}/{NEXT}", passed_on)


async def report(request: Request) -> PlainTextResponse:
    return await below(request, f"http://{NEXT}/{NEXT}/report", {})


async def below(request: Request, url: str, headers: dict[str, str]) -> PlainTextResponse:
    if not NEXT:
        return PlainTextResponse(NAME)
    async with request.app.state.session.get(url, headers=headers) as response:
        text = await response.text()
    return PlainTextResponse(f"{NAME}→{text}" if NAME else text)


app = Starlette(routes=[Route("/{app}", order), Route("/{app}/report", report)], lifespan=session)
