"""Real servers of aiohttp on loopback, and what they answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession, DummyCookieJar, web
from yarl import URL

from fairlead.instruments.propagate import current_lane
from tests.instruments.plane import Plane

Headers = list[tuple[str, str]]
GRAY: Headers = [("baggage", "x-opensergo-traffic=gray")]


def baggage(value: str) -> Headers:
    """Return a baggage header."""
    return [("baggage", value)]


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: str


class Server:
    """A server that runs, and one client of it."""

    def __init__(self, runner: Any, session: ClientSession) -> None:
        self.runner, self.session = runner, session
        self.host, self.port = runner.addresses[0][:2]

    def url(self, path: str) -> URL:
        """Return where a path is; it is sent as it is written."""
        return URL(f"http://{self.host}:{self.port}{path}", encoded=True)

    async def ask(self, path: str = "/", method: str = "GET", headers: Headers | None = None,
                  **more: Any) -> Answer:  # fmt: skip
        """Send a request."""
        more = {"allow_redirects": False, **more}
        async with self.session.request(method, self.url(path), headers=headers, **more) as got:
            named = {name.lower(): value for name, value in got.headers.items()}
            return Answer(got.status, named, await got.text())


@asynccontextmanager
async def running(app: Any, **options: Any) -> AsyncIterator[Server]:
    """Serve an application, or a low-level server, on a free port."""
    options = {"shutdown_timeout": 1, **options}
    kind = web.ServerRunner if isinstance(app, web.Server) else web.AppRunner
    runner = kind(app, **options)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        try:
            yield Server(runner, session)
        finally:
            await runner.cleanup()


def told(plane: Plane) -> Callable[[web.BaseRequest], Awaitable[web.Response]]:
    """Return what answers with its lane, and the headers that it is shown, as both have them."""

    async def tell(request: web.BaseRequest) -> web.Response:
        shown = sorted(
            f"{name.lower()}={value}"
            for name, value in request.headers.items()
            if name.lower() not in QUIET
        )
        raw = {key.decode("latin-1").lower() for key, _ in request.raw_headers}
        assert raw == {name.lower() for name in request.headers}, (raw, dict(request.headers))
        return web.Response(text="|".join([current_lane(plane), *shown]))

    return tell


QUIET = frozenset(("host", "accept", "accept-encoding", "user-agent"))


def application(*routes: Any, **options: Any) -> web.Application:
    """Return an application with these routes."""
    app = web.Application(**options)
    app.add_routes(routes)
    return app


def asked(app: Any, path: str = "/", headers: Headers | None = None, **more: Any) -> Answer:
    """Serve `app` for one request."""

    async def main() -> Answer:
        async with running(app) as server:
            return await server.ask(path, headers=headers, **more)

    return asyncio.run(main())


async def until(true: Callable[[], bool]) -> None:
    """Let the event loop go on until `true()`."""
    for _ in range(4000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not come")
