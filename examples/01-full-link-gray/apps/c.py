"""C answers with its version; nothing is below it."""

from __future__ import annotations

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

name = "C" + os.environ.get("VERSION", "")


async def c(request: Request) -> PlainTextResponse:
    return PlainTextResponse(name)


app = Starlette(routes=[Route("/c", c)])
