"""Whether a pool of connections ever serves two sides: threads that change lanes all the time.

Ten connections, eight threads, a hundred thousand statements, half of them on lane gray; rows say
who wrote them. Once with shadow tables in one database, once with a shadow database of its own.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import QueuePool

from benchmarks.measure import Figure
from benchmarks.plane import Plane, on_lane
from fairlead.instruments.libs import sqlalchemy, sqlite3
from fairlead.instruments.patch import Patches
from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from fairlead.policy.encode import seal
from fairlead.policy.snapshot import Snapshot

CONNECTIONS, THREADS, STATEMENTS = 10, 8, 100_000
PER_TRANSACTION = 10

_TABLE = ShadowTable(rule="bench", lane="gray", database="shop", table="rows", shadow="rows_gray")
_DATABASE = ShadowDatabase(
    rule="bench", lane="gray", source=Database(name="shop"), shadow=Database(name="shop_gray")
)


def run(statements: int = STATEMENTS) -> Iterator[Figure]:
    """Count rows on the wrong side, and statements that were refused or failed."""
    for name, snapshot in (
        ("table", Snapshot(shadow_tables=(_TABLE,))),
        ("database", Snapshot(shadow_databases=(_DATABASE,))),
    ):
        with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder:
            leaks, written = _leaks(Path(folder), seal(snapshot), statements)
        note = f"{written:,} statements, {CONNECTIONS} connections, {THREADS} threads"
        yield Figure(name=f"sql_pool_{name}_leaks_count", value=leaks, target=0, note=note)


def _leaks(folder: Path, snapshot: Snapshot, statements: int) -> tuple[int, int]:
    for name in ("shop", "shop_gray"):
        _make(folder / f"{name}.db")
    plane, patches = Plane(snapshot), Patches()
    for instrument in (sqlite3, sqlalchemy):
        instrument.install(plane, patches)
    try:
        engine = create_engine(
            f"sqlite:///{folder / 'shop.db'}",
            poolclass=QueuePool,
            pool_size=CONNECTIONS,
            max_overflow=0,
            connect_args={"check_same_thread": False, "timeout": 60},
        )
        with ThreadPoolExecutor(THREADS) as executor:
            share = statements // THREADS
            written = sum(executor.map(lambda seed: _work(engine, seed, share), range(THREADS)))
        engine.dispose()
    finally:
        patches.restore()
    return _misplaced(folder), written


def _work(engine: Engine, seed: int, statements: int) -> int:
    dice = random.Random(seed)
    for _ in range(statements // PER_TRANSACTION):
        lane = dice.choice(("", "gray"))
        with on_lane(lane), engine.begin() as connection:
            for _ in range(PER_TRANSACTION // 2):
                connection.execute(text("INSERT INTO rows (lane) VALUES (:lane)"), {"lane": lane})
                seen = connection.execute(text("SELECT DISTINCT lane FROM rows LIMIT 2"))
                if [row[0] for row in seen] != [lane]:
                    raise RuntimeError(f"lane {lane!r} sees rows of another")
    return statements // PER_TRANSACTION * PER_TRANSACTION


def _make(file: Path) -> None:
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("PRAGMA journal_mode = WAL"))
        for table in ("rows", "rows_gray"):
            connection.execute(text(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, lane TEXT)"))
            connection.execute(text(f"CREATE INDEX of_{table} ON {table} (lane)"))
    engine.dispose()


def _misplaced(folder: Path) -> int:
    wrong = 0
    for name, table, lane in (
        ("shop", "rows", ""),
        ("shop", "rows_gray", "gray"),
        ("shop_gray", "rows", "gray"),
        ("shop_gray", "rows_gray", "gray"),
    ):
        engine = create_engine(f"sqlite:///{folder / f'{name}.db'}")
        with engine.connect() as connection:
            query = text(f"SELECT count(*) FROM {table} WHERE lane <> :lane")
            wrong += connection.execute(query, {"lane": lane}).scalar_one()
        engine.dispose()
    return wrong
