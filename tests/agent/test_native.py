"""Threads of our own: what the operating system gives them, and what it does not."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.agent import native
from tests.agent.program import SERVE, STAY, await_registered
from tests.agent.wire import PATIENCE, snapshot

FAULTS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT}


@pytest.fixture
def mask() -> Iterator[None]:
    """Give the thread its signals back."""
    before = _blocked()
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _in_another(run: Callable[[], Any]) -> Any:
    """Return what `run` returns in a thread of ours."""
    found: list[Any] = []
    done = native.Latch()

    def look() -> None:
        found.append(run())
        done.open()

    native.spawn(look)
    assert done.wait(PATIENCE)
    return found[0]


def _blocked() -> set[Any]:
    return signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_thread_of_ours_takes_no_signal_but_its_own_faults():
    """Whoever takes one that waits for the main thread leaves that asleep, perhaps for good."""
    blocked = _in_another(_blocked)
    assert {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD} <= blocked
    assert not blocked & FAULTS


def test_who_starts_a_thread_keeps_its_signals(mask):
    """The application's mask is the application's."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    before = _blocked()
    _in_another(_blocked)
    assert _blocked() == before


def test_a_thread_that_cannot_be_started_leaves_the_signals_as_they_were(mask, monkeypatch):
    """There may be no more threads to be had."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(native, "_start_new_thread", refuse)
    before = _blocked()
    with pytest.raises(RuntimeError, match="new thread"):
        native.spawn(lambda: None)
    assert _blocked() == before


def test_a_signal_is_told_to_the_thread_that_asked_for_it(mask):
    """What is told to the process may wake another one."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    assert signal.SIGUSR2 not in _in_another(signal.sigpending)

    _in_another(native.teller(signal.SIGUSR2))

    assert signal.SIGUSR2 not in _in_another(signal.sigpending)
    assert signal.sigtimedwait({signal.SIGUSR2}, 0) is not None


def test_no_thread_of_an_agent_takes_its_processs_signals(launch, wire):
    """A main thread that waits for its signal alone is woken by it: as workers of granian wait."""
    wire.publish(snapshot(1))
    program = launch(SERVE + STAY)
    await_registered(wire, program.line())

    tasks = Path(f"/proc/{program.pid}/task").iterdir()
    others = [task for task in tasks if int(task.name) != program.pid]
    assert others
    for task in others:
        lines = dict(line.split(":\t", 1) for line in (task / "status").read_text().splitlines())
        assert int(lines["SigBlk"], 16) >> (signal.SIGTERM - 1) & 1, lines["Name"]
    program.end()
