"""gunicorn's worker says when it serves and when it is told to stop.

Whole servers, prefork, preload, threads, gevent and uvicorn's worker, run in `tests/e2e`.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
import tempfile
from typing import Any, ClassVar

import pytest
from gunicorn.workers.base import Worker

from fairlead.instruments.libs import gunicorn as instrument
from fairlead.instruments.patch import Patches
from tests.instruments.plane import Plane


@pytest.fixture
def plane():
    """Hook gunicorn for one test."""
    plane, patches = Plane(), Patches()
    instrument.install(plane, patches)
    yield plane
    assert patches.restore() == []


class App:
    """What gunicorn asks an application object for."""

    def wsgi(self) -> Any:
        return lambda environ, start_response: []


def worker(listener: socket.socket) -> Worker:
    made = Worker.__new__(Worker)
    made.sockets, made.app, made.alive = [listener], App(), True
    return made


def test_a_worker_serves_once_its_application_is_loaded(plane):
    """In the child: the arbiter must start no thread."""
    with socket.socket() as listener:
        made = worker(listener)
        made.load_wsgi()
        (name, sockets), *others = plane.servers
        assert (name, list(sockets()), others) == ("gunicorn", [listener], [])


def test_a_worker_leaves_before_it_stops(plane):
    """SIGTERM is how the arbiter ends a worker, also one that it replaces."""
    with socket.socket() as listener:
        made = worker(listener)
        made.handle_exit(signal.SIGTERM, None)
    assert plane.left == 1
    assert made.alive is False


class Settings:
    """As much of gunicorn's configuration as a worker reads before it runs."""

    env: ClassVar[dict[str, str]] = {}
    reload = False
    uid, gid, initgroups = os.geteuid(), os.getegid(), False

    def post_worker_init(self, worker: Worker) -> None:
        """Do nothing, as by default."""


class Quiet(Worker):  # type: ignore[misc]
    """A worker whose run ends at once, as one does that has served as many as it may."""

    def __init__(self, ppid: int) -> None:
        self.cfg, self.app, self.reloader = Settings(), App(), None
        self.sockets: list[socket.socket] = []
        self.ppid, self.tmp, self.log = ppid, tempfile.TemporaryFile(), Log()  # noqa: SIM115

    def init_signals(self) -> None:
        """Leave the test's alone."""

    def run(self) -> None:
        """End."""


class Log:
    """What a worker asks of its log."""

    def close_on_exec(self) -> None:
        """Hold nothing."""


def test_a_worker_that_ends_by_itself_hands_its_socket_over(plane):
    """`--max-requests` on a single worker: nobody could be called until the next has started."""
    made = Quiet(os.getppid())
    made.init_process()
    assert (plane.handed_over, plane.left) == (1, 0)


def test_a_worker_without_an_arbiter_hands_nothing_over(plane):
    """The socket ends with it: what it leaves behind would be called in vain."""
    made = Quiet(ppid=0)
    made.init_process()
    assert plane.handed_over == 0


@pytest.mark.parametrize(("module", "name", "method"), instrument.OWN_WAYS)
def test_a_worker_with_a_way_of_its_own_leaves_too(module: str, name: str, method: str) -> None:
    """It would stop accepting while callers are still sent to it."""
    worker = getattr(importlib.import_module(module), name)
    before = vars(worker)[method]
    plane, patches = Plane(), Patches()
    instrument.install(plane, patches)
    made = worker.__new__(worker)
    # It has stopped already, as far as it knows: nothing but our part is left to do.
    made.alive = made._quick_shutdown = False
    getattr(made, method)(*(signal.SIGTERM, None)[: 2 if method == "handle_exit" else 0])
    assert plane.left == 1
    assert patches.restore() == []
    assert vars(worker)[method] is before


def test_the_worker_is_as_it_was_afterwards():
    """A guest undoes what it did."""
    before = dict(vars(Worker))
    patches = Patches()
    instrument.install(Plane(), patches)
    assert patches.restore() == []
    assert dict(vars(Worker)) == before
