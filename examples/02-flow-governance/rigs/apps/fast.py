"""An ordinary FastAPI application: one page computes, one asks a database."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from rigs.apps.work import CONNECTIONS, IO_SECONDS, burn

app = FastAPI()
connections = asyncio.Semaphore(CONNECTIONS)


@app.get("/cpu")
async def cpu() -> str:
    burn()
    return "computed"


@app.get("/io")
async def io() -> str:
    async with connections:
        await asyncio.sleep(IO_SECONDS)
    return "asked"


@app.get("/healthz")
async def healthz() -> str:
    return "ok"
