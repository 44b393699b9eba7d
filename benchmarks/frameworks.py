"""CPU that a hop adds to Flask and aiohttp.web, called in process as their servers call them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from io import BytesIO
from sys import stderr
from typing import Any

from aiohttp import web
from flask import Flask

from benchmarks.flow.ours import rules
from benchmarks.inbound import CALLS, LABELLED, VISITOR, Headers
from benchmarks.measure import Batch, Figure, added, each, each_async
from benchmarks.plane import Plane, snapshot
from fairlead.instruments.canned import Canned
from fairlead.instruments.instrument import Instrument
from fairlead.instruments.libs import aiohttp_server, flask
from fairlead.instruments.patch import Patches
from fairlead.policy.snapshot import Snapshot


def run() -> Iterator[Figure]:
    """Measure a hop on whose lane every second request is, and five rules on its route too."""
    headers = (LABELLED, VISITOR)
    plain = snapshot("cart")
    policies = {"": plain, "_limited": replace(plain, flow=rules("/a", 5))}
    for ending, policy in policies.items():
        make = partial(flask_requests, headers)
        yield _added(f"inbound_flask{ending}_us", policy, flask, make)
    for ending, policy in policies.items():
        with asyncio.Runner() as runner:
            make = partial(aiohttp_requests, runner, headers)
            yield _added(f"inbound_aiohttp{ending}_us", policy, aiohttp_server, make)


def _added(
    name: str, policy: Snapshot, instrument: Instrument, make: Callable[[], Batch]
) -> Figure:
    """Return what hooks that enforce `policy` add to requests of an application."""
    plane, patches = Plane(policy), Patches()
    bare = make()
    instrument.install(plane, patches)
    governed = make()
    patches.restore()

    def hooked(calls: int) -> list[int]:
        instrument.install(plane, patches)
        try:
            return governed(calls)
        finally:
            patches.restore()

    figure = added(name, bare, hooked, calls=CALLS, target=None)
    counted = plane.counters.read()
    if "agent_faults" in counted:
        raise RuntimeError(f"the hooks failed, so nothing was measured: {counted}")
    return figure


def flask_requests(headers: tuple[Headers, ...]) -> Batch:
    """Return what sends an application of Flask requests with these headers, by turns."""
    app = Flask(__name__)
    app.add_url_rule("/a", "a", lambda: "A")

    def once_each() -> None:
        for chosen in headers:
            body: Any = app(_environ(chosen), _start)  # type: ignore[arg-type]
            b"".join(body)
            body.close()

    return lambda calls: [
        spent // len(headers) for spent in each(once_each, max(1, calls // len(headers)))
    ]


def _environ(headers: Headers) -> dict[str, Any]:
    """Return a request as gunicorn makes it of what has come."""
    environ = {
        "wsgi.errors": stderr,
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": BytesIO,
        "wsgi.input_terminated": True,
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
        "SERVER_SOFTWARE": "gunicorn/23.0.0",
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": "",
        "RAW_URI": "/a",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "PATH_INFO": "/a",
        "SCRIPT_NAME": "",
    }
    for name, value in headers:
        environ[f"HTTP_{name.decode().upper().replace('-', '_')}"] = value.decode()
    return environ


def _start(status: str, headers: list[tuple[str, str]], error: Any = None) -> None:
    if not status.startswith("200"):
        raise RuntimeError(f"the application answered {status}")


class Connection(Canned):
    """The server's end of a connection, on which it answers one request after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.answered: asyncio.Future[None] | None = None

    def write(self, data: Any) -> None:
        """Take an answer."""
        if b" 200 " not in data[:16]:
            raise RuntimeError(f"the application answered {data!r}")
        if self.answered is not None and not self.answered.done():
            self.answered.set_result(None)

    def writelines(self, list_of_data: Any) -> None:
        """Take an answer in parts."""
        self.write(b"".join(list_of_data))


def aiohttp_requests(runner: asyncio.Runner, headers: tuple[Headers, ...]) -> Batch:
    """Return what sends an application of aiohttp requests with these headers, by turns.

    It is governed if it is made while aiohttp is hooked.
    """
    requests, ask = [_written(chosen) for chosen in headers], runner.run(_aiohttp_server())

    async def once_each() -> None:
        for request in requests:
            await ask(request)

    return lambda calls: [
        spent // len(headers)
        for spent in runner.run(each_async(once_each, max(1, calls // len(headers))))
    ]


async def _aiohttp_server() -> Callable[[bytes], Awaitable[None]]:
    """Return what sends a request, as bytes, on a connection that is kept."""

    async def a(request: web.Request) -> web.Response:
        return web.Response(text="A")

    app = web.Application()
    app.router.add_get("/a", a)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    loop, connection = asyncio.get_running_loop(), Connection()
    protocol: Any = runner.server()  # type: ignore[misc]
    protocol.connection_made(connection)

    async def ask(request: bytes) -> None:
        connection.answered = loop.create_future()
        protocol.data_received(request)
        await connection.answered
        # What the server does after its last byte is part of the request.
        await asyncio.sleep(0)

    return ask


def _written(headers: Headers) -> bytes:
    lines = [b"GET /a HTTP/1.1", *(b"%s: %s" % pair for pair in headers), b"", b""]
    return b"\r\n".join(lines)
