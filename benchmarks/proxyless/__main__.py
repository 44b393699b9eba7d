"""`make bench-proxyless`: three hops alone, with the agent, and with Envoys, side by side.

A request on a lane goes through services a, b and c, for which there are 100 routes, five rules
each and outlier detection. The modes take turns, many times, so that what disturbs the machine
disturbs all of them; figures are medians of the turns, and what a mode adds is the median of the
differences to the direct one in the same turn.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.measure import Figure
from benchmarks.proxyless.rules import USER
from benchmarks.proxyless.world import AGENT, DIRECT, ENVOYS, MODES, Running, World

REPORT = Path("build/bench/proxyless.json")
TURNS, REQUESTS = 12, 400
WIDTHS = (1, 8)
SHARE_OF_TIME, SHARE_OF_CPU, MOST_RSS = 0.1, 0.2, 15.0


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one mode's requests."""

    times: tuple[float, ...]
    """Microseconds, in order."""
    apps: float
    """Microseconds of CPU for each request."""
    envoys: float

    def at(self, share: float) -> float:
        """Return the time that this share of requests needed at most."""
        return self.times[min(len(self.times) - 1, int(share * len(self.times)))]

    @property
    def cpu(self) -> float:
        """CPU of all processes."""
        return self.apps + self.envoys


async def turn(one: Running, width: int) -> Turn:
    """Make requests, `width` at a time."""
    url, times = f"http://127.0.0.1:{one.port}/work", list[float]()
    left = iter(range(REQUESTS))

    async def caller(session: aiohttp.ClientSession) -> None:
        for _ in left:
            started = time.perf_counter_ns()
            async with session.get(url, headers={"x-user": USER}) as answer:
                await answer.read()
                if answer.status != 200:
                    raise SystemExit(f"{url} answers {answer.status}")
            times.append((time.perf_counter_ns() - started) / 1000)

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(_warm(session, url) for _ in range(width)))
        before = _cpu(one.apps), _cpu(one.envoys)
        await asyncio.gather(*(caller(session) for _ in range(width)))
        after = _cpu(one.apps), _cpu(one.envoys)
    apps, envoys = ((b - a) / REQUESTS / 1000 for a, b in zip(before, after, strict=True))
    return Turn(tuple(sorted(times)), apps, envoys)


async def _warm(session: aiohttp.ClientSession, url: str) -> None:
    for _ in range(10):
        async with session.get(url, headers={"x-user": USER}) as answer:
            await answer.read()


def _cpu(pids: tuple[int, ...]) -> int:
    """Return nanoseconds that processes were on a core, all their threads."""
    tasks = (task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir())
    return sum(int((task / "schedstat").read_text("ascii").split()[0]) for task in tasks)


def _rss(pids: tuple[int, ...]) -> float:
    """Return the mean memory of processes, in megabytes."""
    pages = [int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) for pid in pids]
    return sum(pages) / len(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6 if pages else 0.0


def measured(library: str) -> Iterator[Figure]:
    """Measure services of one library."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="fairlead-bench-"))
        running = World(stack, Path(folder), library).run()
        for width in WIDTHS:
            yield from _compared(library, running, width)
        yield from _memory(library, running)


def _compared(library: str, running: dict[str, Running], width: int) -> Iterator[Figure]:
    turns: dict[str, list[Turn]] = {mode: [] for mode in MODES}
    with asyncio.Runner() as runner:
        for number in range(TURNS):
            for mode in MODES if number % 2 else reversed(MODES):
                turns[mode].append(runner.run(turn(running[mode], width)))
    for mode in MODES:
        name, found = f"{library}_c{width}_{mode}", turns[mode]
        yield _figure(f"{name}_p50_us", [one.at(0.5) for one in found])
        yield _figure(f"{name}_p99_us", [one.at(0.99) for one in found])
        yield _figure(f"{name}_cpu_us", [one.cpu for one in found])
    time_of = {mode: _added(turns, mode, "p50") for mode in (AGENT, ENVOYS)}
    cpu_of = {mode: _added(turns, mode, "cpu") for mode in (AGENT, ENVOYS)}
    yield from _shares(f"{library}_c{width}", time_of, cpu_of, width)


def _shares(
    name: str, time_of: dict[str, float], cpu_of: dict[str, float], width: int
) -> Iterator[Figure]:
    own = name.startswith("aiohttp")
    for mode in (AGENT, ENVOYS):
        yield Figure(name=f"{name}_{mode}_added_p50_us", value=round(time_of[mode], 1))
        yield Figure(name=f"{name}_{mode}_added_cpu_us", value=round(cpu_of[mode], 1))
    yield Figure(
        name=f"{name}_added_p50_share",
        value=round(time_of[AGENT] / time_of[ENVOYS], 3),
        target=SHARE_OF_TIME if own else None,
    )
    yield Figure(
        name=f"{name}_added_cpu_share",
        value=round(cpu_of[AGENT] / cpu_of[ENVOYS], 3),
        target=SHARE_OF_CPU if own and width == 8 else None,
    )


def _added(turns: dict[str, list[Turn]], mode: str, what: str) -> float:
    def of(one: Turn) -> float:
        return one.cpu if what == "cpu" else one.at(0.5)

    pairs = zip(turns[mode], turns[DIRECT], strict=True)
    return statistics.median(of(one) - of(bare) for one, bare in pairs)


def _memory(library: str, running: dict[str, Running]) -> Iterator[Figure]:
    alone = _rss(running[DIRECT].apps)
    yield Figure(name=f"{library}_direct_rss_mb", value=round(alone, 1))
    added = _rss(running[AGENT].apps) - alone
    own = MOST_RSS if library == "aiohttp" else None
    yield Figure(name=f"{library}_agent_added_rss_mb", value=round(added, 1), target=own)
    yield Figure(name=f"{library}_envoy_rss_mb", value=round(_rss(running[ENVOYS].envoys), 1))


def _figure(name: str, values: list[float]) -> Figure:
    low, middle, high = statistics.quantiles(values, n=4)
    return Figure(name=name, value=round(middle, 1), note=f"quartiles {low:.0f} to {high:.0f}")


def main() -> int:
    """Measure, print a table, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proxyless", description=__doc__)
    parser.add_argument("libraries", nargs="*", help="aiohttp, httpx: both if left out")
    parser.add_argument("--check", action="store_true", help="exit 1 where a target is missed")
    options = parser.parse_args()
    found = []
    for library in options.libraries or ("aiohttp", "httpx"):
        for one in measured(library):
            found.append(one)
            target = "" if one.target is None else f"≤ {one.target:g}"
            verdict = "" if one.met else "  MISSED"
            print(f"{one.name:<38} {one.value:>9,} {target:>8}{verdict}  {one.note}", flush=True)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps({one.name: one.value for one in found}, indent=2) + "\n")
    return 1 if options.check and not all(one.met for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
