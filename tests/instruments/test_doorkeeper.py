"""A process that has not the strength for a request says so at the door, on every server."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from time import monotonic
from typing import Any

import pytest
from aiohttp import web
from fastapi import FastAPI
from flask import Flask
from starlette.responses import StreamingResponse
from starlette.websockets import WebSocket

from fairlead.flow.overload.protection import Load
from fairlead.policy.fallback import Fallback
from fairlead.policy.overload import ADAPTIVE, OverloadProtection
from fairlead.policy.snapshot import Snapshot
from fairlead.telemetry.names import AGENT_FAULTS, OVERLOAD_SHED, WOULD_REJECT
from tests.instruments.aiohttp_server.servers import application
from tests.instruments.aiohttp_server.servers import running as serving
from tests.instruments.gates import Client, until
from tests.instruments.limits import Answer, ask_wsgi
from tests.instruments.plane import Plane, hooked

RULE = OverloadProtection(rule="AdaptiveOverloadProtectionStrategy/x", strategy="spec")
BUSY, IDLE = Load(cpu=1.0), Load()

SAID = "too busy: instance"


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "starlette", "fastapi", "flask", "aiohttp_server"):
        yield plane
    assert plane.counted(AGENT_FAULTS) == {}


def protect(plane: Plane, load: Load = BUSY, **changes: Any) -> Any:
    """Protect the process, which one request at a time is enough for while it is busy."""
    plane.engine.apply(Snapshot(overload=replace(RULE, **changes)))
    for step in range(50):
        plane.engine.overload.sample(step / 10, load)
    return plane.engine.overload


class Asgi(FastAPI):
    """An application with an endpoint that holds what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.go = asyncio.Event()
        self.get("/held")(self.held)
        self.get("/stream")(self.stream)
        self.get("/healthz")(lambda: "well")
        self.get("/plain")(lambda: "plain")
        self.websocket("/ws")(self.socket)

    async def held(self) -> str:
        await self.go.wait()
        return "held"

    async def stream(self) -> StreamingResponse:
        async def steps() -> Any:
            yield "first"
            await self.go.wait()

        return StreamingResponse(steps())

    async def socket(self, socket: WebSocket) -> None:
        await socket.accept()
        await self.go.wait()


def test_an_asgi_application_is_not_asked_for_what_is_too_much(plane: Plane) -> None:
    """Nothing of it runs, middleware included; health checks are answered, and strength returns."""
    protection = protect(plane)

    async def main() -> None:
        app = Asgi()
        first = Client(app, "/held")
        await until(lambda: protection.inside == 1)
        second = Client(app, "/plain")
        await second.ended()
        assert (second.status, second.body) == (429, SAID.encode())
        health = Client(app, "/healthz")
        await health.ended()
        assert health.status == 200
        app.go.set()
        await first.ended()
        assert (first.status, protection.inside) == (200, 0)

    asyncio.run(main())
    assert plane.counted(OVERLOAD_SHED) == {"instance": 1}


def test_a_stream_takes_no_strength_once_it_has_begun(plane: Plane) -> None:
    """A page that is told of news for hours would be the only one that is served."""
    protection = protect(plane)

    async def main() -> None:
        app = Asgi()
        first = Client(app, "/stream")
        await until(lambda: first.body == b"first")
        assert protection.inside == 0
        app.go.set()
        await first.ended()

    asyncio.run(main())


def test_a_wsgi_application_is_not_asked_for_what_is_too_much(plane: Plane) -> None:
    """The same for Flask, whose server's own words an answer is made of."""
    protection, app = protect(plane), Flask("x")
    seen: list[Answer] = []

    @app.get("/outer")
    def outer() -> str:
        from threading import Thread

        thread = Thread(target=lambda: seen.extend(ask_wsgi(app, path) for path in PATHS))
        thread.start()
        thread.join()
        return "outer"

    for path in PATHS:
        app.get(path, endpoint=path)(lambda: "well")
    assert ask_wsgi(app, "/outer").status == 200
    assert [one.status for one in seen] == [429, 200]
    assert seen[0].body == SAID
    assert seen[0].headers["retry-after"] == "1"
    assert protection.inside == 0
    assert ask_wsgi(app, "/plain").status == 200


PATHS = ("/plain", "/healthz")


def test_what_is_written_is_what_is_answered(plane: Plane) -> None:
    """The author of a rule says what a rejection looks like, here as everywhere."""
    protect(plane, fallback=Fallback(status=503, headers=(("X-A", "b"),), body="later"))
    plane.engine.overload._inside = 1
    app = Flask("x")
    answer = ask_wsgi(app, "/plain")
    assert (answer.status, answer.body, answer.headers["x-a"]) == (503, "later", "b")


def test_what_only_simulates_is_counted(plane: Plane) -> None:
    """Nobody is turned away."""
    protect(plane, mode="simulate")
    plane.engine.overload._inside = 1
    app = Flask("x")
    app.get("/plain")(lambda: "plain")
    assert ask_wsgi(app, "/plain").status == 200
    assert plane.counted(WOULD_REJECT) == {"instance": 1}


def test_aiohttps_application_is_not_asked_for_what_is_too_much(plane: Plane) -> None:
    """The same for aiohttp's own server, over its sockets."""
    protection = protect(plane)
    go = asyncio.Event()

    async def held(request: web.Request) -> web.Response:
        await go.wait()
        return web.Response(text="held")

    async def plain(request: web.Request) -> web.Response:
        return web.Response(text="plain")

    async def main() -> None:
        routes = (web.get("/held", held), web.get("/plain", plain), web.get("/healthz", plain))
        async with serving(application(*routes)) as server:
            first = asyncio.ensure_future(server.ask("/held"))
            await until(lambda: protection.inside == 1)
            second = await server.ask("/plain")
            assert (second.status, second.body) == (429, SAID)
            assert (await server.ask("/healthz")).status == 200
            go.set()
            assert (await first).status == 200
            await until(lambda: protection.inside == 0)
            assert (await server.ask("/plain")).status == 200

    asyncio.run(main())


def test_a_websocket_is_judged_when_it_begins_and_takes_no_strength_then(plane: Plane) -> None:
    """It may stay open for days."""
    protection = protect(plane, IDLE)

    async def main() -> None:
        app = Asgi()
        socket = Client(app, "/ws", type="websocket", subprotocols=[])
        socket.say("websocket.connect")
        await until(lambda: bool(socket.sent))
        assert socket.sent[0]["type"] == "websocket.accept"
        assert (protection.passed, protection.inside) == (1, 0)
        app.go.set()
        await socket.ended()

    asyncio.run(main())


@pytest.mark.parametrize("path", ["/api/healthz", "/healthz"])
def test_a_probe_is_answered_whatever_a_server_puts_before_its_path(
    plane: Plane, path: str
) -> None:
    """`uvicorn --root-path /api` says /api/healthz where a kubelet asked for /healthz."""
    protect(plane)
    plane.engine.overload._inside = 1

    async def main() -> None:
        for asked, status in ((path, 200), ("/api/plain", 429)):
            client = Client(Asgi(), asked, root_path="/api")
            await client.ended()
            assert client.status == status

    asyncio.run(main())


class Transport:
    """Of a connection whose last bytes came three seconds ago."""

    def get_extra_info(self, name: str) -> Any:
        return self

    def getsockopt(self, *asked: int) -> bytes:
        return bytes(52) + (3000).to_bytes(4, sys.byteorder)


@pytest.mark.parametrize(
    ("load", "status"), [(IDLE, 200), (Load(cpu=0.2, lag=0.03), 429), (BUSY, 429)]
)
def test_what_stands_before_an_application_and_awaits_is_no_queue(
    plane: Plane, load: Load, status: int
) -> None:
    """A process that is calm, and whose event loop is on time, keeps nobody waiting itself."""
    protection = protect(plane, load, kind=ADAPTIVE)

    async def main() -> None:
        now = monotonic()
        for step in range(40):
            protection.enter(now - 2 + step / 20, "/plain", lambda name: None, 2.0)
        client = Client(Asgi(), "/plain")
        client.transport = Transport()  # type: ignore[attr-defined]
        await client.ended()
        assert client.status == status

    asyncio.run(main())
