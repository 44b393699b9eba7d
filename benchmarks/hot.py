"""Hot parameters at ten million distinct values: memory, time of a call, and what both cost.

The clock is virtual: 100,000 calls a second, more than a process serves. Between the values that
come once, a hundred that are watched come again and again; for each of them the same rule with
nothing else in memory is the reference.
"""

from __future__ import annotations

import gc
import math
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.measure import Figure
from fairlead.flow.hot import Hot
from fairlead.policy.limit import HotLimit, Param

VALUES = 10_000_000
WATCHED = 100
EVERY = 20
"""One call in so many is of a watched value."""

STEP = 10_000
"""Nanoseconds between calls."""

SLICES, SLICE = 20, 20_000


def run() -> Iterator[Figure]:
    """Yield the figures; a few minutes."""
    yield from _speed()
    yield from _accuracy("1s", threshold=20, window_ms=1000)
    yield from _accuracy("60s", threshold=5, window_ms=60_000)


def _hot(**fields: Any) -> Hot:
    param = Param(source="header", name="x-user")
    return Hot(HotLimit(rule="r", strategy="s", resource="GET:/a", param=param, **fields))


def _speed() -> Iterator[Figure]:
    """Yield the time of test and take: of values that are known, and of some that never were."""
    dice = random.Random(1)
    known = [f"user-{dice.randrange(1000)}" for _ in range(SLICE)]
    for name, threshold, target in (("known", 1000, 0.6), ("new", 20, None)):
        hot, now, count, spent = _hot(threshold=threshold), 10**15, 0, []
        for _ in range(SLICES):
            values = known if name == "known" else [f"v{count + i}" for i in range(SLICE)]
            count += SLICE
            test, take = hot.test, hot.take
            gc.collect()
            started = time.perf_counter_ns()
            for value in values:
                now += STEP
                if test(now, 1, value) == 0:
                    take(now, 1, value)
            spent.append((time.perf_counter_ns() - started) / SLICE)
        spent.sort()
        note = f"best slice {spent[0] / 1000:.2f}"
        median = round(spent[SLICES // 2] / 1000, 2)
        yield Figure(name=f"hot_{name}_us", value=median, target=target, note=note)


def _accuracy(name: str, *, threshold: int, window_ms: int) -> Iterator[Figure]:
    """Yield what ten million values leave of memory, and of the watched ones' permits."""
    dice = random.Random(2)
    hot = _hot(threshold=threshold, window_ms=window_ms)
    whole = [_hot(threshold=threshold, window_ms=window_ms) for _ in range(WATCHED)]
    passes: list[list[int]] = [[] for _ in range(WATCHED)]
    most = early = alone = refused_new = 0
    now = 10**15
    for number in range(VALUES):
        now += STEP
        value = f"once-{number}"
        if hot.test(now, 1, value) == 0:
            hot.take(now, 1, value)
        else:
            refused_new += 1
        if number % EVERY:
            continue
        watched = dice.randrange(WATCHED)
        if whole[watched].test(now, 1, "it") == 0:
            whole[watched].take(now, 1, "it")
            alone += 1
        if hot.test(now, 1, f"often-{watched}") == 0:
            hot.take(now, 1, f"often-{watched}")
            passes[watched].append(now)
            early += 1
        if number % 500_000 == 0:
            most = max(most, _size(hot))
    over = sum(_over(times, threshold, window_ms * 1_000_000) for times in passes)
    note = f"{VALUES:,} values, {threshold} in {window_ms} ms"
    yield Figure(name=f"hot_{name}_memory_mb", value=round(most / 1e6, 1), target=20, note=note)
    share = 100 * over / early
    yield Figure(name=f"hot_{name}_over_percent", value=round(share, 3), target=1)
    share = 100 * refused_new / VALUES
    yield Figure(name=f"hot_{name}_new_refused_percent", value=round(share, 3), target=1)
    lost = 100 * (alone - early) / alone
    yield Figure(name=f"hot_{name}_watched_lost_percent", value=round(lost, 3), target=1)


def _size(hot: Hot) -> int:
    """Return the bytes of everything that `hot` keeps of values."""
    recent: Any = hot._calls._recent  # type: ignore[attr-defined]  # noqa: SLF001
    tables = (recent._young, recent._middle, recent._oldest, recent._cells)  # noqa: SLF001
    states = sum(
        sys.getsizeof(key) + sys.getsizeof(state) + sum(map(sys.getsizeof, state[:2]))
        for key, state in recent.items()
    )
    return sum(map(sys.getsizeof, tables)) + states


def _over(times: list[int], threshold: int, window: int) -> int:
    """Return how many more passed than ``threshold * (1 + t / window)`` in some time t.

    Read as a bucket that is never fuller than that law says: one pass over the times.
    """
    over, rest, last = 0, 2.0 * threshold, -math.inf
    for at in times:
        rest = min(2.0 * threshold, rest + (at - last) * threshold / window)
        last, rest = at, rest - 1
        if rest < -1e-6:
            over, rest = over + 1, 0.0
    return over
