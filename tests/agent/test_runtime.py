"""Figures of a process, and when measuring is given up."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from pathlib import Path
from random import random

from fairlead.agent.runtime import Collections, Figures, Loop
from fairlead.agent.shedding import Shedding, limit
from fairlead.flow.engine import Engine


def test_collections_are_counted_by_generation_and_timed():
    """A pause that nobody sees otherwise."""
    times = iter([1.0, 1.5, 2.0, 2.25])
    collections = Collections(clock=times.__next__)
    collections.install()
    try:
        gc.collect(0)
        gc.collect(2)
    finally:
        collections.remove()
    gc.collect()

    assert (collections.counts, collections.seconds) == ([1, 0, 1], 0.75)


def test_listening_to_collections_leaves_nothing_behind():
    """Installed twice it listens once, and removed twice it is gone."""
    before = list(gc.callbacks)
    collections = Collections()
    collections.install()
    collections.install()
    assert len(gc.callbacks) == len(before) + 1
    collections.remove()
    collections.remove()

    assert gc.callbacks == before


def test_a_process_says_how_it_does():
    """As the kernel sees it; of what happened, only what is new."""
    figures = Figures()
    figures.collections.install()
    try:
        gc.collect(1)
        with open(os.devnull, "rb"):
            now = figures.since()
    finally:
        figures.collections.remove()

    assert now.rss > 1 << 20
    assert now.fds >= 4
    assert now.threads >= threading.active_count()
    assert now.gc[1] == 1
    assert figures.since().gc == (0, 0, 0)


def test_the_lag_of_a_loop_is_how_late_it_answers():
    """Also while it has not answered yet: a loop that hangs is the latest of all."""
    now = [10.0]
    loop = Loop(clock=lambda: now[0])

    async def serve() -> None:
        loop.find()
        loop.ask()
        now[0] += 0.25  # as if the callbacks before took so long
        await asyncio.sleep(0)
        loop.ask()
        now[0] += 0.125

    asyncio.run(serve())
    loop.ask()  # the loop is closed

    assert loop.lag() == 0.25
    now[0] += 5
    loop.ask()
    assert loop.lag() == 0.0


def test_a_loop_that_hangs_is_seen_before_it_answers():
    """From another thread, which asks once and does not ask again until it is answered."""
    now = [10.0]
    loop = Loop(clock=lambda: now[0])
    asked, seen = threading.Event(), threading.Event()

    async def serve() -> None:
        loop.find()
        asked.set()
        seen.wait(15)  # hangs

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    asked.wait(15)
    loop.ask()
    now[0] += 3
    loop.ask()
    lag = loop.lag()
    seen.set()
    thread.join(15)

    assert lag == 3.0


def test_a_loop_that_is_closed_before_it_answers_is_not_late():
    """A process that serves in another way goes on, and nobody in it waits for that loop."""
    now = [10.0]
    loop, closed = Loop(clock=lambda: now[0]), asyncio.new_event_loop()
    loop.watch(closed)
    loop.ask()
    closed.close()
    now[0] += 3600
    loop.ask()
    assert loop.now() == 0.0


def test_tasks_are_counted_where_there_is_a_loop():
    """Of a process without one there are none, whatever it imports."""
    assert Loop().tasks() == 0
    loop = Loop()

    async def serve() -> int:
        loop.find()
        others = [asyncio.ensure_future(asyncio.sleep(9)) for _ in range(3)]
        await asyncio.sleep(0)
        found = loop.tasks()
        for task in others:
            task.cancel()
        return found

    assert asyncio.run(serve()) >= 4


def test_measuring_ends_before_the_memory_does():
    """It begins again when there is room, and not at the same mark: it would come and go."""
    engine, used = Engine(clock=time.monotonic, dice=random), [80]
    engine.measure(True)
    shedding = Shedding(engine, memory=lambda: used[0], most=lambda: 100)
    told = []
    for share in (80, 91, 88, 84, 88):
        used[0] = share
        shedding.look()
        told.append((engine.measuring.on, shedding.why))
        assert engine.measuring.shed == engine.gates.idle == bool(shedding.why)

    full = (False, "91% of the memory is in use")
    assert told == [(True, ""), full, full, (True, ""), (True, "")]


def test_the_limit_is_the_containers(tmp_path: Path):
    """Version 2 of cgroups or 1; where there is none, memory is never full."""
    two, one = tmp_path / "memory.max", tmp_path / "memory.limit_in_bytes"
    assert limit((two, one)) == 0
    one.write_text("1048576\n")
    assert limit((two, one)) == 1 << 20
    two.write_text("max\n")
    assert limit((two, one)) == 0
    one.write_text("9223372036854771712\n")
    assert limit((one,)) == 0
    shedding = Shedding(Engine(clock=time.monotonic, dice=random), most=lambda: 0)
    shedding.look()
    assert shedding.why == ""


def test_a_clock_that_stands_still_divides_by_nothing():
    """Two reports in the same tick."""
    at = time.monotonic()
    assert Figures(clock=lambda: at).since().cpu >= 0.0
