"""Workers that are killed between any two instructions leave nothing that is wrong for others."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from fairlead.flow.layout import (
    BAD,
    BREAKER,
    FIRST,
    GAUGE,
    KIND,
    MASK,
    MOST_SEATS,
    NEXT_FREE,
    OWN,
    RING,
    RINGS_OF_BREAKERS,
    SIZE,
    TOTAL,
    WINDOW,
)
from fairlead.policy.breaker import ERROR_COUNT
from tests.flow.virtual import World, breaker, cap, pool, rate, throttle

RULES = (rate(1000), rate(900, strategy="b"), cap(4), breaker(1, ERROR_COUNT), throttle(1000, 500))


class Deadly:
    """Memory whose user is killed when it writes for the n-th time."""

    def __init__(self, view: Any, writes: int) -> None:
        self.view, self.writes = view, writes

    def __getitem__(self, i: int) -> int:
        return int(self.view[i])

    def __setitem__(self, i: int, value: int) -> None:
        self.writes -= 1
        if not self.writes:
            os.kill(os.getpid(), signal.SIGKILL)
        self.view[i] = value


def wrong(view: Any) -> list[str]:
    """Return the totals that are not those of their parts."""
    found, c = [], FIRST
    while c < view[NEXT_FREE]:
        kind = view[c + KIND]
        ring = c + (RING if kind == WINDOW else RINGS_OF_BREAKERS)
        if kind == GAUGE:
            parts = [view[c + OWN + j] for j in range(MOST_SEATS)]
        elif kind in (WINDOW, BREAKER):
            parts = [view[j] for j in range(ring, ring + 2 * (view[c + MASK] + 1), 2)]
        else:
            parts = [view[c + TOTAL]]
        if sum(parts) != view[c + TOTAL]:
            found.append(f"cell of kind {kind}: {sum(parts)} are not {view[c + TOTAL]}")
        if kind == BREAKER and view[c + BAD] > view[c + TOTAL]:
            found.append("more bad than all")
        c += view[c + SIZE]
    return found


def die(world: World, writes: int) -> None:
    """Call once, and be killed at the n-th write, or end with 0; in a forked child."""
    world.gates.begin_again()
    gate = world.gates.gate("f")
    gate.enter().exit()  # its cells are there
    cells: Any = gate.shared
    cells.at = cells.seat.at = Deadly(cells.seat.memory, writes)
    entry = gate.enter()
    entry.begin()
    entry.exit(failed=True)
    os._exit(0)


@pytest.mark.parametrize("at", [0, 6000], ids=["closed", "half-open"])
def test_a_worker_that_dies_at_any_write_leaves_what_can_be_mended(tmp_path: Path, at: int):
    """Each write of a call and of its end, one after the other."""
    for writes in range(1, 200):
        world = World(*RULES, pool=pool(tmp_path, f"arena{writes}"), pure=True)
        world.gates.gate("f").enter().exit(failed=bool(at))
        world.at(at)
        child = os.fork()
        if not child:
            die(world, writes)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert writes > 20
            return
        world.at(at + 100_000)
        found = [world.enter() for _ in range(5)]
        refused = [entry.refused.reason for entry in found if entry.refused is not None]
        assert refused in (["concurrency"], ["breaker"] * 4), writes
        assert wrong(world.gates.gate("f").shared.seat.memory) == []
    pytest.fail("it never ended")


WORKER = """
import sys, time
from pathlib import Path
from tests.flow.virtual import flow, cap, rate, breaker, pool
from fairlead.flow.gates import Gates
gates = Gates(pool=pool(Path(sys.argv[1])), pure=sys.argv[2] == "pure")
gates.apply(flow(rate(10**12), cap(4), breaker(0.9)))
gate = gates.gate("f")
gate.enter().exit()
print("ready", flush=True)
while True:
    gate.enter().exit()
"""


def start(folder: Path, form: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WORKER, str(folder), form]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_workers_killed_while_they_call_leave_no_place_and_no_lock(tmp_path: Path, form: str):
    """By kill -9, at times of chance, as the OOM killer would."""
    dice = random.Random(1)
    pure = "pure" if form == "interpreted" else ""
    workers = [start(tmp_path, pure) for _ in range(6)]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline()
        for worker in workers:
            time.sleep(dice.random() / 50)  # while they are at it
            worker.kill()
            worker.wait(timeout=30)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait(timeout=30)
    world = World(rate(10**12), cap(4), breaker(0.9), pool=pool(tmp_path), at=time_ms())
    entries = [world.enter() for _ in range(5)]
    assert [entry.refused is None for entry in entries] == [True] * 4 + [False]
    assert wrong(world.gates.gate("f").shared.seat.memory) == []


def time_ms() -> float:
    return time.monotonic() * 1000
