"""granian says when it serves, and stops only when it has left.

Whole servers, of both interfaces and with workers, run in `tests/agent` and `tests/faults`.
"""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest
from granian import _signals
from granian.server import mp

from fairlead.instruments.libs import granian as instrument
from fairlead.instruments.libs.granian import Leaving
from fairlead.instruments.patch import Patches
from tests.instruments.plane import Plane


@pytest.fixture(autouse=True)
def signals():
    """Give the test's own handlers back."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.fixture
def plane():
    """Hook granian for one test."""
    plane, patches = Plane(), Patches()
    instrument.install(plane, patches)
    yield plane
    assert patches.restore() == []


def test_a_worker_serves_when_its_callbacks_are_about_to_run(plane):
    """That is behind the application's start-up, and before the socket is opened."""
    loop = asyncio.new_event_loop()
    vars(mp)["_new_cbscheduler"](loop, lambda: None, impl_asyncio=True)
    loop.close()
    assert plane.servers == [("granian", None)]


class Noted:
    """In the place of the event that Rust waits for: only a running worker tells what it hears."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def set(self) -> None:
        self.heard.append(1)


def test_a_worker_without_a_loop_leaves_and_then_stops(plane, monkeypatch):
    """WSGI: its main thread waits for the event."""
    monkeypatch.setattr(_signals, "WorkerSignal", Noted)
    event = _signals.set_sync_signals()
    assert plane.waited == 1

    signal.raise_signal(signal.SIGTERM)

    assert (plane.left, event.heard) == (1, [1])


def test_a_worker_with_a_loop_leaves_and_then_stops(plane, monkeypatch):
    """ASGI: signals are the loop's, and Rust is told from its thread."""
    monkeypatch.setattr(_signals, "WorkerSignal", Noted)

    async def run() -> Any:
        event = _signals.set_loop_signals(asyncio.get_running_loop())
        signal.raise_signal(signal.SIGTERM)
        for _ in range(10):
            await asyncio.sleep(0)
        return event

    assert asyncio.run(run()).heard == [1]
    assert (plane.left, plane.waited) == (1, 1)


def test_a_worker_serves_on_until_it_has_left_and_a_second_signal_does_not_wait():
    """Whoever is let in meanwhile has not heard yet; who asks twice means it."""
    plane, seen, then = Plane(), [], []
    plane.departing = lambda last, **_: then.append(last)  # type: ignore[method-assign]
    leaving = Leaving(plane, lambda: seen.append("stopped"))

    leaving(signal.SIGTERM, None)
    assert (len(then), seen) == (1, [])
    leaving(signal.SIGTERM, None)

    assert seen == ["stopped"]


def test_a_worker_is_stopped_once_however_often_it_is_told():
    """From the third time on granian would wait, and nothing else of the process would run."""
    plane, seen, then = Plane(), [], []
    plane.departing = lambda last, **_: then.append(last)  # type: ignore[method-assign]
    leaving = Leaving(plane, lambda: seen.append("stopped"))

    for _ in range(4):
        leaving(signal.SIGTERM, None)
    then.pop()()

    assert seen == ["stopped"]


def test_a_worker_that_is_told_while_it_gets_ready_leaves(monkeypatch):
    """It has inherited its parent's handler, which ends nothing."""
    monkeypatch.setattr(_signals, "WorkerSignal", Noted)
    signal.signal(signal.SIGTERM, lambda *_: None)
    plane, patches = Plane(), Patches()
    plane.ensure_ready = lambda: signal.raise_signal(signal.SIGTERM)  # type: ignore[method-assign]
    instrument.install(plane, patches)

    event = _signals.set_sync_signals()

    assert (plane.left, event.heard) == (1, [1])
    assert patches.restore() == []


def test_the_server_is_as_it_was_afterwards():
    """A guest undoes what it did."""
    names: list[Any] = [
        (mp, "_new_cbscheduler"), (_signals, "set_loop_signals"), (_signals, "set_sync_signals"),
    ]  # fmt: skip
    before, patches = [getattr(*name) for name in names], Patches()
    instrument.install(Plane(), patches)
    assert patches.restore() == []
    assert [getattr(*name) for name in names] == before
