"""A request that is throttled waits for its turn, and no longer than its client does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from fairlead.telemetry.names import AGENT_FAULTS, QUEUE_FULL
from tests.instruments.gates import Client, cap, enforce, running, throttle, until
from tests.instruments.limits import ask
from tests.instruments.plane import Plane, hooked


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "starlette"):
        yield plane
    assert plane.counted(AGENT_FAULTS) == {}


def test_a_throttled_request_waits_for_its_turn_and_is_then_as_it_came(plane: Plane) -> None:
    """Its body is read meanwhile, to see whether the client stays, and given to the endpoint."""
    enforce(plane, throttle("/echo", 60, 10_000))

    async def main() -> None:
        order: list[bytes] = []

        async def echo(request: Request) -> Response:
            order.append(await request.body())
            return Response(order[-1])

        app = Starlette(routes=[Route("/echo", echo, methods=["POST"])])
        clients = [Client(app, "/echo", method="POST", body=b"%d" % n) for n in range(3)]
        for client in clients:
            await client.ended()
        assert [client.body for client in clients] == order == [b"0", b"1", b"2"]

    running(main)
    assert plane.engine.gates.gate("POST:/echo").waiting == 0


def test_who_would_wait_too_long_is_told_when_to_come_back(plane: Plane) -> None:
    """And does not stand in line."""
    enforce(plane, throttle("/a", 3_600_000, 1000))
    app = Starlette(routes=[Route("/a", lambda request: PlainTextResponse("a"))])
    assert asyncio.run(ask(app, "/a")).status == 200
    assert asyncio.run(ask(app, "/a")).status == 429
    assert plane.counted(QUEUE_FULL) == {"GET:/a": 1}


@pytest.mark.parametrize("how", ["disconnect", "cancel"])
def test_who_goes_while_they_wait_never_begin(plane: Plane, how: str) -> None:
    """The place is given back at once, not when its time has come."""
    enforce(plane, throttle("/a", 1_800_000, 3_600_000), cap("/a", 2))
    ran: list[str] = []

    async def endpoint(request: Request) -> Response:
        ran.append("ran")
        return PlainTextResponse("a")

    async def main() -> None:
        app = Starlette(routes=[Route("/a", endpoint)])
        await Client(app, "/a").ended()
        client = Client(app, "/a")
        gate = plane.engine.gates.gate("GET:/a")
        await until(lambda: gate.waiting == 1)
        assert gate.inflight == 1
        if how == "disconnect":
            client.say("http.disconnect")
        else:
            client.task.cancel()
        await client.ended()
        assert (gate.waiting, gate.inflight) == (0, 0)

    running(main)
    assert ran == ["ran"]
