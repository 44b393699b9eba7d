"""gunicorn's worker says when it serves and when it is told to stop.

Whole servers, prefork, preload, threads, gevent and uvicorn's worker, run in `tests/e2e`.
"""

from __future__ import annotations

import importlib
import os
import signal
import socket
import tempfile
from functools import partial
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


class Configuration:
    """What a worker that stops is told of its time."""

    graceful_timeout = 30


def worker(listener: socket.socket, kind: Any = Worker) -> Any:
    made = kind.__new__(kind)
    made.sockets, made.app, made.alive = [listener], App(), True
    made.ppid, made.cfg = 0, Configuration()
    return made


def test_a_worker_serves_once_its_application_is_loaded(plane):
    """In the child: the arbiter must start no thread."""
    with socket.socket() as listener:
        made = worker(listener)
        made.load_wsgi()
        (name, sockets), *others = plane.servers
        assert (name, list(sockets()), others) == ("gunicorn", [listener], [])


@pytest.fixture
def sigterm():
    """Let a test send SIGTERM to its own process, as a worker that has left does."""
    before = signal.getsignal(signal.SIGTERM)
    yield partial(signal.signal, signal.SIGTERM)
    signal.signal(signal.SIGTERM, before)


def test_a_worker_leaves_and_then_stops(plane, sigterm):
    """SIGTERM is how the arbiter ends a worker."""
    with socket.socket() as listener:
        made = worker(listener)
        sigterm(made.handle_exit)
        signal.raise_signal(signal.SIGTERM)
    assert (plane.left, plane.handed_over) == (1, 0)
    assert made.alive is False


def test_a_worker_serves_on_until_it_has_left(sigterm, monkeypatch):
    """Whoever is let in meanwhile is a caller that has not heard yet."""
    plane, patches, then = Plane(), Patches(), []
    monkeypatch.setattr(plane, "departing", lambda last, **_: then.append(last))
    instrument.install(plane, patches)
    with socket.socket() as listener:
        made = worker(listener)
        sigterm(made.handle_exit)
        signal.raise_signal(signal.SIGTERM)
        alive = [made.alive]
        then.pop()()
    assert [*alive, made.alive] == [True, False]
    assert patches.restore() == []


def test_a_worker_that_is_replaced_hands_over(plane, sigterm):
    """After SIGHUP the arbiter keeps its sockets, and its new workers may still be starting."""
    with socket.socket() as listener:
        made = worker(listener)
        made.ppid = os.getpid()
        made.load_wsgi()
        sigterm(made.handle_exit)
        signal.raise_signal(signal.SIGTERM)
    assert (plane.left, plane.handed_over) == (0, 1)
    assert made.alive is False


def test_a_worker_that_runs_another_server_leaves_serving_to_it(plane):
    """An ASGI application is loaded long before it has started up."""
    kind = type("UvicornWorker", (Worker,), {})
    with socket.socket() as listener:
        made = worker(listener, kind)
        made.load_wsgi()
    assert (plane.servers, plane.waited) == ([], 1)


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


OWN_WAYS = (
    ("gunicorn.workers.gasgi", "ASGIWorker", "handle_exit_signal"),
    ("gunicorn.workers.gasgi", "ASGIWorker", "handle_quit_signal"),
    ("gunicorn.workers.gthread", "ThreadWorker", "handle_exit"),
)


@pytest.mark.parametrize(("module", "name", "method"), OWN_WAYS)
def test_a_worker_with_a_way_of_its_own_leaves_too(
    module: str, name: str, method: str, sigterm: Any
) -> None:
    """It would stop accepting while callers are still sent to it."""
    kind = getattr(importlib.import_module(module), name)
    before = vars(kind)[method]
    plane, patches = Plane(), Patches()
    instrument.install(plane, patches)
    with socket.socket() as listener:
        made = worker(listener, kind)
        # It has stopped already, as far as it knows: nothing but our part is left to do.
        made.alive = made._quick_shutdown = False
        handler = getattr(made, method)
        sigterm(handler if method == "handle_exit" else lambda *_: handler())
        signal.raise_signal(signal.SIGTERM)
    assert plane.left == 1
    assert patches.restore() == []
    assert vars(kind)[method] is before


def test_an_asgi_worker_serves_when_its_application_has_started_up(plane):
    """Loading it says nothing: it may connect to its database for as long as it likes."""
    kind = importlib.import_module("gunicorn.workers.gasgi").ASGIWorker
    patches = Patches()
    instrument.install(plane, patches)
    with socket.socket() as listener:
        made = worker(listener, kind)
        made.load_wsgi()
        assert (plane.servers, plane.waited) == ([], 1)
        made.cfg.is_ssl = False
        made._get_ssl_context()
        assert list(plane.servers[0][1]()) == [listener]
    assert patches.restore() == []


def test_the_worker_is_as_it_was_afterwards():
    """A guest undoes what it did."""
    before = dict(vars(Worker))
    patches = Patches()
    instrument.install(Plane(), patches)
    assert patches.restore() == []
    assert dict(vars(Worker)) == before
