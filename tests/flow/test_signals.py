"""A handler of a signal may raise anywhere: it takes no place with it, and hides no error."""

from __future__ import annotations

import gc
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from fairlead.flow.gate import Entry
from fairlead.policy.rule import SIMULATE
from tests.flow.virtual import World, breaker, cap, flow, rate

pytestmark = [
    pytest.mark.usefixtures("form"),
    pytest.mark.skipif(
        threading.current_thread() is not threading.main_thread(),
        reason="Python runs handlers of signals in the main thread",
    ),
]


class Alarm(BaseException):
    """What a handler raises to end whatever takes too long."""


@contextmanager
def handled(number: int) -> Iterator[None]:
    """Have a signal raise Alarm."""

    def handle(*_: Any) -> None:
        raise Alarm

    before = signal.signal(number, handle)
    try:
        yield
    finally:
        signal.signal(number, before)


def finalized() -> None:
    """Skip where entries have no finalizer: in Python it would cost each call a tenth."""
    if World.pure:
        pytest.skip("the interpreted form ends no call by itself")


def test_a_call_that_nobody_can_end_any_more_has_ended():
    """The signal came when the gate had let it in, and its caller had not got hold of it."""
    finalized()
    world = World(cap(1), rate(100))
    for _ in range(3):
        assert world.enter().refused is None
    gate = world.gates.gate("f")
    assert (gate.inflight, gate.passed, gate.errors) == (0, 3, 0)


def test_a_probe_that_nobody_can_end_leaves_its_place_to_another():
    """It says nothing about what is tried: neither good nor bad."""
    finalized()
    world = World(breaker(0.5))
    world.call(failed=True)
    world.at(5000)
    assert world.enter().refused is None
    assert [change[2] for change in world.changes] == ["open", "half_open"]
    assert world.call() == ""
    assert world.changes[-1][2] == "closed"


@pytest.mark.parametrize("rules", [(), (cap(10**6),), (cap(10**6, "/a"), breaker(1.0))])
def test_signals_at_any_moment_lose_no_place(rules):
    """Calls that a timer interrupts wherever it finds them."""
    finalized()
    world = World(*rules)
    name = "GET:/a" if any(rule.resource == "/a" for rule in rules) else "f"
    alarms = calls = 0
    with handled(signal.SIGVTALRM):
        try:
            while alarms < 100 and calls < 1_000_000:
                with suppress(Alarm):
                    signal.setitimer(signal.ITIMER_VIRTUAL, 0.0003)
                    while True:
                        calls += 1
                        with world.enter(name):
                            pass
                alarms += 1
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    gc.collect()
    world.enter(name).exit()
    assert [gate.inflight for gate in world.gates] == [0 for _ in world.gates]


@pytest.mark.parametrize("leaves", [False, True])
def test_who_interrupts_a_call_that_waits_for_the_lock_is_heard(leaves):
    """Ctrl-C must say KeyboardInterrupt, not that a lock was not held; and end what it ends."""
    world = World(cap(9))
    gate = world.gates.gate("f")
    entry: Entry | None = gate.enter() if leaves else None
    # Whoever comes or goes has to take the lock, also where that is compiled.
    world.gates.apply(flow(cap(8, mode=SIMULATE)))
    waits, held, done = threading.Event(), threading.Event(), threading.Event()
    main = threading.main_thread().ident
    assert main is not None

    def hold() -> None:
        with gate.lock:
            held.set()
            waits.wait(10)
            for _ in range(1000):
                if done.wait(0.02):
                    return
                signal.pthread_kill(main, signal.SIGUSR1)

    def interrupted() -> None:
        try:
            waits.set()
            if entry is None:
                gate.enter()
            else:
                entry.exit()
        finally:
            done.set()

    holder = threading.Thread(target=hold)
    with handled(signal.SIGUSR1):
        holder.start()
        held.wait(10)
        with pytest.raises(Alarm):
            interrupted()
        holder.join(30)
    if entry is not None:
        entry.exit()
    assert gate.inflight == 0
