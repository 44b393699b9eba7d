"""A request holds its place in its gate until its response has ended, however it ends."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, Router, WebSocketRoute
from starlette.websockets import WebSocket

from fairlead.instruments.propagate import entrance
from fairlead.telemetry.names import AGENT_FAULTS, CIRCUIT_OPEN, OVERLOADED
from tests.instruments.gates import (
    Client,
    breaker,
    cap,
    enforce,
    inflight,
    rate,
    running,
    until,
)
from tests.instruments.limits import ask
from tests.instruments.plane import Plane, hooked


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "starlette", "fastapi"):
        yield plane
    assert plane.counted(AGENT_FAULTS) == {}


class Held:
    """An application whose requests go on when they are told to."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.late = asyncio.Event()
        api = self.api = FastAPI()
        api.get("/plain")(self.plain)
        api.get("/stream")(self.stream)
        api.get("/late")(self.later)
        api.get("/fails")(self.fails)
        api.websocket("/ws")(self.socket)

    async def plain(self) -> str:
        await self.go.wait()
        return "plain"

    async def stream(self) -> Response:
        return StreamingResponse(self.steps())

    async def steps(self) -> AsyncIterator[str]:
        yield "first"
        await self.go.wait()
        yield "last"

    async def later(self, tasks: BackgroundTasks) -> str:
        tasks.add_task(self.late.wait)
        return "late"

    async def fails(self) -> Response:
        async def steps() -> AsyncIterator[str]:
            yield "first"
            raise LookupError("in the middle")

        return StreamingResponse(steps())

    async def socket(self, socket: WebSocket) -> None:
        await socket.accept()
        if await socket.receive_text() == "close":
            await socket.close()
        await self.late.wait()


def test_a_streamed_body_holds_its_place_to_its_last_byte(plane: Plane) -> None:
    """S2-17. The endpoint has returned long before."""
    enforce(plane, cap("/stream", 1))

    async def main() -> None:
        held = Held()
        first = Client(held.api, "/stream")
        await until(lambda: first.body == b"first")
        assert inflight(plane, "GET:/stream") == 1
        second = Client(held.api, "/stream")
        await second.ended()
        assert (second.status, second.body) == (429, b"overloaded: GET:/stream")
        held.go.set()
        await first.ended()
        assert inflight(plane, "GET:/stream") == 0
        third = Client(held.api, "/stream")
        await third.ended()
        assert third.status == 200

    running(main)
    assert plane.counted(OVERLOADED) == {"GET:/stream": 1}


@pytest.mark.parametrize("middleware", [False, True])
def test_a_place_is_held_while_the_last_byte_is_sent_and_not_by_what_is_done_later(
    plane: Plane, middleware: bool
) -> None:
    """A slow client is part of a request; its background tasks are not."""
    enforce(plane, cap("/late", 1))

    class Around(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Response:
            response: Response = await call_next(request)
            return response

    async def main() -> None:
        held = Held()
        if middleware:
            held.api.add_middleware(Around)
        client = Client(held.api, "/late")
        client.hold = "http.response.body"
        await until(lambda: bool(client.sent))
        assert inflight(plane, "GET:/late") == 1
        client.go.set()
        await until(lambda: inflight(plane, "GET:/late") == 0)
        assert not client.task.done()
        held.late.set()
        await client.ended()

    running(main)


def test_an_error_in_the_middle_of_a_body_ends_it(plane: Plane) -> None:
    """And is a failure, though its status was 200."""
    enforce(plane, breaker("/fails", threshold=2), cap("/fails", 1))

    async def main() -> None:
        api = Held().api
        for _ in range(2):
            client = Client(api, "/fails")
            await client.ended()
            assert isinstance(client.error, LookupError)
        refused = Client(api, "/fails")
        await refused.ended()
        assert (refused.status, refused.body) == (429, b"circuit open: GET:/fails")

    running(main)
    assert plane.counted(CIRCUIT_OPEN) == {"GET:/fails": 1}


@pytest.mark.parametrize("path", ["/plain", "/stream"])
def test_a_request_that_is_cancelled_gives_its_place_back_and_has_not_failed(
    plane: Plane, path: str
) -> None:
    """Servers cancel what goes on when they stop, and some when a client goes."""
    enforce(plane, cap(path, 1), breaker(path))

    async def main() -> None:
        held = Held()
        client = Client(held.api, path)
        await until(lambda: inflight(plane, f"GET:{path}") == 1)
        client.task.cancel()
        await client.ended()
        assert inflight(plane, f"GET:{path}") == 0
        held.go.set()
        again = Client(held.api, path)
        await again.ended()
        assert again.status == 200

    running(main)


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_a_client_that_hangs_up_gives_its_place_back_and_is_nobodys_fault(
    plane: Plane, version: str
) -> None:
    """Starlette hears of it from the server's receive, in newer protocols from its send."""
    enforce(plane, cap("/stream", 1), breaker("/stream"))

    async def main() -> None:
        held = Held()
        asgi = {"version": "3.0", "spec_version": version}
        client = Client(held.api, "/stream", asgi=asgi)
        await until(lambda: client.body == b"first")
        client.lost = True
        client.say("http.disconnect")
        held.go.set()
        await client.ended()
        assert inflight(plane, "GET:/stream") == 0
        again = Client(held.api, "/stream")
        await again.ended()
        assert again.status == 200

    running(main)


@pytest.mark.parametrize("end", ["close", "disconnect"])
def test_a_websocket_holds_its_place_until_either_side_closes_it(plane: Plane, end: str) -> None:
    """What the application does for it afterwards is not part of it."""
    enforce(plane, cap("/ws", 1))

    async def main() -> None:
        held = Held()
        client = Client(held.api, "/ws", type="websocket", subprotocols=[])
        client.say("websocket.connect")
        await until(lambda: bool(client.sent))
        assert inflight(plane, "GET:/ws") == 1
        second = Client(held.api, "/ws", type="websocket", subprotocols=[])
        second.say("websocket.connect")
        await second.ended()
        assert second.sent[0]["type"] == "websocket.close"
        if end == "close":
            client.say("websocket.receive", text="close")
            await until(lambda: inflight(plane, "GET:/ws") == 0)
            assert not client.task.done()
        else:
            client.say("websocket.disconnect", code=1001)
            await until(lambda: inflight(plane, "GET:/ws") == 0)
        held.late.set()
        await client.ended()

    running(main)


def test_threads_and_tasks_share_the_places_of_a_path(plane: Plane) -> None:
    """S2-17: a `def` runs in a thread of a pool, an `async def` in the loop."""
    enforce(plane, cap("/both", 2))
    go, inside = threading.Event(), []

    async def main() -> None:
        api, late = FastAPI(), asyncio.Event()

        @api.get("/both")
        def sync() -> str:
            inside.append("thread")
            assert go.wait(20)
            return "thread"

        @api.post("/both")
        async def task() -> str:
            inside.append("task")
            await late.wait()
            return "task"

        clients = [Client(api, "/both"), Client(api, "/both", method="POST")]
        await until(lambda: sorted(inside) == ["task", "thread"])
        refused = Client(api, "/both")
        await refused.ended()
        assert refused.status == 429
        go.set()
        late.set()
        for client in clients:
            await client.ended()
            assert client.status == 200
        assert inflight(plane, "/both") == 0

    running(main)


def test_a_router_by_itself_has_gates_too(plane: Plane) -> None:
    """No application is around it that would say when a response has ended."""
    enforce(plane, cap("/a", 1), rate("/b", 0))

    async def main() -> None:
        go = asyncio.Event()

        async def endpoint(request: Request) -> Response:
            await go.wait()
            return PlainTextResponse("a")

        routes = [Route("/a", endpoint), Mount("/sub", routes=[Route("/b", endpoint)])]
        router = Router(routes=routes)
        first = Client(router, "/a")
        await until(lambda: inflight(plane, "GET:/a") == 1)
        second = Client(router, "/a")
        await second.ended()
        assert second.status == 429
        go.set()
        await first.ended()
        assert inflight(plane, "GET:/a") == 0

    running(main)


def test_work_of_a_request_knows_the_resource_it_came_in_by(plane: Plane) -> None:
    """Rules for calls that one entrance causes ask for it."""

    async def endpoint(request: Request) -> Response:
        inside = await asyncio.to_thread(entrance)
        return PlainTextResponse(f"{entrance()} {inside}")

    app = Starlette(routes=[Mount("/shop", routes=[Route("/{id:int}", endpoint)])])
    assert asyncio.run(ask(app, "/shop/7")).body == " "
    enforce(plane, rate("/other", 5))
    assert asyncio.run(ask(app, "/shop/7")).body == "GET:/shop/{id} GET:/shop/{id}"
    assert entrance() == ""


def test_a_request_that_came_before_its_rule_is_counted_as_inside(plane: Plane) -> None:
    """As long as any rule was in force when it came."""
    enforce(plane, rate("/other", 5))

    async def main() -> None:
        held = Held()
        first = Client(held.api, "/stream")
        await until(lambda: first.body == b"first")
        enforce(plane, cap("/stream", 1))
        second = Client(held.api, "/stream")
        await second.ended()
        assert second.status == 429
        enforce(plane)
        held.go.set()
        await first.ended()
        enforce(plane, cap("/stream", 1))
        third = Client(held.api, "/stream")
        await third.ended()
        assert third.status == 200

    running(main)


def test_a_websocket_route_is_not_among_what_a_router_does_not_know(plane: Plane) -> None:
    """Its handshake has a gate of its own."""
    enforce(plane, rate("/ws", 0))
    app = Starlette(routes=[WebSocketRoute("/ws", Held.socket)])

    async def main() -> None:
        client = Client(app, "/ws", type="websocket", subprotocols=[])
        await client.ended()
        assert client.sent[0]["type"] == "websocket.close"

    running(main)


def test_a_request_is_gone_when_it_has_ended(plane: Plane) -> None:
    """What only the collector can free costs every request, and keeps what it was sent."""
    enforce(plane, rate("/plain", 1_000_000), breaker("/plain", threshold=1_000_000))
    app = Starlette(routes=[Route("/plain", PlainTextResponse("a"), methods=["GET"])])

    def left(requests: int) -> int:
        gc.collect()
        gc.disable()
        try:
            for _ in range(requests):
                assert asyncio.run(ask(app, "/plain")).status == 200
            return gc.collect()
        finally:
            gc.enable()

    left(5)
    assert left(40) - left(20) < 20


def test_what_a_server_keeps_of_a_request_is_gone_with_it(plane: Plane) -> None:
    """Without a collection of garbage: a server's object has the scope, and sends."""
    enforce(plane, cap("/plain", 1))

    class Exchange:
        def __init__(self, scope: dict[str, Any]) -> None:
            self.scope = scope

        async def receive(self) -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(self, message: Any) -> None:
            assert message.get("status", 200) == 200

    async def work() -> None:
        held = Held()
        held.go.set()
        answer = Exchange({"type": "http", "method": "GET", "path": "/plain", "headers": []})
        answer.scope |= {"query_string": b"", "root_path": ""}
        gone = weakref.ref(answer)
        await held.api(answer.scope, answer.receive, answer.send)
        del answer
        assert gone() is None

    gc.disable()
    try:
        asyncio.run(work())
    finally:
        gc.enable()
