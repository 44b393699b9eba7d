"""One app of a chain: calls the next one by its name, or is the last one and does as it is told.

Variable ``NEXT`` is the name of the next app, empty for the last one.
"""

from __future__ import annotations

import asyncio
import os

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

NEXT = os.environ.get("NEXT", "")

client = httpx.AsyncClient(timeout=30, limits=httpx.Limits(max_connections=None))
state: dict[str, object] = {"seen": 0, "status": 200, "pause": 0.0, "headers": {}, "ended": ""}


async def serve(request: Request) -> Response:
    state["seen"] = int(str(state["seen"])) + 1
    state["headers"] = dict(request.headers)
    if not NEXT:
        await asyncio.sleep(float(str(state["pause"])))
        return PlainTextResponse("leaf", int(str(state["status"])))
    try:
        answer = await client.get(f"http://{NEXT}/")
    except httpx.HTTPError as error:
        state["ended"] = type(error).__name__
        return PlainTextResponse(str(error), 503)
    return PlainTextResponse(answer.text, answer.status_code)


async def told(request: Request) -> Response:
    return JSONResponse(state)


async def behave(request: Request) -> Response:
    state.update(await request.json())
    return JSONResponse(state)


routes = [Route("/", serve), Route("/state", told), Route("/state", behave, methods=["POST"])]
app = Starlette(routes=routes)
