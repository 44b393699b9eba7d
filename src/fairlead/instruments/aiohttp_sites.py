"""Where aiohttp serves: registered while it listens, and left before it stops.

aiohttp stops in an order of its own: it closes its sockets, tells connections to take nothing more,
calls the application's shutdown, and gives requests their time. All callers know before that
begins. A body that is on its way is read to its end first, as a connection that is to close throws
away what comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from fairlead.instruments.closing import close_gently
from fairlead.instruments.inbound import fault

if TYPE_CHECKING:
    from fairlead.instruments.inbound import Door
    from fairlead.instruments.instrument import DataPlane

Step = Callable[[Any], Awaitable[None]]
"""A coroutine method of a runner or a site."""

MOVE = 0.5
"""Seconds between the end of accepting and that of idle connections, on which a request may come,
where the socket is given: callers of a worker that others replace go on calling, and hear on their
next answer that their connection ends."""

LOOK = 0.02
"""Seconds between two looks at what is under way."""

LEAST = 0.01
"""Seconds of a deadline that is over: none at all would mean that there is no deadline."""


class Sites:
    """The sites of a process that listen, in the order in which they began to."""

    def __init__(self, plane: DataPlane, door: Door, where: str) -> None:
        """Serve as `where`."""
        self._plane, self._door, self._where = plane, door, where
        self._open: list[Any] = []
        self.leaving: WeakSet[Any] = WeakSet()
        """Servers that are about to stop."""
        self.busy: dict[Any, Any] = {}
        """Connections on which a request is under way, and that request."""
        self._ending: set[asyncio.Task[None]] = set()

    def preparing(self, original: Step) -> Step:
        """Be ready before the application starts up."""

        async def setup(runner: Any) -> None:
            # Blocks the loop, which serves nobody yet, for as long as contract 20 allows.
            self._plane.ensure_ready()
            await original(runner)

        return setup

    def starting(self, original: Step) -> Step:
        """Serve once a site listens."""

        async def start(site: Any) -> None:
            await original(site)
            self._open.append(site)
            self.leaving.discard(site._runner.server)
            if self._let_go not in self._plane.endings:
                self._plane.endings.append(self._let_go)
            self._plane.serving(self._where, self._sockets)
            self._door.open()

        return start

    def cleaning(self, original: Step) -> Step:
        """Leave before a runner stops its sites."""

        async def cleanup(runner: Any) -> None:
            await self._safely(self._depart(runner, [*self._of(runner)]))
            await original(runner)

        return cleanup

    def stopping(self, original: Step) -> Step:
        """Do the same where one of them is stopped by itself."""

        async def stop(site: Any) -> None:
            if site in self._open:
                await self._safely(self._depart(site._runner, [site]))
            await original(site)

        return stop

    def _of(self, runner: Any) -> Iterator[Any]:
        return (site for site in self._open if site._runner is runner)

    def _sockets(self) -> list[Any]:
        return [one for site in list(self._open) for one in site._server.sockets or ()]

    async def _safely(self, leaving: Awaitable[None]) -> None:
        try:
            await leaving
        except Exception:  # counted; the server stops as it would
            fault(self._plane, self._where)

    async def _depart(self, runner: Any, sites: list[Any]) -> None:
        """Have callers know, and then accept nobody; requests are served all the while."""
        if not sites:
            return
        is_last = len(sites) == len([*self._of(runner)])
        if is_last:
            self._say_so(runner.server)
        try:
            # Others are for probes or for people: what is advertised is the one that was first.
            if self._open[0] in sites:
                await _departed(self._plane)
        finally:
            self._open = [one for one in self._open if one not in sites]
        await _closed(sites)
        if is_last:
            await self._have_read(runner)

    def _say_so(self, server: Any) -> None:
        self.leaving.add(server)
        for connection in server.connections:
            if connection in self.busy:
                let_be_last(self.busy[connection])

    async def _have_read(self, runner: Any) -> None:
        """Wait until every body that is on its way is here, within the runner's deadline."""
        clock, seconds = asyncio.get_running_loop().time, runner._shutdown_timeout
        until = clock() + seconds if seconds else inf
        while self._is_reading(runner.server) and clock() < until:  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(LOOK)
        if seconds:
            runner._shutdown_timeout = max(until - clock(), LEAST)

    def _is_reading(self, server: Any) -> bool:
        under_way = (self.busy.get(connection) for connection in server.connections)
        return any(one is not None and not one.content.is_eof() for one in under_way)

    def _let_go(self, seconds: float) -> None:
        """Do what SIGTERM is to do where nobody has taken it; on a thread of the agent's."""
        for site in list(self._open):
            with suppress(RuntimeError):  # its loop is closed
                loop = site._server.get_loop()
                loop.call_soon_threadsafe(self._begin_to_let_go, site, seconds)

    def _begin_to_let_go(self, site: Any, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._safely(self._empty(site, loop.time() + seconds)))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _empty(self, site: Any, until: float) -> None:
        """Accept nobody at a site, and close connections when nothing is under way on them."""
        server = site._runner.server
        self._say_so(server)
        await _closed([site])
        clock = asyncio.get_running_loop().time
        while server.connections and clock() < until:
            for connection in server.connections:
                if connection not in self.busy and not connection._messages:
                    connection.force_close()
            await asyncio.sleep(LOOK)


def let_be_last(request: Any) -> None:
    """Have the answer say ``Connection: close``, if it has not begun."""
    message = request._message
    if not message.upgrade:
        request._message = message._replace(should_close=True)
        request._cache.pop("keep_alive", None)  # kept from when it was asked for


async def _departed(plane: DataPlane) -> None:
    """Requests go on being served until the last caller can know."""
    loop, left = asyncio.get_running_loop(), asyncio.Event()
    plane.departing(partial(loop.call_soon_threadsafe, left.set))
    await left.wait()


async def _closed(sites: list[Any]) -> None:
    """Close what sites listen at; others may accept from a socket that was given."""
    given = [site._server for site in sites if hasattr(site, "_sock")]
    for server in given:
        server.close()
    if given:
        await asyncio.sleep(MOVE)
    own = [site._server for site in sites if not hasattr(site, "_sock")]
    if own:
        await close_gently(own)
