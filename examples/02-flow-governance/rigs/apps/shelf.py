"""An ordinary FastAPI application on a database with one connection, and a cache that is cold.

A query takes 10 ms; each of the first 150 takes longer, down from 40 ms, as the cache fills.
"""

from __future__ import annotations

import asyncio

from fastapi import FastAPI

app = FastAPI()
connection = asyncio.Lock()
WARM, COLD, FILLS = 0.010, 0.040, 150
state = {"queries": 0}


@app.get("/items")
async def items() -> str:
    async with connection:
        cold = max(0.0, 1 - state["queries"] / FILLS)
        state["queries"] += 1
        await asyncio.sleep(WARM + (COLD - WARM) * cold)
    return "items"
