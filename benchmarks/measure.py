"""Cost as the median of paired differences, which a noisy neighbour moves least.

Every round measures the bare and the hooked variant in slices that take turns; what slows the
machine down for longer than a slice falls out of their difference. Within a slice the median of the
calls counts: one that was interrupted finds its caches cold, and says nothing about hooks.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

ROUNDS = 25
SLICES = 8
"""Slices of each variant in a round: bare, hooked, hooked, bare, and again."""

WARM_UP = 20
"""Calls before each slice: the interpreter specialises its code anew after hooks come or go."""

Batch = Callable[[int], list[int]]
"""Makes that many calls, after a few that do not count; returns the CPU nanoseconds of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number, and the most it may be (None: it is shown only)."""

    name: str
    """Ends in its unit: ``inbound_entry_us``."""
    value: float
    target: float | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether it keeps to its target."""
        return self.target is None or self.value <= self.target


def added(
    name: str,
    bare: Batch,
    hooked: Batch,
    *,
    calls: int,
    target: float | None,
    rounds: int = ROUNDS,
) -> Figure:
    """Return the CPU microseconds that `hooked` takes more per call than `bare`."""
    for batch in (bare, hooked):
        batch(max(1, calls // 4))
    alone, differences = [], []
    for _ in range(rounds):
        gc.collect()
        without, with_hooks = _round(bare, hooked, calls // SLICES)
        alone.append(without)
        differences.append(with_hooks - without)
    low, median, high = statistics.quantiles(differences, n=4)
    note = f"quartiles {low:.1f} to {high:.1f}; {statistics.median(alone):.0f} µs without"
    return Figure(name=name, value=round(median, 2), target=target, note=note)


def _round(bare: Batch, hooked: Batch, calls: int) -> tuple[float, float]:
    medians: dict[Batch, list[float]] = {bare: [], hooked: []}
    for _ in range(SLICES // 2):
        for batch in (bare, hooked, hooked, bare):
            medians[batch].append(statistics.median(batch(calls)) / 1000)
    return statistics.mean(medians[bare]), statistics.mean(medians[hooked])


def each(call: Callable[[], object], calls: int) -> list[int]:
    """Make a batch of `call`. CPU time of this thread: other processes do not count."""
    for _ in range(WARM_UP):
        call()
    spent = []
    for _ in range(calls):
        started = time.thread_time_ns()
        call()
        spent.append(time.thread_time_ns() - started)
    return spent


async def each_async(call: Callable[[], Awaitable[object]], calls: int) -> list[int]:
    """Make a batch of `call` as `each` does; what the event loop does for a call is in it."""
    for _ in range(WARM_UP):
        await call()
    spent = []
    for _ in range(calls):
        started = time.thread_time_ns()
        await call()
        spent.append(time.thread_time_ns() - started)
    return spent
