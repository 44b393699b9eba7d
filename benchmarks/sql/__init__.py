"""What SQL costs on a lane with shadow tables, off it, and where a statement is not known yet.

Through sqlite3, whose own part is the smallest of all drivers. The server is asked nothing while a
cost is measured: what it says of its tables is kept for half a minute.
"""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import Batch, Figure, added
from benchmarks.plane import Plane, on_lane
from benchmarks.sql import pool
from fairlead.instruments.patch import Patches
from fairlead.policy.database import ShadowTable
from fairlead.policy.encode import seal
from fairlead.policy.snapshot import Snapshot
from fairlead.sql.catalog import Catalog
from fairlead.sql.lexis import FORMAT, NAMED
from fairlead.sql.rewriter import Catalogs, Rewriter, answered
from fairlead.sql.session import Session

STATEMENTS = Path(__file__).parent / "statements.sql"
TABLES = ("customers", "items", "mse_demo_table", "orders")
HIT_US, BASE_US, MEASURED_US, MISS_US, LARGEST_MS = 0.5, 0.3, 0.5, 500.0, 5.0
EACH = 50
"""Statements between two looks at the clock."""
ROUNDS = 15

_QUERY = "SELECT location FROM mse_demo_table WHERE id = ?"


def run() -> Iterator[Figure]:
    """Measure everything about SQL."""
    yield from _hot()
    yield from _misses()
    yield from pool.run()


def rules(database: str) -> tuple[ShadowTable, ...]:
    """Return the rules of lane gray."""
    return tuple(
        ShadowTable(rule="bench", lane="gray", database=database, table=t, shadow=f"{t}_gray")
        for t in TABLES
    )


def _hot() -> Iterator[Figure]:
    # Imported by now, as in an application: the hook replaces what is there.
    import fairlead.instruments.libs.sqlite3 as instrument

    plane = Plane(seal(Snapshot(shadow_tables=rules("memory"))))
    bare, patches = _cursor(), Patches()
    instrument.install(plane, patches)
    try:
        hooked = _cursor()
        unhooked, base = _batch(bare), _batch(hooked)
        yield added("sql_base_us", unhooked, base, calls=20_000, target=BASE_US)
        yield added("sql_hit_us", unhooked, _on_lane(base), calls=20_000, target=HIT_US)
        measured = _measured(plane, base)
        yield added("sql_measured_us", base, measured, calls=20_000, target=MEASURED_US)
    finally:
        patches.restore()


def _cursor() -> sqlite3.Cursor:
    connection = sqlite3.connect(":memory:")
    for table in ("mse_demo_table", "mse_demo_table_gray"):
        connection.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, location)")
    return connection.cursor()


def _batch(cursor: sqlite3.Cursor) -> Batch:
    execute, parameters = cursor.execute, (1,)

    def batch(calls: int) -> list[int]:
        spent = []
        for _ in range(max(1, calls // EACH)):
            started = time.thread_time_ns()
            for _ in range(EACH):
                execute(_QUERY, parameters)
            spent.append((time.thread_time_ns() - started) / EACH)
        return spent  # type: ignore[return-value]

    return batch


def _measured(plane: Plane, batch: Batch) -> Batch:
    def counted(calls: int) -> list[int]:
        plane.engine.measure(True)
        try:
            return batch(calls)
        finally:
            plane.engine.measure(False)

    return counted


def _on_lane(batch: Batch) -> Batch:
    def gray(calls: int) -> list[int]:
        with on_lane("gray"):
            return batch(calls)

    return gray


def _misses() -> Iterator[Figure]:
    found = list(statements())
    costs = [_cost(dialect, text) for dialect, text in found]
    rows = ", ".join(["(%s, %s, %s, %s)"] * 3500)
    bulk = f"INSERT INTO items (order_id, sku, qty, price) VALUES {rows}"
    listed = f"SELECT id FROM orders WHERE id IN ({', '.join(['%s'] * 15_000)}) ORDER BY id"
    large = [_cost("mysql", text) / 1000 for text in (bulk, listed)]
    note = f"{len(found)} statements, most {max(costs):.0f} µs"
    median = round(statistics.median(costs), 1)
    yield Figure(name="sql_miss_median_us", value=median, target=MISS_US, note=note)
    note = f"{len(bulk) // 1024} and {len(listed) // 1024} KiB"
    largest = max(*large, max(costs) / 1000)
    yield Figure(name="sql_miss_largest_ms", value=round(largest, 2), target=LARGEST_MS, note=note)


def statements() -> Iterator[tuple[str, str]]:
    """Yield the statements of the file, each with its dialect."""
    dialect = ""
    for line in STATEMENTS.read_text("utf-8").splitlines():
        if line.startswith("-- "):
            dialect = line.removeprefix("-- ")
        else:
            yield dialect, line.removesuffix(";")


def _cost(dialect: str, text: str) -> float:
    """Return the microseconds of judging `text`, which is not known: the median of several."""
    style = NAMED if dialect == "sqlite" else FORMAT
    judge = _judge(dialect, style)
    judge(text)
    spent = []
    for _ in range(ROUNDS):
        started = time.thread_time_ns()
        judge(text)
        spent.append((time.thread_time_ns() - started) / 1000)
    return statistics.median(spent)


def _judge(dialect: str, style: str) -> Callable[[str], None]:
    catalogs = Catalogs(lambda: 0.0)
    catalogs.assume(Catalog())
    rewriter = Rewriter(Session(dialect=dialect, database="shop"), rules("shop"), catalogs)

    def judge(text: str) -> None:
        rewriter.forget()
        verdict = answered(rewriter.judge(text, style), lambda _: ())
        if verdict.refused is not None or not verdict.tables:
            raise RuntimeError(f"{text[:80]}: {verdict.refused}")

    return judge
