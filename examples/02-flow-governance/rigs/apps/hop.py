"""One of four services in a row; the last one is well or down, as a file says."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
from fastapi import FastAPI, Response

app = FastAPI()
NEXT = os.environ.get("NEXT")
STATE = Path(os.environ["STATE"])
TRIES = int(os.environ.get("TRIES", "1"))
"""How often the application itself tries before it gives up."""
seen = {"requests": 0}
client = httpx.AsyncClient(timeout=10)


@app.get("/work")
async def work() -> Response:
    seen["requests"] += 1
    if NEXT is None:
        return Response("well") if well() else Response("down", 503)
    for _ in range(TRIES):
        answer = await client.get(f"http://{NEXT}/work")
        if answer.status_code < 500:
            break
    return Response(answer.text, answer.status_code)


@app.get("/seen")
async def count() -> int:
    return seen["requests"]


def well() -> bool:
    """Tell whether the last service is well."""
    return STATE.read_text() == "well"
