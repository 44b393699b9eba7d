"""A week of a thousand interfaces in the archive: how large it is, and how long a graph takes.

Every interface has an hour of its own for each hour: one of a pool of different ones, as blocks are
compressed one by one. One app of fifty interfaces has the whole week, which is what queries read;
the others have one day, of which the size of a week follows: seven times.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure
from benchmarks.telemetry.samples import SLOTS, hour
from fairlead.control.clocks import Clocks
from fairlead.control.history.archive import DAY, HOUR, Archive, Run
from fairlead.control.history.keeper import FILE, Keeper
from fairlead.control.telemetry.memory import COVERED, INTERFACE, App, Memory
from fairlead.control.telemetry.query import Older, Query, finish, prepare
from fairlead.control.telemetry.series import COARSE, Name

INTERFACES, OF_ONE, POOL = 1000, 50, 240
APP: App = ("default", "orders")
TRIES = 15

QUESTIONS = (
    ("hour_of_all", -HOUR, 0, ""),
    ("day_of_all", -DAY, 0, ""),
    ("week_of_all", -7 * DAY, 0, ""),
    ("six_hours_of_all_at_10s", -6 * HOUR, 10, ""),
    ("day_of_one_at_60s", -DAY, 60, "/0"),
    ("week_of_one", -7 * DAY, 0, "/0"),
)
"""Each with where it begins, the step that is asked for, and one interface or all fifty."""


def run() -> Iterator[Figure]:
    """Fill an archive, and ask it."""
    now = int(time.time()) // HOUR * HOUR
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
        archive = Archive.open(Path(folder) / FILE)
        pool = [hour(random.Random(number)) for number in range(POOL)]
        _fill(archive, APP, range(OF_ONE), (now - 7 * DAY, now), pool)
        before = archive.size()
        others = range(OF_ONE, INTERFACES)
        seconds = time.process_time()
        _fill(archive, ("default", "others"), others, (now - DAY, now), pool)
        seconds = time.process_time() - seconds
        a_day = (archive.size() - before) / len(others)
        archive.rolled_to(now)
        archive.close()
        yield Figure(
            name="history_week_gb",
            value=round(a_day * INTERFACES * 7 / 1e9, 2),
            target=2.0,
            note=f"{a_day / 8640:.1f} bytes a point of ten seconds, sums of five minutes included",
        )
        yield Figure(
            name="history_write_percent",
            value=round(100 * seconds / DAY * INTERFACES / len(others), 2),
            note="of a core, to pack and write 1,000 interfaces, hour by hour",
        )
        yield from _ask(Path(folder), now)


def _fill(
    archive: Archive, app: App, interfaces: range, times: tuple[int, int], pool: list[list[int]]
) -> None:
    dice = random.Random(1)
    for start in range(*times, HOUR):
        first = start // COARSE
        runs = [
            Run(app, _name(number), dict(enumerate(dice.choice(pool), first)))
            for number in interfaces
        ]
        runs.append(Run(app, COVERED, dict.fromkeys(range(first, first + SLOTS), 10_000)))
        archive.write(COARSE, first, SLOTS, runs)
        archive.roll_up(start, archive.within(start) if app == APP else _rows(archive, app, start))


def _rows(archive: Archive, app: App, start: int) -> list[int]:
    """Return the series of an app alone: the hour has others, which are done already."""
    known = {archive._ids[app, name] for name in archive.names(app)}  # noqa: SLF001
    return [series for series in archive.within(start) if series in known]


def _name(number: int) -> Name:
    return (INTERFACE, f"GET:/interface/{number}", "server", "")


def _ask(folder: Path, now: int) -> Iterator[Figure]:
    keeper = Keeper(Memory(), Clocks(), folder, 2 << 30)
    keeper.flushed = dict.fromkeys(keeper.flushed, now)
    slowest = 0.0
    for name, begin, step, one in QUESTIONS:
        wanted = {"interface": f"GET:/interface{one}"} if one else {}
        query = Query(
            app=APP, sort=INTERFACE, wanted=wanted, begin=now + begin, end=now - 1, step=step
        )
        taken = []
        for _ in range(TRIES):
            started = time.perf_counter()
            answer = finish(prepare(query, None, Older.of(keeper, query), now + 60), keeper)
            taken.append(1000 * (time.perf_counter() - started))
        points = sum(len(series["passed"]) for series in answer["series"])
        slowest = max(slowest, min(taken))
        note = f"{len(answer['series'])} series, {points} points, step {answer['step']} s"
        yield Figure(name=f"history_{name}_ms", value=round(min(taken)), target=300.0, note=note)
    keeper.close()
