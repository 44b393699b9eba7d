"""B answers with its version and with what is below it."""

from __future__ import annotations

import os

import httpx
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI(title="B")
client = httpx.AsyncClient(timeout=10)
name = "B" + os.environ.get("VERSION", "")


@app.get("/b", response_class=PlainTextResponse)
async def b() -> str:
    response = await client.get("http://c/c")
    return f"{name}→{response.raise_for_status().text}"
