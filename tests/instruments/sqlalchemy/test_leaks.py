"""Threads that change lanes as chance will have it, on one pool: no row on the wrong side."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.pool import QueuePool

from tests.instruments.plane import hooked, serving
from tests.instruments.sqlalchemy.shop import DEMO, TABLE, Shop, database, plane, table

STATEMENTS = int(os.environ.get("LEAK_STATEMENTS", "4000"))
THREADS, CONNECTIONS = 8, 10
LANES = ("", "gray", "blue")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("shadows", ["databases", "tables"])
def test_no_statement_reaches_another_side(tmp_path, shadows: str) -> None:
    """Every row says which lane wrote it, every query which rows it saw; readers look, too."""
    shop = Shop(tmp_path)
    tables = [DEMO, f"{DEMO}_gray", f"{DEMO}_blue"]
    shop.prepare(*(TABLE.format(name) for name in tables))
    make = database if shadows == "databases" else table
    agent = plane(make("gray"), make("blue"))
    with hooked(agent, "sqlite3", "sqlalchemy", "python"):
        engine = engine_of(shop)
        with ThreadPoolExecutor(THREADS) as threads:
            share = STATEMENTS // THREADS
            seen = list(threads.map(lambda seed: work(engine, share, seed), range(THREADS)))
        engine.dispose()
    assert sum(seen) == 0
    assert agent.counted("agent_faults") == {}
    assert agent.counted("sql_refused") == {}
    for lane in LANES:
        if shadows == "databases":
            rows = shop.rows(name=f"shop_{lane}" if lane else "shop")
        else:
            rows = shop.rows(f"{DEMO}_{lane}" if lane else DEMO)
        assert rows != []
        assert set(rows) == {lane or "base"}


def engine_of(shop: Shop) -> Engine:
    engine = create_engine(
        f"sqlite:///{shop.file}",
        poolclass=QueuePool,
        pool_size=CONNECTIONS,
        max_overflow=0,
        connect_args={"timeout": 60, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def fast(connection, _) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    return engine


def work(engine: Engine, statements: int, seed: int) -> int:
    """Send `statements`, a few to a transaction; return how many rows of others were seen."""
    dice, leaks, sent = random.Random(seed), 0, 0
    while sent < statements:
        lane = dice.choice(LANES)
        with serving(lane), engine.begin() as connection:
            for _ in range(dice.randint(1, 6)):
                sent += 1
                if dice.random() < 0.3:
                    insert = text(f"INSERT INTO {DEMO}(location) VALUES(:lane)")
                    connection.execute(insert, {"lane": lane or "base"})
                else:
                    latest = text(f"SELECT location FROM {DEMO} ORDER BY id DESC LIMIT 20")
                    rows = connection.execute(latest)
                    leaks += sum(row[0] != (lane or "base") for row in rows)
    return leaks
