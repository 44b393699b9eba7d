"""Requests that no rule is about are counted all the same, where that is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from fastapi import FastAPI, HTTPException
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route

from fairlead.agent.collector import ERRORS, INFLIGHT, PASSED, REJECTED, RT, Collector
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.gates import enforce, rate
from tests.instruments.limits import Answer, ask_wsgi
from tests.instruments.limits import ask as ask_asgi
from tests.instruments.plane import Plane, hooked

GRAY = [("baggage", "x-opensergo-traffic=gray")]


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    plane.engine.measure(True)
    with hooked(plane, "starlette", "fastapi", "flask"):
        yield plane
    assert plane.counted(AGENT_FAULTS) == {}


def ask(app: Any, path: str, headers: list[tuple[str, str]] | None = None) -> Answer:
    """Send an application of either interface one request."""
    if isinstance(app, flask.Flask):
        return ask_wsgi(app, path, headers=headers)
    return asyncio.run(ask_asgi(app, path, headers=headers))


def counted(plane: Plane, *positions: int) -> dict[tuple[str, str], Any]:
    """Return numbers of all interfaces by name and lane."""
    found = Collector(plane.engine).read().interfaces
    wanted = positions or (PASSED,)
    return {
        (name, lane): tuple(numbers[at] for at in wanted)
        for (name, _, lane), numbers in found.items()
    }


def fastapi() -> Any:
    app = FastAPI()

    @app.get("/a/{x}")
    async def a(x: str) -> str:
        return x

    @app.get("/busy")
    async def busy() -> str:
        raise HTTPException(503)

    @app.get("/missing")
    async def missing() -> str:
        raise HTTPException(404)

    @app.get("/fails")
    async def fails() -> str:
        raise RuntimeError

    return app


def starlette() -> Any:
    async def a(request: Request) -> PlainTextResponse:
        return PlainTextResponse("a")

    async def busy(request: Request) -> PlainTextResponse:
        return PlainTextResponse("", 503)

    async def missing(request: Request) -> PlainTextResponse:
        return PlainTextResponse("", 404)

    async def fails(request: Request) -> PlainTextResponse:
        raise RuntimeError

    routes = [
        Route("/a/{x}", a), Route("/busy", busy), Route("/missing", missing), Route("/fails", fails)
    ]  # fmt: skip
    return Starlette(routes=routes)


def flasks() -> Any:
    app = flask.Flask(__name__)
    app.add_url_rule("/a/<x>", "a", lambda x: x)
    app.add_url_rule("/busy", "busy", lambda: ("", 503))
    app.add_url_rule("/missing", "missing", lambda: ("", 404))
    app.add_url_rule("/fails", "fails", lambda: str(1 // 0))
    return app


@pytest.mark.parametrize("make", [fastapi, starlette, flasks])
def test_a_request_counts_at_its_route(plane: Plane, make: Any) -> None:
    """By its template; failed is an answer from 500 on and an error, and not a 404."""
    app = make()
    for path in ("/a/1", "/a/2", "/busy", "/missing", "/fails"):
        try:
            ask(app, path)
        except RuntimeError:
            assert path == "/fails"

    assert counted(plane, PASSED, ERRORS, INFLIGHT) == {
        ("GET:/a/{x}", ""): (2, 0, 0),
        ("GET:/busy", ""): (1, 1, 0),
        ("GET:/missing", ""): (1, 0, 0),
        ("GET:/fails", ""): (1, 1, 0),
    }


@pytest.mark.parametrize("make", [fastapi, starlette, flasks])
def test_unknown_paths_are_one_interface(plane: Plane, make: Any) -> None:
    """However many strangers try: neither a gate nor a row for each."""
    app = make()
    for number in range(300):
        ask(app, f"/wp-admin/{number}")

    assert counted(plane) == {("404", ""): (300,)}
    assert len(list(plane.engine.gates)) == 1


@pytest.mark.parametrize("make", [fastapi, starlette, flasks])
def test_lanes_are_counted_apart(plane: Plane, make: Any) -> None:
    """And what rules turn away of a lane's requests, too."""
    app = make()
    for headers in ([], GRAY, GRAY):
        ask(app, "/a/1", headers)
    enforce(plane, rate("GET:/a/{x}", 0))
    ask(app, "/a/1", GRAY)

    assert counted(plane, PASSED, REJECTED) == {
        ("GET:/a/{x}", ""): (1, 0),
        ("GET:/a/{x}", "gray"): (2, 1),
    }


def test_background_work_is_not_the_response(plane: Plane) -> None:
    """It ends with the last byte of the body, a streamed one too."""
    seen: list[Any] = []

    def later() -> None:
        seen.append(counted(plane, PASSED, INFLIGHT))

    async def parts() -> Any:
        yield b"a"
        seen.append(counted(plane, PASSED, INFLIGHT))
        yield b"b"

    async def plain(request: Request) -> PlainTextResponse:
        return PlainTextResponse("a", background=BackgroundTask(later))

    async def stream(request: Request) -> StreamingResponse:
        return StreamingResponse(parts())

    app = Starlette(routes=[Route("/plain", plain), Mount("/in", routes=[Route("/s", stream)])])
    assert ask(app, "/plain").body == "a"
    assert ask(app, "/in/s").body == "ab"

    assert seen == [
        {("GET:/plain", ""): (1, 0)},
        {("GET:/plain", ""): (1, 0), ("GET:/in/s", ""): (1, 1)},
    ]


def test_nothing_is_counted_that_nobody_asked_for(plane: Plane) -> None:
    """Measuring is given up and taken up again while requests come; what is shed is counted."""
    app, other = fastapi(), flasks()
    plane.engine.measure(False)
    for one in (app, other):
        ask(one, "/a/1")
    assert (counted(plane), plane.engine.measuring.dropped()) == ({}, 0)
    plane.engine.measure(False, shed=True)
    for one in (app, other):
        ask(one, "/a/1")
    assert (counted(plane), plane.engine.measuring.dropped()) == ({}, 2)
    plane.engine.measure(True)
    for one in (app, other):
        ask(one, "/a/1")
    assert counted(plane) == {("GET:/a/{x}", ""): (2,)}


def test_times_are_in_buckets(plane: Plane) -> None:
    """One for each request that has ended."""
    app = fastapi()
    for _ in range(3):
        ask(app, "/a/1")
    (numbers,) = Collector(plane.engine).read().interfaces.values()

    assert sum(numbers[RT:]) == 3
