"""Prices: Starlette."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def prices(request: Request) -> PlainTextResponse:
    return PlainTextResponse("5")


app = Starlette(routes=[Route("/prices", prices)])
