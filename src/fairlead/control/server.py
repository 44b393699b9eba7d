"""Serves the application on a socket of its own, and stops when it is told to.

On SIGTERM or SIGINT the port is closed first, streams end at once, and requests that are under way
are answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from typing import NamedTuple

import uvicorn
from starlette.types import ASGIApp

from fairlead.control.entrance import Entrance
from fairlead.control.inbound import BoundedHttp, Short

KEEP_ALIVE = 75
"""Seconds an idle connection is kept: agents renew every three, people come back after a minute."""

GRACE = 5
"""Seconds that requests under way may take after a signal."""

SPARE_FILES = 128
"""Open files that are kept for what is not a connection: the store, and what modules open."""


class CannotListen(Exception):
    """The address cannot be had: somebody else has it, or it is not this machine's."""


def listen(host: str, port: int, write_deadline: float) -> socket.socket:
    """Return a listening socket. Raises CannotListen.

    What a peer does not read is given up by the kernel after `write_deadline` seconds: a closed
    connection would otherwise wait for a stopped reader for good.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(write_deadline * 1000))
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"cannot listen on {host}:{port}: {error.strerror}; stop what has it, or choose "
            "another --listen"
        ) from error
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Return the URL under which `listener` is reached."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn's server with an entrance of its own, and without its signal handlers.

    They would kill the process after us.
    """

    def __init__(
        self, config: uvicorn.Config, entrance: Entrance, short: Short, ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._entrance, self._short, self._ready = entrance, short, ready
        self._accepting: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        del sockets
        await self.lifespan.startup()
        self.servers = []
        self._accepting = asyncio.create_task(self._entrance.run(self._protocol))
        self.started = True
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
            await asyncio.wait([self._accepting])
        await super().shutdown(sockets)

    def _protocol(self, gone: Callable[[], None]) -> asyncio.Protocol:
        state = self.lifespan.state
        return BoundedHttp(
            config=self.config,
            server_state=self.server_state,
            app_state=state,
            gone=gone,
            short=self._short,
        )


class Served(NamedTuple):
    """What answers requests: the application, and the short way of those that it need not see."""

    app: ASGIApp
    short: Short


async def serve(
    served: Served, entrance: Entrance, stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Serve until a signal arrives or `stop` is set; `stop` is set when serving ends."""
    # Below errors it writes a line for every stranger who speaks no HTTP.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    config = uvicorn.Config(
        served.app,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config, entrance, served.short, ready)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    async def watch_stop() -> None:
        await stop.wait()
        server.should_exit = True

    watching = asyncio.create_task(watch_stop())
    try:
        await server.serve(sockets=[entrance.listener])
    finally:
        stop.set()
        await watching


def allow_many_connections() -> int:
    """Raise the soft limit of open files to the hard one; return how many connections that allows.

    Every agent holds a connection.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, soft - SPARE_FILES)
