"""A real uvicorn server says when it serves, by its own sockets, and when it stops."""

from __future__ import annotations

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from uvicorn.server import Server

from fairlead.instruments.libs import uvicorn as instrument
from fairlead.instruments.patch import Patches
from tests.instruments.plane import Plane


async def app(scope, receive, send):
    """Answer every request with nothing."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def test_a_server_is_told_of_with_its_sockets_and_left_before_they_close():
    """Contract 3 and 4: a caller must hear that an instance is gone while it still answers."""
    plane, patches = Plane(), Patches()
    seen: list[int] = []
    instrument.install(plane, patches)

    def leaving() -> None:
        sockets = plane.servers[0][1]
        seen.extend(socket.fileno() for socket in (sockets() if sockets else ()))
        plane.left += 1

    plane.leaving = leaving  # type: ignore[method-assign]

    async def main() -> None:
        config = uvicorn.Config(app, port=0, lifespan="off", log_level="error")
        server = uvicorn.Server(config)
        await _start(server)
        assert [name for name, _ in plane.servers] == ["uvicorn"]
        await server.shutdown()

    try:
        asyncio.run(main())
    finally:
        assert patches.restore() == []
    assert plane.left == 1
    assert seen
    assert min(seen) >= 0


def test_a_worker_at_its_limit_of_requests_hands_its_socket_over():
    """The parent starts another: what callers wait for at the socket is on its way."""
    plane, patches = Plane(), Patches()
    instrument.install(plane, patches)

    async def main(*, told: bool) -> tuple[int, int]:
        config = uvicorn.Config(app, port=0, lifespan="off", log_level="error")
        with socket.create_server(("127.0.0.1", 0)) as shared:
            server = uvicorn.Server(config)
            await _start(server, [shared])
            server.should_exit = told
            await server.shutdown([shared])
        return plane.handed_over, plane.left

    try:
        assert asyncio.run(main(told=False)) == (1, 0)
        assert asyncio.run(main(told=True)) == (1, 1)
    finally:
        assert patches.restore() == []


def test_a_server_stops_while_the_application_keeps_every_thread_busy():
    """The loop's own threads are the application's; a blocked one must not keep the server up."""
    plane, patches = Plane(), Patches()
    instrument.install(plane, patches)
    over = threading.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        blocked = loop.run_in_executor(None, over.wait)
        server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="error"))
        await _start(server)
        try:
            await asyncio.wait_for(server.shutdown(), 5)
        finally:
            over.set()
            await blocked

    try:
        asyncio.run(main())
    finally:
        assert patches.restore() == []
    assert plane.left == 1


async def _start(server: Server, sockets: list[socket.socket] | None = None) -> None:
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets)


def test_the_server_is_as_it_was_afterwards():
    """A guest undoes what it did."""
    before = (Server.startup, Server.shutdown)
    patches = Patches()
    instrument.install(Plane(), patches)
    assert (Server.startup, Server.shutdown) != before
    assert patches.restore() == []
    assert (Server.startup, Server.shutdown) == before
