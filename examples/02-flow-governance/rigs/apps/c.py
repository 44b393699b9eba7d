"""C: as fast as its database, which a file says."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from fastapi import FastAPI

app = FastAPI()
PACE = Path(os.environ["PACE"])


def pace() -> float:
    """Return how long its database takes now, in seconds."""
    return float(PACE.read_text())


@app.get("/stock")
@app.get("/price")
async def stock() -> str:
    await asyncio.sleep(pace())
    return "7 left"
