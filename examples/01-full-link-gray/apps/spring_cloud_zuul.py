"""The entry: passes /a on to A and answers what comes back; says hello by itself."""

from __future__ import annotations

import httpx
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

app = FastAPI(title="spring-cloud-zuul")
client = httpx.AsyncClient(timeout=10)


@app.get("/a", response_class=PlainTextResponse)
async def a() -> str:
    response = await client.get("http://a/a")
    return response.raise_for_status().text


@app.get("/greet1a", response_class=PlainTextResponse)
async def greet() -> str:
    return "hello"
