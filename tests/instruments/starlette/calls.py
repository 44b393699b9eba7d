"""An application that answers with its lane, and a way to call it in process."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fairlead.instruments.propagate import current_lane
from tests.instruments.plane import Plane

Headers = list[tuple[str, str]]


async def call(app: Any, headers: Headers | None = None, **scope: Any) -> str:
    """Send `app` one request in process; return its body."""
    messages = await exchange(app, headers, **scope)
    return b"".join(message.get("body", b"") for message in messages).decode()


async def exchange(app: Any, headers: Headers | None = None, **scope: Any) -> list[dict[str, Any]]:
    """Send `app` one request in process; return what it sends."""
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers or []]
    full = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 5),
        "headers": pairs,
        **scope,
    }
    sent: list[dict[str, Any]] = []

    bodies = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for body in bodies:
            return body
        # A client that stays until it has its answer.
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    await app(full, receive, send)
    return sent


async def nothing(*message: Any) -> Any:
    """Stand for a server's receive and send where nobody uses them."""


def baggage(value: str) -> Headers:
    return [("baggage", value)]


GRAY = baggage("x-opensergo-traffic=gray")


def app(plane: Plane, **settings: Any) -> Starlette:
    """Return an application that answers with its lane and the headers it was given."""

    async def answer(request: Request) -> Response:
        seen = [f"{name}={value}" for name, value in request.headers.items()]
        return PlainTextResponse("|".join([current_lane(plane), *seen]))

    return Starlette(routes=[Route("/{rest:path}", answer)], **settings)


async def lane_of(plane: Plane, headers: Headers) -> str:
    return (await call(app(plane), headers)).partition("|")[0]
