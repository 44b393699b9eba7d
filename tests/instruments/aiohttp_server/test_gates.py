"""A request holds its place in its gate until its response has ended, however it ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import ClientError, web

from fairlead.instruments.propagate import entrance
from fairlead.telemetry.names import AGENT_FAULTS, OVERLOADED, QUEUE_FULL
from tests.instruments.aiohttp_server.servers import GRAY, application, asked, running, until
from tests.instruments.gates import breaker, cap, enforce, inflight, throttle
from tests.instruments.plane import Plane, hooked


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "aiohttp_server"):
        yield plane
    assert plane.counted(AGENT_FAULTS) == {}


class Held:
    """An application whose requests go on when they are told to."""

    def __init__(self) -> None:
        self.go, self.late = asyncio.Event(), asyncio.Event()
        self.ended: list[str] = []
        self.app = application(
            web.get("/plain", self.plain),
            web.get("/body", self.body),
            web.get("/stream", self.stream),
            web.get("/ws", self.socket),
        )

    async def plain(self, request: web.Request) -> web.Response:
        try:
            await self.go.wait()
        finally:
            self.ended.append("plain")
        return web.Response(text=entrance())

    async def body(self, request: web.Request) -> web.Response:
        async def steps() -> AsyncIterator[bytes]:
            yield b"first"
            await self.go.wait()
            yield b"last"

        return web.Response(body=steps())

    async def stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await self.go.wait()
        await response.write_eof(b"last")
        await self.late.wait()
        return response

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if await socket.receive_str() == "close":
            await socket.close()
        else:
            await socket.receive()
        await self.late.wait()
        return socket


def held(plane: Plane, path: str) -> int:
    return inflight(plane, f"GET:{path}")


@pytest.mark.parametrize("path", ["/body", "/stream"])
def test_a_streamed_body_holds_its_place_to_its_last_byte(plane: Plane, path: str) -> None:
    """S2-17. The handler has returned long before, or has other things to do when it is sent."""
    enforce(plane, cap(path, 1))

    async def main() -> None:
        one = Held()
        async with running(one.app) as server, server.session.get(server.url(path)) as answer:
            assert await answer.content.readexactly(5) == b"first"
            assert held(plane, path) == 1
            second = await server.ask(path)
            assert (second.status, second.body) == (429, f"overloaded: GET:{path}")
            one.go.set()
            assert await answer.content.read() == b"last"
            await until(lambda: held(plane, path) == 0)
            one.late.set()

    asyncio.run(main())
    assert plane.counted(OVERLOADED) == {f"GET:{path}": 1}


@pytest.mark.parametrize("word", ["close", "wait"])
def test_a_websocket_holds_its_place_until_either_side_closes_it(plane: Plane, word: str) -> None:
    """What its handler does then is not part of it."""
    enforce(plane, cap("/ws", 1))

    async def main() -> None:
        one = Held()
        async with running(one.app) as server:
            async with server.session.ws_connect(server.url("/ws")) as client:
                assert held(plane, "/ws") == 1
                await client.send_str(word)
                if word == "close":
                    await client.receive(timeout=10)
                else:
                    await client.close()
                await until(lambda: held(plane, "/ws") == 0)
            one.late.set()

    asyncio.run(main())


@pytest.mark.parametrize("cancels", [False, True])
def test_a_client_that_hangs_up_ends_it_with_its_handler(plane: Plane, cancels: bool) -> None:
    """Handlers go on, unless aiohttp is told to cancel them."""
    enforce(plane, cap("/plain", 1), breaker("/plain"))

    async def main() -> None:
        one = Held()
        async with running(one.app, handler_cancellation=cancels) as server:
            _, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n")
            await until(lambda: held(plane, "/plain") == 1)
            writer.close()
            if cancels:
                await until(lambda: one.ended == ["plain"])
            one.go.set()
            await until(lambda: held(plane, "/plain") == 0)
            assert (await server.ask("/plain")).status == 200

    asyncio.run(main())


def test_a_client_that_hangs_up_in_the_middle_is_nobodys_fault(plane: Plane) -> None:
    """What cannot be written any more comes out of the handler."""
    enforce(plane, breaker("/"))
    errors: list[str] = []

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(4000):
                await response.write(b"x" * 1000)
                await asyncio.sleep(0.005)
        except ConnectionError as error:
            errors.append(type(error).__name__)
            raise
        return response

    async def main() -> None:
        async with running(application(web.get("/", endless))) as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await reader.readexactly(100)
            writer.close()
            await until(lambda: bool(errors) and held(plane, "/") == 0)
            async with server.session.get(server.url("/")) as answer:
                assert answer.status == 200

    asyncio.run(main())


RAISED: dict[str, Callable[[], Exception]] = {
    "raise": lambda: LookupError("unhandled"),
    "middle": lambda: LookupError("in the middle"),
    "late": TimeoutError,
    "http": web.HTTPBadGateway,
    "missing": web.HTTPNotFound,
    "moved": lambda: web.HTTPFound("/fine"),
    "handled": lambda: ValueError("the client's"),
}


async def fail(request: web.Request) -> web.StreamResponse:
    """End in the way that the path says."""
    how = request.match_info["how"]
    if how == "middle":
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
    if (error := RAISED.get(how)) is not None:
        raise error()
    if how == "nothing":
        return None  # type: ignore[return-value]
    return web.Response(text="fine", status=503 if how == "unavailable" else 200)


@web.middleware
async def sorry(request: web.Request, handler: Any) -> web.StreamResponse:
    """Make an answer of an exception."""
    try:
        answer: web.StreamResponse = await handler(request)
    except ValueError:
        return web.Response(status=400)
    return answer


def failing(*middlewares: Any) -> web.Application:
    """Return an application that fails in all ways."""
    return application(web.get("/{how}", fail), middlewares=[sorry, *middlewares])


def opens(how: str) -> bool:
    """Tell whether a breaker is open after a request that ends in this way."""

    async def main() -> bool:
        async with running(failing()) as server:
            with suppress(ClientError):  # of a body that is cut off
                await server.ask(f"/{how}")
            return (await server.ask("/fine")).status == 429

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("how", "fails"),
    [
        ("raise", True),
        ("middle", True),
        ("late", True),
        ("nothing", True),
        ("unavailable", True),
        ("http", True),
        ("missing", False),
        ("moved", False),
        ("handled", False),
        ("fine", False),
    ],
)
def test_what_an_error_is_goes_by_the_answer(plane: Plane, how: str, fails: bool) -> None:
    """S2-19: an exception that nobody handles, or a status of 5xx; a 404 is the client's."""
    enforce(plane, breaker("/{how}"))
    assert opens(how) is fails


@pytest.mark.parametrize(
    ("errors", "how", "fails"),
    [
        (("503",), "unavailable", True),
        (("503",), "raise", False),
        (("504",), "late", True),
        (("5xx",), "raise", True),
        (("404",), "missing", True),
        (("LookupError",), "raise", True),
        (("LookupError",), "unavailable", False),
        (("ValueError",), "handled", True),
        (("HTTPBadGateway",), "http", True),
        (("HTTPException",), "missing", True),
    ],
)
def test_a_rule_may_say_what_an_error_is(
    plane: Plane, errors: tuple[str, ...], how: str, fails: bool
) -> None:
    """By status, or by the class of what was raised, whatever the application made of it."""
    enforce(plane, breaker("/{how}", errors=errors))
    assert opens(how) is fails


def test_requests_are_measured_where_no_rule_is_about_them(plane: Plane) -> None:
    """The console shows every route, and each lane of it; what is shed is told as that."""
    plane.engine.measure(True)

    async def main() -> None:
        one = Held()
        one.go.set()
        async with running(one.app) as server:
            for headers in ([], GRAY, GRAY):
                assert (await server.ask("/plain", headers=headers)).status == 200
            plane.engine.measure(False, shed=True)
            assert (await server.ask("/plain")).status == 200

    asyncio.run(main())
    gate = plane.engine.gates.gate("GET:/plain")
    meter = plane.engine.measuring.meter("GET:/plain", "gray")
    assert [(one.passed, one.inflight) for one in (gate, meter)] == [(3, 0), (2, 0)]
    assert plane.engine.measuring.dropped() == 1


def test_what_serves_a_request_knows_its_entrance(plane: Plane) -> None:
    """Rules about what is called ask for it."""
    enforce(plane, cap("/plain", 1))

    async def main() -> None:
        one = Held()
        one.go.set()
        async with running(one.app) as server:
            assert (await server.ask("/plain")).body == "GET:/plain"

    asyncio.run(main())


def test_a_throttled_request_waits_for_its_turn_and_is_then_as_it_came(plane: Plane) -> None:
    """It holds no thread meanwhile; its body is the handler's to read."""
    enforce(plane, throttle("/echo", 60, 10_000))
    order: list[str] = []

    async def echo(request: web.Request) -> web.Response:
        order.append(await request.text())
        return web.Response(text=order[-1])

    async def main() -> None:
        async with running(application(web.post("/echo", echo))) as server:
            asking = (server.ask("/echo", "POST", data=b"%d" % number) for number in range(3))
            answers = await asyncio.gather(*asking)
            assert sorted(answer.body for answer in answers) == sorted(order) == ["0", "1", "2"]

    asyncio.run(main())
    assert plane.engine.gates.gate("POST:/echo").waiting == 0


def test_who_would_wait_too_long_is_told_when_to_come_back(plane: Plane) -> None:
    """And does not stand in line."""
    enforce(plane, throttle("/fine", 3_600_000, 1000), throttle("/{how}", 3_600_000, 1000))
    assert [asked(failing(), "/fine").status for _ in range(2)] == [200, 429]
    assert plane.counted(QUEUE_FULL) == {"GET:/{how}": 1}


@pytest.mark.parametrize("body", [b"", b"x" * 200])
def test_who_goes_while_they_wait_never_begin(plane: Plane, body: bytes) -> None:
    """The place is given back at once, not when its time has come."""
    enforce(plane, throttle("/plain", 1_800_000, 3_600_000), cap("/plain", 2))

    async def main() -> None:
        one = Held()
        one.go.set()
        gate = plane.engine.gates.gate("GET:/plain")
        async with running(one.app) as server:
            assert (await server.ask("/plain")).status == 200
            _, writer = await asyncio.open_connection(server.host, server.port)
            head = b"GET /plain HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
            writer.write(head % len(body) + body)
            await until(lambda: gate.waiting == 1)
            assert gate.inflight == 1
            writer.close()
            await until(lambda: (gate.waiting, gate.inflight) == (0, 0))
        assert one.ended == ["plain"]

    asyncio.run(main())


def test_a_server_that_stops_ends_those_who_wait(plane: Plane) -> None:
    """When its own deadline is over; nothing is held afterwards."""
    enforce(plane, throttle("/plain", 1_800_000, 3_600_000))

    async def main() -> None:
        one = Held()
        one.go.set()
        gate = plane.engine.gates.gate("GET:/plain")
        async with running(one.app, shutdown_timeout=0.1) as server:
            assert (await server.ask("/plain")).status == 200
            waiting = asyncio.ensure_future(server.ask("/plain"))
            await until(lambda: gate.waiting == 1)
        with pytest.raises(Exception, match=r".*"):  # whatever a client says to that
            await waiting
        await until(lambda: (gate.waiting, gate.inflight) == (0, 0))

    asyncio.run(main())


def test_nothing_of_a_request_is_kept(plane: Plane, caplog: pytest.LogCaptureFixture) -> None:
    """A server lives for months."""
    enforce(plane, cap("/{how}", 100))
    seen: list[weakref.ref[web.Request]] = []

    @web.middleware
    async def noting(request: web.Request, handler: Any) -> web.StreamResponse:
        seen.append(weakref.ref(request))
        answer: web.StreamResponse = await handler(request)
        return answer

    async def main() -> None:
        async with running(failing(noting)) as server:
            for how in ("fine", "raise", "handled", "http"):
                await server.ask(f"/{how}")

    with caplog.at_level(logging.CRITICAL, "aiohttp.server"):  # a record would keep its error
        asyncio.run(main())
    gc.collect()
    assert [one() for one in seen] == [None] * 4
