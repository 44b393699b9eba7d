"""An ASGI application that says which process answered, and what is below it."""

from __future__ import annotations

import os

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

client = httpx.AsyncClient(timeout=10)


async def a(request: Request) -> PlainTextResponse:
    response = await client.get("http://c/c")
    return PlainTextResponse(f"A[{os.getpid()}]→{response.raise_for_status().text}")


app = Starlette(routes=[Route("/a", a)])
