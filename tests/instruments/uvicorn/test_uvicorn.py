"""A real uvicorn server says when it serves, by its own sockets, and when it stops."""

from __future__ import annotations

import asyncio

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


async def _start(server: Server) -> None:
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()


def test_the_server_is_as_it_was_afterwards():
    """A guest undoes what it did."""
    before = (Server.startup, Server.shutdown)
    patches = Patches()
    instrument.install(Plane(), patches)
    assert (Server.startup, Server.shutdown) != before
    assert patches.restore() == []
    assert (Server.startup, Server.shutdown) == before
