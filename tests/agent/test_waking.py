"""A main thread that waits for its signal alone hears it, whichever thread has taken it."""

from __future__ import annotations

import os
import signal

import pytest

from fairlead.agent import native
from fairlead.agent.waking import Waker
from tests.agent.program import SERVE, await_registered, registered
from tests.agent.wire import snapshot, until

ELSEWHERE = """
import os, signal, sys, threading
other = threading.Thread(target=threading.Event().wait, daemon=True)
other.start()

def take():
    sys.stdin.readline()
    signal.pthread_kill(other.ident, signal.SIGTERM)

threading.Thread(target=take, daemon=True).start()
"""
"""Let another thread take SIGTERM, when a line is said; then the main thread waits for a lock."""

WAIT = """
threading.Event().wait()
"""

FORK = """
import os, signal, sys
sys.stdin.readline()
if not os.fork():
    print(signal.set_wakeup_fd(-1), flush=True)
    os._exit(0)
os.wait()
print(signal.set_wakeup_fd(-1) >= 0, flush=True)
"""

GRANIAN = """
from granian import _signals
event = threading.Event()

class WorkerSignal:
    set = event.set

_signals.WorkerSignal = WorkerSignal
import granian.server.mp
_signals.set_sync_signals()
"""
"""As a worker of WSGI does; Rust, which is told by the event, is left out."""


def test_a_program_whose_other_thread_takes_sigterm_ends(launch, wire):
    """By default the signal would end it, whichever thread it met."""
    wire.publish(snapshot(1))
    program = launch(SERVE + ELSEWHERE + WAIT)
    port = program.line()
    await_registered(wire, port)

    program.say("now")

    assert program.wait() == -signal.SIGTERM
    assert not registered(wire, port)


def test_a_worker_of_granian_whose_other_thread_takes_sigterm_ends(launch, wire):
    """Its main thread waits for a lock, and every request may start a thread."""
    wire.publish(snapshot(1))
    program = launch(SERVE + ELSEWHERE + GRANIAN + "event.wait()")
    port = program.line()
    await_registered(wire, port)

    program.say("now")

    assert program.wait() == 0
    until(lambda: not registered(wire, port))


def test_a_forked_child_tells_its_parent_nothing(launch, wire):
    """What is noted there would be taken for the parent's own."""
    wire.publish(snapshot(1))
    program = launch(SERVE + FORK)
    await_registered(wire, program.line())
    program.say("now")
    assert [program.line(), program.line()] == ["-1", "True"]


@pytest.fixture
def taken():
    """Have signals noted for somebody else, as an event loop does."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing)
    yield writing
    signal.set_wakeup_fd(before)
    os.close(reading)
    os.close(writing)


def test_who_reads_what_is_noted_goes_on_reading(taken):
    """An event loop wakes by it."""
    heard: list[int] = []
    waker = Waker()
    handler = waker.hearing(lambda number, _: heard.append(number), signal.SIGTERM)

    handler(signal.SIGTERM, None)

    assert heard == [signal.SIGTERM]
    assert signal.set_wakeup_fd(taken) == taken
    waker.forget()
    assert signal.set_wakeup_fd(taken) == taken


def test_without_a_thread_to_be_had_nothing_is_watched(monkeypatch):
    """The process serves all the same."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(native, "spawn", refuse)
    open_before = len(os.listdir("/proc/self/fd"))
    heard: list[int] = []
    Waker().hearing(lambda number, _: heard.append(number), signal.SIGTERM)(signal.SIGTERM, None)
    assert heard == [signal.SIGTERM]
    assert signal.set_wakeup_fd(-1) == -1
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_a_thread_may_ask_though_only_the_main_one_is_woken(monkeypatch):
    """It says so by an error, as `signal.signal` does."""

    def refuse(*_: object, **__: object) -> int:
        raise ValueError("set_wakeup_fd only works in main thread")

    monkeypatch.setattr(signal, "set_wakeup_fd", refuse)
    open_before = len(os.listdir("/proc/self/fd"))
    Waker().hearing(lambda *_: None, signal.SIGTERM)
    assert len(os.listdir("/proc/self/fd")) == open_before
