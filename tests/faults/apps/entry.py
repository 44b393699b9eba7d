"""An ASGI application that says which lane its agent has put the request on."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fairlead.instruments.propagate import current


async def answer(request: Request) -> PlainTextResponse:
    served = current()
    return PlainTextResponse((served.lane or "base") if served else "not governed")


app = Starlette(routes=[Route("/{path:path}", answer)])
