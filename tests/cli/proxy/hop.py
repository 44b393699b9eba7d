"""A service of one file: says its name, and what the next one says. Run by uvicorn.

With FORWARD it sends the header `baggage` of a request on: what an application without the agent
has to do.
"""

from __future__ import annotations

import asyncio
import os

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

NAME, NEXT = os.environ["HOP_NAME"], os.environ.get("HOP_NEXT", "")
FORWARD = bool(os.environ.get("HOP_FORWARD"))
TAKES = float(os.environ.get("HOP_TAKES", "0"))

client = httpx.AsyncClient(timeout=10)


async def hop(request: Request) -> Response:
    """Answer with the names of this service and of those behind it."""
    text, baggage = NAME, ",".join(request.headers.getlist("baggage"))
    if NEXT:
        sent = {"baggage": baggage} if FORWARD and baggage else {}
        answer = await client.get(f"http://{NEXT}/", headers=sent)
        text = f"{NAME} {answer.text}"
    await asyncio.sleep(TAKES)
    return PlainTextResponse(text)


async def baggage(request: Request) -> Response:
    """Answer with the labels of the request."""
    return PlainTextResponse(",".join(request.headers.getlist("baggage")))


app = Starlette(routes=[Route("/", hop), Route("/baggage", baggage)])
