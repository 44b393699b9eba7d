"""B answers with its version and with what is below it, or with a number, after a while."""

from __future__ import annotations

import asyncio
import logging
import os

import httpx
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI(title="B")
log = logging.getLogger("b")
client = httpx.AsyncClient(timeout=10)
name = "B" + os.environ.get("VERSION", "")


@app.get("/b", response_class=PlainTextResponse)
async def b() -> str:
    response = await client.get("http://c/c")
    return f"{name}→{response.raise_for_status().text}"


@app.get("/b/wait", response_class=PlainTextResponse)
async def wait(number: int, seconds: float = 0) -> str:
    if seconds:
        log.warning("%s waits %g s for %d", name, seconds, number)
        await asyncio.sleep(seconds)
    return f"{name} {number}"
