"""A pool on a loop hands out connections to a lane's own database, and takes each back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg_pool
import pytest

from tests.instruments.plane import serving
from tests.instruments.postgres.shop import Shop

INSERT = "INSERT INTO orders (item) VALUES (%s)"
POOLS = [psycopg_pool.AsyncConnectionPool, psycopg_pool.AsyncNullConnectionPool]


async def order(pool: Any, item: str) -> None:
    async with pool.connection() as connection:
        await connection.execute(INSERT, (item,))


def with_pool(made: Any, shop: Shop, work: Callable[[Any], Awaitable[None]]) -> None:
    async def main() -> None:
        least = 0 if made is psycopg_pool.AsyncNullConnectionPool else 2
        async with made(shop.dsn, min_size=least, max_size=4, open=False) as pool:
            await work(pool)

    asyncio.run(main())


@pytest.mark.parametrize("made", POOLS, ids=lambda one: one.__name__)
def test_each_side_has_its_own_connections(shop: Shop, databases, made):
    """Lane after lane on one pool, as requests come."""

    async def work(pool: Any) -> None:
        for _ in range(3):
            for lane in ("gray", "", "blue"):
                with serving(lane):
                    await order(pool, lane or "plain")

    with_pool(made, shop, work)
    assert shop.items()[2:] == ["plain", "blue"] * 3
    assert shop.items(database=shop.gray)[2:] == ["gray"] * 3


@pytest.mark.parametrize("made", POOLS, ids=lambda one: one.__name__)
def test_tasks_never_share_across_sides(shop: Shop, databases, made):
    """Thousands of statements, all lanes at once from the first one on."""
    # A pool that keeps none connects each time.
    times = 10 if made is psycopg_pool.AsyncNullConnectionPool else 100

    async def some(pool: Any, lane: str) -> None:
        with serving(lane):
            for _ in range(times):
                async with pool.connection() as connection:
                    await connection.execute(INSERT, (lane or "plain",))
                    await connection.execute(INSERT, (lane or "plain",))

    async def work(pool: Any) -> None:
        await asyncio.gather(*(some(pool, lane) for lane in ("gray", "") * 5))

    with_pool(made, shop, work)
    assert shop.items()[2:] == ["plain"] * 10 * times
    assert shop.items(database=shop.gray)[2:] == ["gray"] * 10 * times


def test_a_pool_that_a_gray_request_opens_is_of_base(shop: Shop, databases):
    """Its tasks are started by the request; what they open is the application's own."""

    async def main() -> None:
        with serving("gray"):
            pool = psycopg_pool.AsyncConnectionPool(shop.dsn, min_size=2, open=False)
            await pool.open(wait=True, timeout=10)
            await order(pool, "gray")
            gray = await pool.getconn()
        await order(pool, "plain")
        assert {connection.info.dbname for connection in pool._pool} == {shop.base}
        await pool.putconn(gray)
        await pool.close()
        assert gray.closed

    asyncio.run(main())
    assert shop.items() == ["base", "base", "plain"]
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "gray"]


def test_callbacks_run_on_the_side_of_their_connection(shop: Shop, databases):
    """A worker has no request: it takes the lane of its pool."""
    seen: list[str] = []

    async def configure(connection: Any) -> None:
        cursor = await connection.execute("SELECT current_database()")
        seen.append((await cursor.fetchone())[0])
        await connection.commit()

    async def main() -> None:
        async with psycopg_pool.AsyncConnectionPool(
            shop.dsn, min_size=1, open=False, configure=configure, reset=configure
        ) as pool:
            for lane in ("gray", "", "gray"):
                with serving(lane):
                    await order(pool, lane or "plain")

    asyncio.run(main())
    assert set(seen) == {shop.base, shop.gray}
    assert shop.items(database=shop.gray)[2:] == ["gray", "gray"]


def test_workers_are_of_no_request(shop: Shop, tables):
    """The request that opens a pool is over long before the pool's tasks are."""
    seen: list[str] = []

    async def configure(connection: Any) -> None:
        cursor = await connection.execute("SELECT item FROM orders")
        seen.append((await cursor.fetchone())[0])
        await connection.commit()

    async def main() -> None:
        with serving("gray"):
            pool = psycopg_pool.AsyncConnectionPool(
                shop.dsn, min_size=2, open=False, configure=configure
            )
            await pool.open(wait=True, timeout=10)
        await pool.close()

    asyncio.run(main())
    assert seen == ["base", "base"]
