"""Starlette's routes ask the limits of their resource, within the application's middleware."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from fairlead.policy.fallback import Fallback
from fairlead.telemetry.names import AGENT_FAULTS, RATE_LIMITED, WOULD_LIMIT
from tests.instruments.limits import ask, limit, limited
from tests.instruments.plane import Plane, hooked
from tests.instruments.starlette.calls import exchange

ORIGIN = ("origin", "https://shop.example")


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = limited("/a")
    with hooked(plane, "starlette"):
        yield plane


async def echo(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.url.path}")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


def app(*more: Any, middleware: list[Middleware] | None = None) -> Starlette:
    """Return an application with a few routes."""
    inner = Starlette(routes=[Route("/orders/{id:int}", echo, methods=["GET", "POST"])])
    return Starlette(
        routes=[
            Route("/a", echo),
            Route("/b", echo),
            Mount("/shops/{shop}", routes=[Route("/orders/{id:int}", echo)]),
            Mount("/inner", inner),
            WebSocketRoute("/ws", socket),
            *more,
        ],
        middleware=middleware or [],
    )


def test_a_limited_route_answers_what_is_configured(plane: Plane) -> None:
    """S0-24: the status, the headers and the words of the operator."""
    answer = asyncio.run(ask(app(), "/a"))
    assert (answer.status, answer.body) == (429, "you are in the queue")
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["x-why"] == "busy"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-length"] == "20"
    assert plane.counted(RATE_LIMITED) == {"GET:/a": 1}
    assert asyncio.run(ask(app(), "/b")).status == 200


def test_without_an_answer_of_its_own_it_says_which_resource_is_limited(plane: Plane) -> None:
    """Contract 23."""
    limit(plane, "/a", fallback=Fallback())
    answer = asyncio.run(ask(app(), "/a", "HEAD"))
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    assert asyncio.run(ask(app(), "/a")).body == "rate limited: GET:/a"


def test_an_author_may_say_what_the_body_is(plane: Plane) -> None:
    """JSON for a client that reads JSON; one Content-Type, not two."""
    json = Fallback(status=200, headers=(("content-type", "application/json"),), body="{}")
    limit(plane, "/a", fallback=json)
    messages = asyncio.run(exchange(app(), path="/a"))
    types = [value for name, value in messages[0]["headers"] if name == b"content-type"]
    assert types == [b"application/json"]


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ("GET:/shops/{shop}/orders/{id}", "/shops/7/orders/1"),
        ("/inner/orders/{id}", "/inner/orders/1"),
    ],
)
def test_a_resource_is_called_by_its_template_below_its_mounts(
    plane: Plane, resource: str, path: str
) -> None:
    """Contract 22: one limit for all orders, not one for each."""
    limit(plane, resource)
    assert asyncio.run(ask(app(), path)).status == 429
    assert plane.counted(AGENT_FAULTS) == {}


def test_files_and_foreign_applications_below_a_mount_are_one_resource(plane: Plane, tmp_path):
    """What has no routes has no templates."""
    (tmp_path / "a.txt").write_text("a")
    served = app(Mount("/static", StaticFiles(directory=tmp_path)))
    assert asyncio.run(ask(served, "/static/a.txt")).status == 200
    limit(plane, "GET:/static/{path}")
    assert asyncio.run(ask(served, "/static/a.txt")).status == 429


def test_an_application_of_another_make_is_one_resource_though_it_has_routes(plane: Plane) -> None:
    """Nobody asks at those; and a method in small letters is the same to many applications."""

    class Foreign:
        routes = (type("Path", (), {"path": "/x", "handle": None})(),)

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await PlainTextResponse("foreign")(scope, receive, send)

    served = app(Mount("/foreign", Foreign()))
    assert asyncio.run(ask(served, "/foreign/x")).body == "foreign"
    limit(plane, "GET:/foreign/{path}")
    assert asyncio.run(ask(served, "/foreign/x")).status == 429
    assert asyncio.run(ask(served, "/foreign/x", "get")).status == 429
    assert plane.interfaces.unmatched(plane.engine.plan.snapshot.flow.rate_limits) == {}


def test_below_a_host_everything_is_asked_about(plane: Plane) -> None:
    """Its routes by their names, and an application without routes as one resource."""
    shop = Host("shop.example", Starlette(routes=[Route("/c", echo)]))
    served = Starlette(routes=[shop, Host("files.example", PlainTextResponse("file"))])
    shop_host, files_host = [("host", "shop.example")], [("host", "files.example")]
    limit(plane, "/c", "GET:/{path}")
    assert asyncio.run(ask(served, "/c", headers=shop_host)).status == 429
    assert asyncio.run(ask(served, "/c", headers=files_host)).status == 429
    assert plane.interfaces.unmatched(plane.engine.plan.snapshot.flow.rate_limits) == {}
    limit(plane, "/d")
    assert asyncio.run(ask(served, "/c", headers=files_host)).body == "file"


def test_the_next_application_is_asked_about_what_one_did_not_know(plane: Plane) -> None:
    """Two in a row share a request; the second must be no way around."""
    first, second = app(), Starlette(routes=[Route("/late", echo)])

    async def either(scope: Any, receive: Any, send: Any) -> None:
        try:
            await first.router(scope, receive, send)
        except HTTPException:
            await second(scope, receive, send)

    served = Starlette(routes=[])
    served.router.default = either
    limit(plane, "/late")
    assert asyncio.run(ask(served, "/late")).status == 429


def test_unknown_paths_are_one_resource_and_a_wrong_method_is_none(plane: Plane) -> None:
    """A scanner is limited; who mistakes a method is told so."""
    limit(plane, "404", "/a")
    assert asyncio.run(ask(app(), "/admin.php")).status == 429
    assert asyncio.run(ask(app(), "/inner/admin.php")).status == 429
    assert plane.counted(RATE_LIMITED) == {"404": 2}
    assert asyncio.run(ask(app(), "/a", "DELETE")).status == 405


def test_a_rejection_passes_through_the_applications_middleware(plane: Plane) -> None:
    """Without its CORS headers a browser would show a network error instead of the message."""
    cors = Middleware(CORSMiddleware, allow_origins=["https://shop.example"])
    answer = asyncio.run(ask(app(middleware=[cors]), "/a", headers=[ORIGIN]))
    assert answer.status == 429
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


def test_a_browsers_question_is_no_request(plane: Plane) -> None:
    """Its refusal would be reported as a fault of CORS; and it would use up the limit."""
    limit(plane, "/a", threshold=1)
    routes = app(Route("/a", echo, methods=["OPTIONS"]))
    question = [ORIGIN, ("access-control-request-method", "GET")]
    for _ in range(3):
        assert asyncio.run(ask(routes, "/a", "OPTIONS", question)).status == 200
    assert asyncio.run(ask(routes, "/a", "OPTIONS")).status == 200
    assert asyncio.run(ask(routes, "/a", "OPTIONS")).status == 429


def test_one_request_takes_one_permit_whatever_it_passes_through(plane: Plane) -> None:
    """A mounted application's routes are asked, and not its mount as well."""
    limit(plane, "/inner/orders/{id}", "/inner/{path}", threshold=1)
    assert asyncio.run(ask(app(), "/inner/orders/1")).status == 200
    assert asyncio.run(ask(app(), "/inner/orders/1")).status == 429


def test_a_namespace_that_observes_counts_and_lets_pass(plane: Plane) -> None:
    """A limit is tried on real traffic before it turns anybody away."""
    limit(plane, "/a", governance="observe")
    assert asyncio.run(ask(app(), "/a")).status == 200
    assert plane.counted(WOULD_LIMIT) == {"GET:/a": 1}
    assert plane.counted(RATE_LIMITED) == {}


def test_it_is_told_which_rules_name_no_route_and_what_may_be_meant(plane: Plane) -> None:
    """A misspelt target would guard nothing, and nobody would know (contract 22)."""
    limit(plane, "/a", "GET:/ab", "POST:/a", "/shops/{shop}/order/{id}", "404", "POST:/inner/x")
    limits = plane.engine.plan.snapshot.flow.rate_limits
    assert plane.interfaces.unmatched(limits) is None
    served = app()
    asyncio.run(ask(served, "/b"))
    assert plane.interfaces.unmatched(limits) == {
        "GET:/ab": "GET:/b",
        "POST:/a": "GET:/a",
        "POST:/inner/x": "POST:/inner/orders/{id}",
        "/shops/{shop}/order/{id}": "/shops/{shop}/orders/{id}",
    }
    assert plane.interfaces.unmatched(()) == {}


def test_a_fault_of_ours_lets_the_request_pass(plane: Plane) -> None:
    """And is counted."""
    plane.engine.gates.gate = None  # type: ignore[assignment,method-assign]
    assert asyncio.run(ask(app(), "/a")).status == 200
    assert plane.counted(AGENT_FAULTS) == {"starlette": 1}


def test_a_handshake_is_refused_in_the_way_its_server_can(plane: Plane) -> None:
    """As any answer where the server has the extension, else by closing it."""
    limit(plane, "/ws")
    handshake: dict[str, Any] = {"type": "websocket", "path": "/ws", "subprotocols": []}
    told = asyncio.run(exchange(app(), **handshake, extensions={"websocket.http.response": {}}))
    assert [message["type"] for message in told] == [
        "websocket.http.response.start",
        "websocket.http.response.body",
    ]
    assert told[0]["status"] == 429
    assert asyncio.run(exchange(app(), **handshake))[0]["type"] == "websocket.close"


def test_the_lifespan_of_a_mounted_application_is_no_request(plane: Plane) -> None:
    """An application without routes is hooked at its mount, where other messages come by too."""
    ran: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        ran.append("started")
        yield

    async def main() -> None:
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive() -> Any:
            return next(messages)

        async def send(message: Any) -> None:
            ran.append(message["type"])

        served = Starlette(routes=[Mount("/", Starlette())], lifespan=lifespan)
        await served({"type": "lifespan", "state": {}}, receive, send)

    asyncio.run(main())
    assert ran == ["started", "lifespan.startup.complete", "lifespan.shutdown.complete"]
