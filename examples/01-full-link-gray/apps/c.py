"""C answers with its version, and keeps a row of each request if it has a database."""

from __future__ import annotations

import logging
import os

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from store import opened  # type: ignore[import-not-found]

log = logging.getLogger("c")
name = "C" + os.environ.get("VERSION", "")
insert = opened(os.environ.get("DATABASE_URL", ""))


async def c(request: Request) -> PlainTextResponse:
    location = request.query_params.get("location") or request.headers.get("location") or name
    try:
        if insert:
            await run_in_threadpool(insert, location)
    except Exception as error:
        log.exception("%s keeps no row", name)
        return PlainTextResponse(f"{name} keeps no row: {error}", status_code=500)
    return PlainTextResponse(name)


app = Starlette(routes=[Route("/c", c)])
