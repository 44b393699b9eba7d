"""An ordinary FastAPI application: nothing in it knows of fairlead."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI, HTTPException

app = FastAPI()
state = {"condition": "well"}


@app.get("/hello")
async def hello() -> str:
    return "hello"


@app.get("/slow")
async def slow() -> str:
    await asyncio.sleep(1.5)
    return "slow"


@app.get("/items/{sku}")
async def item(sku: str) -> str:
    return sku


@app.get("/stock")
async def stock() -> str:
    """Answer as well as it can: as the database behind it is."""
    if state["condition"] == "down":
        raise HTTPException(503, "no database")
    if state["condition"] == "slow":
        await asyncio.sleep(0.6)
    return "7 left"


@app.post("/condition/{condition}")
async def become(condition: str) -> str:
    state["condition"] = condition
    return condition
