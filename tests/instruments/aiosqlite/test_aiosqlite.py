"""A connection's thread works for whoever calls: the lane goes with each call, and leaves."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiosqlite
import pytest

from fairlead.instruments.propagate import current
from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.sqlalchemy.shop import DEMO, TABLE, Shop, database, plane, table

pytest.importorskip("sqlglot")

HOOKED = ("sqlite3", "aiosqlite", "python")
INSERT = f"INSERT INTO {DEMO}(location) VALUES(?)"


@pytest.fixture
def shop(tmp_path) -> Shop:
    shop = Shop(tmp_path)
    shop.prepare(TABLE.format(DEMO), TABLE.format(f"{DEMO}_gray"))
    return shop


@pytest.fixture
def agent() -> Iterator[Plane]:
    agent = plane(table("gray"))
    with hooked(agent, *HOOKED):
        yield agent


@asynccontextmanager
async def opened(shop: Shop, lane: str = "", **options: Any) -> AsyncIterator[aiosqlite.Connection]:
    """Open a connection on `lane`; it is closed whatever happens, or its thread would go on."""
    with serving(lane):
        connection = await aiosqlite.connect(shop.file, **options)
        await connection.execute("PRAGMA synchronous=OFF")
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("opener", ["", "gray"])
def test_each_call_is_on_the_lane_of_its_caller(shop: Shop, agent: Plane, opener: str) -> None:
    """One connection for all: whoever opened it, and started its thread, has no say."""

    async def run() -> None:
        async with opened(shop, opener) as connection:
            for lane in ("gray", "", "gray"):
                with serving(lane):
                    await connection.execute(INSERT, (lane,))
                    async with connection.execute(f"SELECT location FROM {DEMO}") as cursor:
                        assert {row[0] async for row in cursor} == {lane}
                    await connection.commit()
            await connection.execute(INSERT, ("none",))
            await connection.commit()

    asyncio.run(run())
    assert (shop.rows(), shop.rows(f"{DEMO}_gray")) == (["", "none"], ["gray", "gray"])


def test_every_way_to_send_a_statement_takes_the_lane_along(shop: Shop, agent: Plane) -> None:
    """Cursors, scripts and many rows at once go by other methods, all of them to the thread."""

    async def run() -> None:
        async with opened(shop) as connection:
            with serving("gray"):
                cursor = await connection.cursor()
                await cursor.execute(INSERT, ("cursor",))
                await cursor.executemany(INSERT, [("many",), ("more",)])
                await connection.executemany(INSERT, [("rows",)])
                assert await connection.execute_insert(INSERT, ("insert",)) == (5,)
                rows = await connection.execute_fetchall(f"SELECT count(*) FROM {DEMO}")
                assert list(rows) == [(5,)]
                await connection.commit()
                await connection.executescript(INSERT.replace("?", "'script'"))
                await asyncio.create_task(connection.execute(INSERT, ("task",)))
                await connection.commit()
        assert current() is None

    asyncio.run(run())
    said = ["cursor", "many", "more", "rows", "insert", "script", "task"]
    assert (shop.rows(), shop.rows(f"{DEMO}_gray")) == ([], said)


def test_a_connection_is_opened_to_the_shadow_of_who_opens_it(shop: Shop) -> None:
    """It is the thread that connects."""

    async def run() -> None:
        async with opened(shop, "gray") as connection:
            with serving("gray"):
                await connection.execute(INSERT, ("gray",))
                await connection.commit()
            with pytest.raises(sqlite3.NotSupportedError, match="shadow database of lane gray"):
                await connection.execute(INSERT, ("base",))
        async with opened(shop) as connection:
            await connection.execute(INSERT, ("base",))
            await connection.commit()

    with hooked(plane(database("gray")), *HOOKED):
        asyncio.run(run())
    assert (shop.rows(), shop.gray()) == (["base"], ["gray"])


def test_the_thread_starts_for_no_request(shop: Shop, agent: Plane) -> None:
    """What it does between two calls, such as closing, is nobody's."""
    seen = []

    async def run() -> None:
        async with opened(shop, "gray") as connection:
            future = asyncio.get_running_loop().create_future()
            connection._tx.put_nowait((future, lambda: seen.append(current())))
            await future

    asyncio.run(run())
    assert seen == [None]


def test_errors_and_closing_are_as_they_were(shop: Shop, agent: Plane) -> None:
    """An application tells a closed connection by the library's own error."""

    async def run() -> None:
        with serving("gray"):
            with pytest.raises(sqlite3.OperationalError, match="unable to open"):
                await aiosqlite.connect(shop.folder / "nowhere" / "shop.db")
            async with opened(shop) as connection:
                with pytest.raises(sqlite3.OperationalError, match="no such table"):
                    await connection.execute("SELECT * FROM missing")
                with pytest.raises(sqlite3.NotSupportedError, match="run migrations in a base"):
                    await connection.execute(f"DROP TABLE {DEMO}")
            with pytest.raises(ValueError, match="connection"):
                await connection.execute(INSERT, ("late",))

    asyncio.run(run())


def test_tasks_that_share_a_connection_keep_apart(shop: Shop, agent: Plane) -> None:
    """A service with one connection for all requests: its thread changes lanes all the time."""
    dice = random.Random(1)

    async def request(connection: aiosqlite.Connection, lane: str) -> None:
        with serving(lane):
            for _ in range(5):
                await connection.execute(INSERT, (lane,))
                rows = await connection.execute_fetchall(f"SELECT location FROM {DEMO}")
                assert {row[0] for row in rows} == {lane}

    async def run() -> None:
        async with opened(shop, isolation_level=None) as connection:
            lanes = [dice.choice(("", "gray")) for _ in range(100)]
            await asyncio.gather(*(request(connection, lane) for lane in lanes))

    asyncio.run(run())
    assert set(shop.rows()) == {""}
    assert set(shop.rows(f"{DEMO}_gray")) == {"gray"}
    assert len(shop.rows()) + len(shop.rows(f"{DEMO}_gray")) == 500


def test_without_the_hook_a_lane_would_be_lost(shop: Shop) -> None:
    """Why this library counts as a driver: unhooked, it writes a lane's rows to base."""

    async def run() -> None:
        async with opened(shop) as connection:
            with serving("gray"):
                await connection.execute(INSERT, ("gray",))
                await connection.commit()

    with hooked(plane(table("gray")), "sqlite3", "python"):
        asyncio.run(run())
    assert shop.rows() == ["gray"]


def test_restoring_leaves_no_trace() -> None:
    """A guest that leaves takes everything along."""
    before = dict(vars(aiosqlite.Connection))
    with hooked(plane(), "aiosqlite"):
        assert dict(vars(aiosqlite.Connection)) != before
    assert dict(vars(aiosqlite.Connection)) == before
