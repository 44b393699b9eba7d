"""The protocol of `benchmarks.peers` for cases that are written in Python."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Coroutine, Mapping
from itertools import repeat
from typing import Any

SLICES = 20

_LOOP = """
{kind} slice_of(operations):
    for _ in repeat(None, operations):
        {statement}
"""

Slice = Callable[[int], Coroutine[Any, Any, None] | None]


def compiled(statement: str, names: Mapping[str, Any]) -> Slice:
    """Return a loop around `statement`, in which it stands as in an application: no call added."""
    kind = "async def" if "await " in statement or "async with" in statement else "def"
    found: dict[str, Any] = {"repeat": repeat, **names}
    exec(_LOOP.format(kind=kind, statement=statement), found)
    made: Slice = found["slice_of"]
    return made


Names = Callable[[], Coroutine[Any, Any, Mapping[str, Any]]]


def answer(statements: Mapping[str, str], make: Names) -> None:
    """Measure the cases `statements`, with what `make` makes by name, as they are asked for."""
    with asyncio.Runner() as runner:
        names = runner.run(make())
        slices = {name: compiled(statement, names) for name, statement in statements.items()}
        print(*slices, flush=True)
        for line in sys.stdin:
            case, operations = line.split()
            print(runner.run(_median(slices[case], int(operations))), flush=True)


async def _median(one: Slice, operations: int) -> float:
    spent = []
    for _ in range(SLICES + 1):  # the first one fills the caches
        began = time.perf_counter_ns()
        done = one(operations)
        if done is not None:
            await done
        spent.append((time.perf_counter_ns() - began) / operations)
    return statistics.median(spent[1:])
