"""hypercorn says when it serves, and stops only when it has left.

Whole servers, alone and with workers, run in `tests/agent` and `tests/faults`.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
from typing import Any

import pytest
from hypercorn.asyncio import run
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config, Sockets

from fairlead.instruments.libs import hypercorn as instrument
from fairlead.instruments.patch import Patches
from tests.instruments.plane import Plane


@pytest.fixture
def plane():
    """Hook hypercorn for one test."""
    plane, patches = Plane(), Patches()
    instrument.install(plane, patches)
    yield plane
    assert patches.restore() == []


class Application:
    """An application that starts up and shuts down, and notes what it is asked."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self.seen: list[Any] = []

    async def __call__(self, scope: Any, receive: Any, send: Any, *_: Any) -> None:
        if scope["type"] == "lifespan":
            assert (await receive())["type"] == "lifespan.startup"
            self.seen.append(("starting", len(self.plane.servers), self.plane.waited))
            await send({"type": "lifespan.startup.complete"})
            assert (await receive())["type"] == "lifespan.shutdown"
            self.seen.append(("stopping", self.plane.left, self.plane.handed_over))
            await send({"type": "lifespan.shutdown.complete"})


async def serve(application: Any, listener: socket.socket | None) -> None:
    """Serve, and be told to stop as soon as that goes."""
    sockets = Sockets([], [listener], []) if listener else None
    config = Config()
    config.bind, config.accesslog, config.errorlog = ["127.0.0.1:0"], None, None

    async def trigger() -> None:
        await asyncio.sleep(0)

    await run.worker_serve(application, config, sockets=sockets, shutdown_trigger=trigger)


def test_a_worker_serves_once_its_application_has_started_up_and_leaves_first(plane):
    """Not while it starts up: it could answer nothing. Its own sockets are the ones that count."""
    application = Application(plane)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        asyncio.run(serve(application, listener))
        (name, sockets), *others = plane.servers
        assert (name, list(sockets()), others) == ("Hypercorn", [listener], [])
    assert application.seen == [("starting", 0, 1), ("stopping", 1, 0)]


def test_a_server_that_opens_its_own_sockets_is_not_asked_for_them(plane):
    """It has no place for them that could be asked."""
    asyncio.run(serve(Application(plane), None))
    assert plane.servers == [("Hypercorn", None)]


def test_idle_connections_end_when_the_worker_has_left(plane, monkeypatch):
    """The event that closes them: a caller that has not heard yet may use one at any moment."""
    then: list[Any] = []
    monkeypatch.setattr(plane, "departing", lambda last, **_: then.append(last))

    async def leave() -> list[bool]:
        context = WorkerContext(None)
        setting = asyncio.create_task(context.terminated.set())
        await asyncio.sleep(0)
        before = context.terminated.is_set()
        then.pop()()
        await setting
        return [before, context.terminated.is_set()]

    assert asyncio.run(leave()) == [False, True]


def test_answers_say_that_their_connection_ends_from_then_on(plane, monkeypatch):
    """Callers that keep connections have half a second to hear of it."""
    seen: list[int] = []
    config = Config()
    config.bind, config.accesslog, config.errorlog = ["127.0.0.1:0"], None, None

    def departing(then: Any, **_: Any) -> None:
        seen.append(config.keep_alive_max_requests)
        then()

    monkeypatch.setattr(plane, "departing", departing)

    async def trigger() -> None:
        await asyncio.sleep(0)

    application: Any = Application(plane)
    asyncio.run(run.worker_serve(application, config, shutdown_trigger=trigger))
    assert seen == [0]


@pytest.mark.parametrize("parent", [None, "hypercorn"])
def test_a_parent_says_sigterm_twice(plane, monkeypatch, parent):
    """In a row, to workers that still serve: their requests are not cut off by the second one."""
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: parent)
    asyncio.run(serve(Application(plane), None))
    assert plane.insistent is (parent is not None)


def test_a_limit_of_requests_hands_over(plane):
    """The parent, which has the socket too, starts another worker."""

    async def reach_the_limit() -> None:
        context = WorkerContext(0)
        await context.mark_request()
        await context.terminated.set()

    asyncio.run(reach_the_limit())
    assert (plane.left, plane.handed_over) == (0, 1)


def test_the_server_is_as_it_was_afterwards():
    """A guest undoes what it did."""
    before, patches = (run.worker_serve, WorkerContext.__init__), Patches()
    instrument.install(Plane(), patches)
    assert patches.restore() == []
    assert (run.worker_serve, WorkerContext.__init__) == before
