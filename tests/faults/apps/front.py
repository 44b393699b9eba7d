"""An ASGI application that calls ``http://back/`` for each request, by name."""

from __future__ import annotations

import os

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

client = httpx.AsyncClient(timeout=5)


async def call(request: Request) -> PlainTextResponse:
    answer = await client.get("http://back/")
    return PlainTextResponse(f"front {os.getpid()} {answer.raise_for_status().text}")


async def alone(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"front {os.getpid()}")


app = Starlette(routes=[Route("/", call), Route("/alone", alone)])
