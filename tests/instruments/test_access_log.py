"""What the access log says of requests of each interface."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from flask import Flask
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route

from fairlead.telemetry.access_log import Line
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.aiohttp_server.servers import running
from tests.instruments.limits import limit
from tests.instruments.plane import Plane, eventually, hooked
from tests.instruments.rpc import SERVERS, ask, path

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = (
    (b"fairlead-caller", b"cart"),
    (b"traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode()),
    (b"baggage", b"x-opensergo-traffic=gray"),
    (b"authorization", b"Bearer secret"),
)


@pytest.fixture
def plane(form: str) -> Iterator[Plane]:
    plane = Plane()
    plane.observing.log.writes = True
    plane.observing.look()
    libraries = ("starlette", "flask", "aiohttp_server", "grpc_server", "grpc_aio_server", "python")
    with hooked(plane, *libraries):
        yield plane
    assert plane.counted(AGENT_FAULTS) == {}


def lines(plane: Plane) -> list[Line]:
    found = []
    while (line := plane.observing.log.taken()) is not None:
        found.append(line)
    return found


def through_asgi(target: str, method: str = "GET") -> None:
    async def endpoint(request: Any) -> PlainTextResponse:
        return PlainTextResponse("done", background=None)

    async def broken(request: Any) -> None:
        raise RuntimeError

    routes = [Route("/x/{id}", endpoint), Route("/broken", broken)]
    application = Starlette(routes=[*routes, Mount("/below", routes=routes)])
    url, _, query = target.partition("?")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        """Nobody reads it."""

    scope = {
        "type": "http", "method": method, "path": url, "query_string": query.encode(),
        "headers": list(HEADERS),
    }  # fmt: skip
    try:
        asyncio.run(application(scope, receive, send))
    except RuntimeError:
        assert target == "/broken"


def through_wsgi(target: str, method: str = "GET") -> None:
    application = Flask(__name__)

    @application.get("/x/<id>")
    def endpoint(id: str) -> str:
        return "done"

    @application.get("/broken")
    def broken() -> str:
        raise RuntimeError

    given = [(name.decode(), value.decode()) for name, value in HEADERS]
    application.test_client().open(target, method=method, headers=given).get_data()


def through_aiohttp(target: str, method: str = "GET") -> None:
    async def endpoint(request: web.Request) -> web.Response:
        return web.Response(text="done")

    async def broken(request: web.Request) -> web.Response:
        raise RuntimeError

    async def ask() -> None:
        application = web.Application()
        application.add_routes([web.get("/x/{id}", endpoint), web.get("/broken", broken)])
        given = [(name.decode(), value.decode()) for name, value in HEADERS]
        async with running(application) as server:
            await server.ask(target, method, given)

    asyncio.run(ask())


both = pytest.mark.parametrize(
    "through", [through_asgi, through_wsgi, through_aiohttp], ids=["asgi", "wsgi", "aiohttp"]
)


@both
def test_a_request_is_one_line(plane, through):
    """With its route and not its path; of what headers and the query say only names of ours."""
    through("/x/12?token=secret")

    (line,) = lines(plane)
    assert (line.method, line.interface) == ("GET", "GET:/x/{id}")
    assert (line.status, line.lane) == (200, "gray")
    assert (line.caller, line.trace, line.rule) == ("cart", TRACE, "")
    assert 0 <= line.seconds < 60
    assert "secret" not in str(line)


@both
@pytest.mark.parametrize("governance", ["on", "observe"])
def test_the_rule_that_decided_is_named(plane, through, governance):
    """Also where it is only observed: that is what the log is looked at for."""
    limit(plane, "GET:/x/{id}", governance=governance)
    through("/x/12")

    (line,) = lines(plane)
    observed = governance == "observe"
    assert (line.status, line.simulated) == ((200, True) if observed else (429, False))
    assert line.interface == "GET:/x/{id}"
    assert (line.rule, line.reason) == ("FaultToleranceRule/r", "rate")


@both
def test_paths_that_nobody_serves_are_one_route(plane, through):
    """A stranger's path is no word of the log."""
    through("/nobody/serves/this")

    (line,) = lines(plane)
    assert (line.interface, line.status) == ("404", 404)


@both
def test_a_request_that_breaks_is_logged(plane, through):
    """With the status that the server answers."""
    through("/broken")

    (line,) = lines(plane)
    assert (line.interface, line.status) == ("GET:/broken", 500)


def test_a_stream_ends_with_its_last_byte(plane):
    """What is measured is what the client waits for."""

    async def parts() -> Any:
        yield b"one"
        assert lines(plane) == []
        yield b"two"

    async def endpoint(request: Any) -> StreamingResponse:
        return StreamingResponse(parts())

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {}

    async def send(message: Any) -> None:
        """Nobody reads it."""

    application = Starlette(routes=[Route("/x", endpoint)])
    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": []}
    asyncio.run(application(scope, receive, send))

    assert [line.interface for line in lines(plane)] == ["GET:/x"]


@pytest.mark.parametrize("kind", SERVERS)
def test_a_call_of_grpc_is_one_line(plane, kind):
    """Its status is gRPC's code."""
    import grpc

    metadata = [(name.decode(), value.decode()) for name, value in HEADERS]
    with SERVERS[kind](lambda context: "done") as address, grpc.insecure_channel(address) as made:
        ask(made, "unary_unary", metadata)

    found: list[Line] = []

    def there() -> bool:
        found.extend(lines(plane))
        return bool(found)

    assert eventually(there)
    (line,) = found
    assert (line.interface, line.status, line.lane) == (path("unary_unary"), 0, "gray")
    assert (line.caller, line.trace) == ("cart", TRACE)


def test_nothing_is_noted_where_nobody_wants_to_know(plane):
    """And what was begun before that is the last line."""
    plane.observing.log.writes = False
    plane.observing.look()
    through_asgi("/x/1")
    through_wsgi("/x/1")

    assert lines(plane) == []
