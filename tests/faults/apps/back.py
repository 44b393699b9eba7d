"""An ASGI application that says which process answered, and as which version."""

from __future__ import annotations

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"back{os.environ.get('VERSION', '')} {os.getpid()}")


app = Starlette(routes=[Route("/", answer)])
