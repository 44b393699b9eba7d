"""aiohttp says when it serves and by which sockets, and callers know before it stops."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aiohttp import web
from aiohttp.web_app import Application
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_response import StreamResponse
from aiohttp.web_runner import BaseRunner, BaseSite, SockSite, TCPSite, UnixSite
from aiohttp.web_ws import WebSocketResponse

from fairlead.instruments import aiohttp_sites
from fairlead.instruments.libs import aiohttp_server as instrument
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.aiohttp_server.servers import application, asked, running, until
from tests.instruments.plane import Plane, hooked


@pytest.fixture(autouse=True)
def moving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiohttp_sites, "MOVE", 0.02)


class Slow(Plane):
    """A plane that takes its time to leave: callers have to hear of it."""

    def __init__(self) -> None:
        super().__init__()
        self.may_leave = threading.Event()
        self.leaves: list[list[int]] = []

    def leaving(self) -> None:
        sockets = self.servers[0][1]
        self.leaves.append([one.fileno() for one in (sockets() if sockets else ())])
        super().leaving()

    def departing(
        self, then: Callable[[], object], *, heir: bool = False, queue: float = 0.5
    ) -> None:
        self.leaving()
        threading.Thread(target=lambda: self.may_leave.wait(20) and then()).start()


@pytest.fixture
def plane() -> Any:
    plane = Slow()
    with hooked(plane, "aiohttp_server"):
        yield plane
    assert plane.counted(AGENT_FAULTS) == {}


async def fine(request: web.Request) -> web.Response:
    return web.Response(text=await request.text() or "fine")


def test_a_server_is_told_of_with_its_sockets_and_left_before_they_close(plane: Slow) -> None:
    """Contract 3 and 4: a caller must hear that an instance is gone while it still answers."""

    async def main() -> None:
        runner = web.AppRunner(application(web.get("/", fine)))
        await runner.setup()
        assert (plane.waited, plane.servers) == (1, [])
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert {name for name, _ in plane.servers} == {"aiohttp.web"}
        port = runner.addresses[0][1]
        ending = asyncio.ensure_future(runner.cleanup())
        await until(lambda: plane.left == 1)
        assert await raw(port) == (200, "close")
        plane.may_leave.set()
        await ending
        with pytest.raises(OSError, match=r"."):
            await raw(port)

    asyncio.run(main())
    assert min(plane.leaves[0]) >= 0


async def raw(port: int) -> tuple[int, str]:
    """Ask with a connection that could be kept; return the status, and what it says of that."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
    writer.close()
    said = [line.partition(": ")[2] for line in head if line.startswith("connection:")]
    return int(head[0].split()[1]), "".join(said)


def test_requests_under_way_hear_of_it_too(plane: Slow) -> None:
    """Their connection would be kept by a pool, and be cut when something is sent on it."""

    async def main() -> None:
        go = asyncio.Event()

        async def slow(request: web.Request) -> web.Response:
            await go.wait()
            return web.Response(text="slow")

        async with running(application(web.get("/", slow))) as server:
            asking = asyncio.ensure_future(server.ask())
            await until(lambda: bool(server.runner.server.connections))
            await asyncio.sleep(0.05)
            ending = asyncio.ensure_future(server.runner.cleanup())
            await until(lambda: plane.left == 1)
            go.set()
            answer = await asking
            assert (answer.body, answer.headers["connection"]) == ("slow", "close")
            plane.may_leave.set()
            await ending

    asyncio.run(main())


def test_a_body_that_is_on_its_way_is_read_to_its_end(plane: Slow) -> None:
    """A connection that is to close throws away what comes, and its request waits for it."""
    plane.may_leave.set()

    async def main() -> bytes:
        async with running(application(web.post("/", fine)), shutdown_timeout=20) as server:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234")
            await until(lambda: bool(server.runner.server.connections))
            await asyncio.sleep(0.05)
            ending = asyncio.ensure_future(server.runner.cleanup())
            await until(lambda: not server.runner.sites or not server.runner.addresses)
            assert not ending.done()
            writer.write(b"56789")
            answer = await asyncio.wait_for(reader.read(), 20)
            await ending
            writer.close()
            return answer

    assert asyncio.run(main()).endswith(b"0123456789")


def test_a_body_that_does_not_come_does_not_keep_a_server(plane: Slow) -> None:
    """Its own deadline is the last word."""
    plane.may_leave.set()

    async def main() -> None:
        async with running(application(web.post("/", fine)), shutdown_timeout=0.1) as server:
            _, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234")
            await until(lambda: bool(server.runner.server.connections))
            await asyncio.wait_for(server.runner.cleanup(), 20)
            writer.close()

    asyncio.run(main())


def test_only_the_server_that_is_advertised_is_left(plane: Slow) -> None:
    """Another one, of probes or of figures, may come and go."""
    plane.may_leave.set()

    async def main() -> None:
        async with running(application(web.get("/", fine))) as server:
            async with running(application(web.get("/", fine))):
                sockets = plane.servers[0][1]
                assert sockets is not None
                assert len(list(sockets())) == 2
            assert plane.left == 0
            assert len(list(sockets())) == 1
            assert (await server.ask()).body == "fine"
        assert plane.left == 1

    asyncio.run(main())


def test_a_site_that_is_stopped_by_itself_is_left_too(plane: Slow) -> None:
    """And served again when one is started: the application lives on."""
    plane.may_leave.set()

    async def main() -> None:
        async with running(application(web.get("/", fine))) as server:
            (site,) = server.runner.sites
            await site.stop()
            assert plane.left == 1
            told = len(plane.servers)
            await web.TCPSite(server.runner, "127.0.0.1", 0).start()
            assert len(plane.servers) == told + 1
            assert await raw(server.runner.addresses[0][1]) == (200, "")

    asyncio.run(main())
    assert plane.left == 2


def test_a_socket_that_was_given_stays_open_to_others(plane: Slow) -> None:
    """Other workers accept from it: it must not be closed to everybody."""
    plane.may_leave.set()

    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as shared:
            runner = web.AppRunner(application(web.get("/", fine)))
            await runner.setup()
            await web.SockSite(runner, shared.dup()).start()
            await runner.cleanup()
            with socket.create_connection(shared.getsockname(), 5):
                shared.settimeout(5)
                accepted, _ = shared.accept()
                accepted.close()

    asyncio.run(main())
    assert plane.left == 1


def test_where_nobody_takes_sigterm_connections_are_let_go_of(plane: Slow) -> None:
    """An idle one would be waited for as long as any request."""

    async def main() -> None:
        go = asyncio.Event()

        async def slow(request: web.Request) -> web.Response:
            await go.wait()
            return web.Response(text="slow")

        app = application(web.get("/", fine), web.get("/slow", slow))
        async with running(app) as server:
            assert (await server.ask()).body == "fine"
            asking = asyncio.ensure_future(server.ask("/slow"))
            await asyncio.sleep(0.05)
            (end,) = plane.endings
            await asyncio.to_thread(end, 20.0)
            await until(lambda: len(server.runner.server.connections) == 1)
            go.set()
            assert (await asking).headers["connection"] == "close"
            await until(lambda: not server.runner.server.connections)
            plane.may_leave.set()

    asyncio.run(main())


def test_a_server_stops_while_the_application_keeps_every_thread_busy(plane: Slow) -> None:
    """The loop's own threads are the application's; a blocked one must not keep the server up."""
    plane.may_leave.set()
    over = threading.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        blocked = loop.run_in_executor(None, over.wait)
        runner = web.AppRunner(application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            await asyncio.wait_for(runner.cleanup(), 10)
        finally:
            over.set()
            await blocked

    asyncio.run(main())
    assert plane.left == 1


def test_a_fault_of_ours_does_not_keep_a_server_from_stopping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F43."""
    plane = Plane()
    monkeypatch.setattr(plane, "departing", lambda then: 1 / 0)
    with hooked(plane, "aiohttp_server"):
        assert asked(application(web.get("/", fine))).body == "fine"
    assert plane.counted(AGENT_FAULTS) == {"aiohttp.web": 1}


def test_a_runner_that_never_served_is_not_left(plane: Slow) -> None:
    """It failed to start, or there was nothing to start."""

    async def main() -> None:
        runner = web.AppRunner(application())
        await runner.cleanup()
        await runner.setup()
        await runner.cleanup()

    asyncio.run(main())
    assert plane.left == 0


def test_the_library_is_as_it_was_afterwards() -> None:
    """A guest undoes what it did."""
    kinds: tuple[Any, ...] = (
        Application, RequestHandler, StreamResponse, WebSocketResponse,
        BaseRunner, BaseSite, SockSite, TCPSite, UnixSite,
    )  # fmt: skip
    before = [dict(vars(kind)) for kind in kinds]
    with hooked(Plane(), "aiohttp_server"):
        assert [dict(vars(kind)) for kind in kinds] != before
    assert [dict(vars(kind)) for kind in kinds] == before


def test_a_version_that_handles_requests_in_another_way_is_refused() -> None:
    """What is not known is not patched on a guess."""

    class Handler:
        async def _handle_request(self, request: Any) -> None:
            """Do it in another way."""

    with pytest.raises(TypeError, match="start_time"):
        instrument._check(Handler)
