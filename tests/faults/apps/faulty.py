"""An ASGI application whose agent can be broken from inside, part by part.

``POST /break/PART`` makes a part of the agent's plan raise at every touch, as if our own code had a
fault there: the error comes from a module of fairlead's.
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from typing import Any

import aiohttp
import httpx
import requests
import urllib3
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import fairlead

FAULT = """
class Broken:
    def __getattr__(self, name):
        raise RuntimeError(f"a fault on purpose at {name}")
    def __contains__(self, item):
        raise RuntimeError("a fault on purpose")
    __bool__ = __iter__ = __call__ = __contains__
"""


def broken() -> Any:
    made: dict[str, Any] = {"__name__": "fairlead.made_for_a_test"}
    exec(FAULT, made)
    return made["Broken"]()


async def break_part(request: Request) -> PlainTextResponse:
    agent: Any = fairlead.current()
    part = request.path_params["part"]
    agent.engine.plan = replace(agent.engine.plan, **{part: broken()})
    return PlainTextResponse("broken")


def with_urllib3(url: str) -> str:
    answer = urllib3.PoolManager().request("GET", url, retries=False)
    return answer.data.decode()


async def with_aiohttp(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return await answer.text()


async def with_httpx(url: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(url)).text


async def call(request: Request) -> PlainTextResponse:
    url = request.query_params["url"]
    match request.path_params["library"]:
        case "httpx":
            text = await with_httpx(url)
        case "aiohttp":
            text = await with_aiohttp(url)
        case "requests":
            text = (await asyncio.to_thread(requests.get, url)).text
        case _:
            text = await asyncio.to_thread(with_urllib3, url)
    return PlainTextResponse(text)


def insert(path: str) -> str:
    connection = sqlite3.connect(path)
    try:
        connection.execute("INSERT INTO orders (what) VALUES ('x')")
        connection.commit()
    except sqlite3.NotSupportedError as error:
        return f"refused: {error}"
    finally:
        connection.close()
    return "written"


async def write(request: Request) -> PlainTextResponse:
    return PlainTextResponse(insert(request.query_params["path"]))


async def lane(request: Request) -> PlainTextResponse:
    from fairlead.instruments.propagate import current

    served = current()
    return PlainTextResponse((served.lane or "base") if served else "none")


app = Starlette(
    routes=[
        Route("/break/{part}", break_part, methods=["POST"]),
        Route("/call/{library}", call),
        Route("/write", write, methods=["POST"]),
        Route("/lane", lane),
    ]
)
