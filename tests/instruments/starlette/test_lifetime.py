"""A request of a Starlette or FastAPI application is on its lane to its end, and no further."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from fairlead.instruments.propagate import current, current_lane
from fairlead.telemetry.names import AGENT_FAULTS, COLOURED, LANE_OUTLIVED_REQUEST
from tests.instruments.plane import Plane, entry, hooked, inner
from tests.instruments.starlette.calls import GRAY, app, call, lane_of


def test_a_streamed_body_stays_on_its_lane_to_its_end(plane: Plane) -> None:
    """The generator runs after the endpoint has returned, here even in other threads."""

    def sync_steps() -> Iterator[str]:
        for _ in range(3):
            yield f"{current_lane(plane)};"

    async def async_steps() -> AsyncIterator[str]:
        for _ in range(3):
            yield f"{current_lane(plane)};"
            await asyncio.sleep(0)

    streaming = FastAPI()
    streaming.get("/sync")(lambda: StreamingResponse(sync_steps()))
    streaming.get("/async")(lambda: StreamingResponse(async_steps()))
    for path in ("/sync", "/async"):
        assert asyncio.run(call(streaming, GRAY, path=path)) == "gray;gray;gray;"
    assert plane.counted(LANE_OUTLIVED_REQUEST) == {}


def test_background_tasks_belong_to_the_request(plane: Plane) -> None:
    """They run before `__call__` returns."""
    lanes: list[str] = []
    api = FastAPI()

    @api.get("/")
    def endpoint(tasks: BackgroundTasks) -> str:
        tasks.add_task(lambda: lanes.append(current_lane(plane)))
        return current_lane(plane)

    assert asyncio.run(call(api, GRAY)) == '"gray"'
    assert lanes == ["gray"]
    assert plane.counted(LANE_OUTLIVED_REQUEST) == {}


def test_a_task_that_outlives_its_request_is_counted(plane: Plane) -> None:
    """Contract 9: it keeps its lane, and doctor can say that it happened."""
    lanes: list[str] = []

    async def work() -> None:
        later = asyncio.Event()

        async def straggle() -> None:
            await later.wait()
            lanes.append(current_lane(plane))

        tasks: list[asyncio.Task[None]] = []

        async def endpoint(request: Request) -> Response:
            tasks.append(asyncio.create_task(straggle()))
            return Response()

        await call(Starlette(routes=[Route("/", endpoint)]), GRAY)
        later.set()
        await tasks[0]

    asyncio.run(work())
    assert lanes == ["gray"]
    assert plane.counted(LANE_OUTLIVED_REQUEST) == {"gray": 1}


def test_middleware_runs_on_the_lane(plane: Plane) -> None:
    """It calls other apps, to authenticate for example."""
    lanes: list[str] = []

    class Spy(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Callable[..., Any]) -> Response:
            lanes.append(current_lane(plane))
            response: Response = await call_next(request)
            return response

    spied = app(plane)
    spied.add_middleware(Spy)
    assert asyncio.run(call(spied, GRAY)).startswith("gray")
    assert lanes == ["gray"]


def test_a_mounted_application_does_not_decide_again(plane: Plane) -> None:
    """It would find no label and call the request base."""
    plane.engine.apply(entry())
    outer = Starlette(routes=[Mount("/api", app(plane))])
    body = asyncio.run(call(outer, [("x-user", "1")], path="/api/x"))
    assert body.startswith("gray")
    assert plane.counted(COLOURED) == {"gray": 1}


def test_a_call_in_process_is_a_request_of_its_own(plane: Plane) -> None:
    """Applications call each other so in tests and monoliths; the label decides, as on a wire."""

    async def outer(request: Request) -> Response:
        inside = await lane_of(plane, [])
        return PlainTextResponse(f"{inside}/{current_lane(plane)}")

    assert asyncio.run(call(Starlette(routes=[Route("/", outer)]), GRAY)) == "/gray"


def test_a_websocket_is_a_request(plane: Plane) -> None:
    """Its messages run on the lane it was opened with."""

    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(current_lane(plane))
        await socket.close()

    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message.get("text", ""))

    scope = {
        "type": "websocket",
        "path": "/",
        "headers": [(b"baggage", b"x-opensergo-traffic=gray")],
        "query_string": b"",
        "subprotocols": [],
    }
    server: Any = Starlette(routes=[WebSocketRoute("/", endpoint)])
    asyncio.run(server(scope, receive, send))
    assert "gray" in sent


def test_an_error_of_the_application_is_its_own(plane: Plane) -> None:
    """And the request has ended."""

    async def work() -> None:
        async def fail(request: Request) -> Response:
            raise LookupError("the application's")

        with pytest.raises(LookupError):
            await call(Starlette(routes=[Route("/", fail)]), GRAY)
        assert current() is None

    asyncio.run(work())


def test_a_fault_of_ours_lets_the_request_through(plane: Plane) -> None:
    """F43: as one without a label, and counted."""
    plane.engine.plan = object()  # type: ignore[assignment]
    served = Starlette(routes=[Route("/", JSONResponse({"ok": True}))])
    assert asyncio.run(call(served, GRAY)) == '{"ok":true}'
    plane.engine.gates.none = plane.engine.gates.idle = False
    plane.engine.gates._gates = object()  # type: ignore[assignment]
    assert asyncio.run(call(served, GRAY)) == '{"ok":true}'
    assert plane.counted(AGENT_FAULTS) == {"asgi": 2, "starlette": 1}


def test_the_lifespan_waits_for_the_first_snapshot_and_says_when_it_is_over(plane: Plane) -> None:
    """For servers that have no hook of their own; start-up code runs on the instance's lane."""
    plane.ready = False
    plane.engine.apply(inner(lane="gray"))
    lanes: list[str] = []

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        assert (plane.waited, plane.servers) == (1, [])
        lanes.append(current_lane(plane))
        yield

    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        """Take it."""

    server: Any = app(plane, lifespan=lifespan)
    asyncio.run(server({"type": "lifespan", "state": {}}, receive, send))
    assert lanes == ["gray"]
    assert plane.servers == [("asgi", None)]


def test_the_first_request_says_that_the_process_serves(plane: Plane) -> None:
    """Where a server has neither a hook nor a lifespan; once is enough."""
    plane.ready = False
    for _ in range(3):
        asyncio.run(call(app(plane)))
    assert (plane.waited, plane.servers) == (1, [("asgi", None)])


def test_servers_still_see_an_asgi_application(plane: Plane) -> None:
    """Uvicorn tells ASGI 2 from ASGI 3 by asking whether `__call__` is a coroutine function."""
    assert asyncio.iscoroutinefunction(Starlette().__call__)


def test_restoring_leaves_no_trace() -> None:
    """A guest that leaves takes everything along."""
    before = dict(vars(Starlette))
    with hooked(Plane(), "starlette"):
        assert dict(vars(Starlette)) != before
    assert dict(vars(Starlette)) == before
