"""Applications for servers in processes of their own: they answer with their lane, hooked."""

from __future__ import annotations

from importlib import import_module

from flask import Flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fairlead.instruments.patch import Patches
from fairlead.instruments.propagate import current_lane
from tests.instruments.plane import Plane

PLANE = Plane()

for library in ("starlette", "flask", "python"):
    import_module(f"fairlead.instruments.libs.{library}").install(PLANE, Patches())


async def asynchronous(request: Request) -> Response:
    return PlainTextResponse(current_lane(PLANE) or "base")


def synchronous(request: Request) -> Response:
    return PlainTextResponse(current_lane(PLANE) or "base")


asgi = Starlette(routes=[Route("/async", asynchronous), Route("/sync", synchronous)])
wsgi = Flask(__name__)


@wsgi.get("/<path>")
def answer(path: str) -> str:
    return current_lane(PLANE) or "base"
