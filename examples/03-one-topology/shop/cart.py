"""What somebody wants to buy: Starlette, which calls with aiohttp."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


@asynccontextmanager
async def session(app: Starlette) -> AsyncIterator[None]:
    async with ClientSession() as app.state.session:
        yield


async def items(request: Request) -> PlainTextResponse:
    async with request.app.state.session.get("http://pricing/prices") as answer:
        return PlainTextResponse("", answer.status)


app = Starlette(routes=[Route("/items", items)], lifespan=session)
