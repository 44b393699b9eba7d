"""An application that calls somebody while it is imported: its agent has started by then."""

from __future__ import annotations

import os
from contextlib import suppress

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

with suppress(httpx.HTTPError):
    httpx.get("http://nobody/", timeout=1)


async def who(request: Request) -> Response:
    return PlainTextResponse(f"{os.getpid()}")


app = Starlette(routes=[Route("/who", who)])
