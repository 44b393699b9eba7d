"""The entry of the shop: FastAPI, which calls with httpx."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI


@asynccontextmanager
async def client(app: FastAPI) -> AsyncIterator[None]:
    async with httpx.AsyncClient(timeout=20) as app.state.http:
        yield


app = FastAPI(lifespan=client)


async def asked(*urls: str) -> dict[str, int]:
    answers = [await app.state.http.get(url) for url in urls]
    return {answer.request.url.host: answer.status_code for answer in answers}


@app.get("/orders/{number}")
async def order(number: int) -> dict[str, int]:
    """Ask three others."""
    return await asked(
        f"http://orders/orders/{number}", "http://cart/items", "http://catalog/items"
    )


@app.get("/items")
async def items() -> dict[str, int]:
    """Ask the catalogue."""
    return await asked("http://catalog/items")


@app.get("/classics")
async def classics() -> dict[str, int]:
    """Ask the entry of somebody else's services."""
    return await asked("http://spring-cloud-zuul/a")
