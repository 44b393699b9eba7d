"""One of four services in a row; the last one is well or down, as a file says."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

NEXT = os.environ.get("NEXT")
STATE = Path(os.environ["STATE"])
TRIES = int(os.environ.get("TRIES", "1"))
"""How often the application itself tries before it gives up."""
seen = {"requests": 0}


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Keep one session for all calls."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as app.state.session:
        yield


async def work(request: Request) -> Response:
    """Ask the next one."""
    seen["requests"] += 1
    if NEXT is None:
        return Response("well") if well() else Response("down", 503)
    text, status = "", 0
    for _ in range(TRIES):
        async with request.app.state.session.get(f"http://{NEXT}/work") as answer:
            text, status = await answer.text(), answer.status
        if status < 500:
            break
    return Response(text, status)


async def count(request: Request) -> Response:
    """Return how many requests there have been."""
    return JSONResponse(seen["requests"])


def well() -> bool:
    """Tell whether the last service is well."""
    return STATE.read_text() == "well"


app = Starlette(lifespan=lifespan, routes=[Route("/work", work), Route("/seen", count)])
