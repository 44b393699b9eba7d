"""Serves the application on a socket of its own, and stops when it is told to.

On SIGTERM or SIGINT the port is closed first, streams end at once, and requests that are under way
are answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

KEEP_ALIVE = 75
"""Seconds an idle connection is kept: agents renew every three, people come back after a minute."""

GRACE = 5
"""Seconds that requests under way may take after a signal."""

CONNECTIONS = 16_384
"""Connections and requests at a time; one more is answered with 503."""


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


def url_of(listener: socket.socket) -> str:
    """Return the URL under which `listener` is reached."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn's server without its signal handlers: they would kill the process after us."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


async def serve(
    app: ASGIApp, listener: socket.socket, stop: asyncio.Event, ready: Callable[[], None]
) -> None:
    """Serve until a signal arrives or `stop` is set; `stop` is set when serving ends."""
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        limit_concurrency=CONNECTIONS,
    )
    server = _Server(config, ready)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    async def watch_stop() -> None:
        await stop.wait()
        server.should_exit = True

    watching = asyncio.create_task(watch_stop())
    try:
        await server.serve(sockets=[listener])
    finally:
        stop.set()
        await watching


def allow_many_connections() -> None:
    """Raise the soft limit of open files to the hard one: every agent holds a connection."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
