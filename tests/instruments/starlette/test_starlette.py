"""Requests of Starlette and FastAPI applications run on the lane they came with, to their end."""

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

from fairlead.flow.lane import Lanes
from fairlead.instruments.propagate import current, current_lane
from fairlead.policy.match import Condition
from fairlead.telemetry.names import AGENT_FAULTS, COLOURED, INVALID_LABELS, LANE_OUTLIVED_REQUEST
from tests.instruments.plane import Plane, entry, hooked, inner, serving

Headers = list[tuple[str, str]]


async def call(app: Any, headers: Headers | None = None, **scope: Any) -> str:
    """Send `app` one request in process; return its body."""
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
    parts: list[bytes] = []

    bodies = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for body in bodies:
            return body
        # A client that stays until it has its answer.
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        parts.append(message.get("body", b""))

    await app(full, receive, send)
    return b"".join(parts).decode()


def baggage(value: str) -> Headers:
    return [("baggage", value)]


GRAY = baggage("x-opensergo-traffic=gray")


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "starlette"):
        yield plane


def app(plane: Plane, **settings: Any) -> Starlette:
    """Return an application that answers with its lane and the headers it was given."""

    async def answer(request: Request) -> Response:
        seen = [f"{name}={value}" for name, value in request.headers.items()]
        return PlainTextResponse("|".join([current_lane(plane), *seen]))

    return Starlette(routes=[Route("/{rest:path}", answer)], **settings)


async def lane_of(plane: Plane, headers: Headers) -> str:
    return (await call(app(plane), headers)).partition("|")[0]


@pytest.mark.parametrize(
    ("headers", "lane"),
    [
        (GRAY, "gray"),
        (baggage("user=1, x-opensergo-traffic=gray;p=1,z=2"), "gray"),
        (baggage("user=1") + GRAY, "gray"),
        (baggage("OpenSergo-Label=gray"), "gray"),
        (baggage("x-blue=blue"), "blue"),
        ([("x-opensergo-traffic", "gray")], "gray"),
        ([("opensergo-label", "blue"), *GRAY], "gray"),
        (baggage("x-opensergo-traffic=base"), ""),
        (baggage("user=1"), ""),
        ([], ""),
    ],
)
def test_an_inner_app_trusts_the_label(plane: Plane, headers: Headers, lane: str) -> None:
    """Contract 7: in the baggage or, failing that, in a plain header, under any key."""
    assert asyncio.run(lane_of(plane, headers)) == lane


def test_a_request_leaves_its_context_as_it_found_it(plane: Plane) -> None:
    """A server may serve the next one in it."""

    async def work() -> None:
        await call(app(plane), GRAY)
        assert current() is None

    asyncio.run(work())


def test_a_context_that_a_request_left_behind_does_not_colour_the_next(plane: Plane) -> None:
    """F22: pipelining starts a request's task from inside the one before it."""

    async def work() -> str:
        with serving("gray"):
            return await asyncio.create_task(lane_of(plane, []))

    assert asyncio.run(work()) == ""


def test_an_instance_on_a_lane_takes_what_has_no_label(plane: Plane) -> None:
    """Contract 8."""
    plane.engine.apply(inner(lane="gray"))
    assert asyncio.run(lane_of(plane, [])) == "gray"
    assert asyncio.run(lane_of(plane, baggage("x-opensergo-traffic=base"))) == "gray"
    assert asyncio.run(lane_of(plane, baggage("x-blue=blue"))) == "blue"


def test_an_entry_takes_the_label_away_and_colours_by_its_rules(plane: Plane) -> None:
    """Contract 7: a client cannot choose its lane; every other member and header stays."""
    plane.engine.apply(entry())
    spoofed = [
        ("baggage", "user=1,x-opensergo-traffic=gray"),
        ("baggage", "OpenSergo-Label=gray"),
        ("x-opensergo-traffic", "gray"),
        ("x-blue", "blue"),
        ("accept", "*/*"),
    ]
    assert asyncio.run(call(app(plane), spoofed)) == "|accept=*/*|baggage=user=1"
    assert asyncio.run(call(app(plane), [*spoofed, ("x-user", "1")])).startswith("gray|")
    assert plane.counted(COLOURED) == {"": 1, "gray": 1}


def test_a_rule_sees_the_request_as_it_came(plane: Plane) -> None:
    """What is taken away is taken away from the application."""
    plane.engine.apply(
        entry(Condition(source="header", key="X-Blue", operator="==", values=("vip",)))
    )
    assert asyncio.run(call(app(plane), [("x-blue", "vip")])) == "gray"


def test_without_trust_a_label_is_dropped() -> None:
    """FAIRLEAD_TRUST=none: for apps that are called from outside the mesh."""
    plane = Plane(trust=False)
    with hooked(plane, "starlette"):
        assert asyncio.run(call(app(plane), [*GRAY, ("x-blue", "blue")])) == ""


@pytest.mark.parametrize(
    "value",
    ["x" * 65_536, "../../etc", "gray%0d%0aX-Evil: 1", "'; DROP TABLE", "gräu", "%00", "-gray"],
)
def test_a_hostile_label_is_ignored_and_counted(plane: Plane, value: str) -> None:
    """F20: refused by charset and length; the request goes on as one without a label."""
    assert asyncio.run(lane_of(plane, baggage(f"x-opensergo-traffic={value}"))) == ""
    assert plane.counted(INVALID_LABELS) == {"": 1}


def test_an_entry_drops_a_header_longer_than_anybody_must_carry(plane: Plane) -> None:
    """F20: taking a megabyte of members apart would hold the server up."""
    plane.engine.apply(entry())
    hostile = baggage("a=1," * 250_000 + "x-opensergo-traffic=gray")
    assert asyncio.run(call(app(plane), hostile)) == ""


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
    assert plane.counted(AGENT_FAULTS) == {"asgi": 1}


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


def test_a_rule_that_fails_lets_no_label_through(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request goes on as one without a label, also for whoever copies headers."""

    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    plane.engine.apply(entry())
    monkeypatch.setattr(Lanes, "colour", broken)
    assert asyncio.run(call(app(plane), [*GRAY, ("x-blue", "blue")])) == ""
    assert plane.counted(AGENT_FAULTS) == {"asgi": 1}


def test_restoring_leaves_no_trace() -> None:
    """A guest that leaves takes everything along."""
    before = dict(vars(Starlette))
    with hooked(Plane(), "starlette"):
        assert dict(vars(Starlette)) != before
    assert dict(vars(Starlette)) == before
