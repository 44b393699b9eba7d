"""A pool hands out connections to a lane's own database, and takes each back where it belongs."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.postgres.shop import Shop

INSERT = "INSERT INTO orders (item) VALUES ($1)"
REFUSED = asyncpg.exceptions.FeatureNotSupportedError


async def order(pool: Any, item: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(INSERT, item)


async def database(connection: Any) -> Any:
    return await connection.fetchval("SELECT current_database()")


def names(pool: Any) -> set[str]:
    return {holder._con._params.database for holder in pool._holders if holder._con is not None}


def test_each_side_has_its_own_connections(shop: Shop, databases):
    """Lane after lane on one pool, as requests come, by every way to ask a pool."""

    async def main() -> None:
        async with asyncpg.create_pool(shop.dsn, min_size=2, max_size=4) as pool:
            for _ in range(3):
                for lane in ("gray", "", "blue"):
                    with serving(lane):
                        await order(pool, lane or "plain")
                        await pool.execute(INSERT, lane or "plain")
                        await pool.executemany(INSERT, [(lane or "plain",)])
                        await pool.copy_records_to_table(
                            "orders", records=[(lane or "plain",)], columns=["item"]
                        )
            assert names(pool) == {shop.base}

    asyncio.run(main())
    assert shop.items()[2:] == (["plain"] * 4 + ["blue"] * 4) * 3
    assert shop.items(database=shop.gray)[2:] == ["gray"] * 12


def test_a_pool_that_a_gray_request_makes_is_of_base(shop: Shop, databases):
    """It is the application's own, and serves everybody."""

    async def main() -> None:
        with serving("gray"):
            pool = await asyncpg.create_pool(shop.dsn, min_size=3)
            await order(pool, "gray")
        assert names(pool) == {shop.base}
        await order(pool, "plain")
        await pool.close()

    asyncio.run(main())
    assert shop.items() == ["base", "base", "plain"]
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "gray"]


def test_an_instance_of_the_lane_keeps_both_sides_apart(shop: Shop):
    """It is on the lane where no request is: a pool connects on its own side."""

    async def main() -> None:
        async with asyncpg.create_pool(shop.dsn, min_size=2) as pool:
            await order(pool, "gray")
            with serving(""):
                await order(pool, "plain")
            assert names(pool) == {shop.base}

    with hooked(Plane(shop.databases(own="gray")), "asyncpg_pool", "asyncpg"):
        asyncio.run(main())
    assert shop.items() == ["base", "base", "plain"]
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "gray"]


def test_a_connection_goes_back_where_it_came_from(shop: Shop, databases):
    """Also when the work that gives it back is on another lane, or on none."""

    async def main() -> None:
        async with asyncpg.create_pool(shop.dsn, min_size=1, max_size=2) as pool:
            for _ in range(3):
                with serving("gray"):
                    gray = await pool.acquire()
                    await gray.execute("BEGIN")
                    await gray.execute(INSERT, "never")
                base = await pool.acquire()
                assert await database(base) == shop.base
                with serving("gray"):
                    assert await database(gray) == shop.gray
                    await pool.release(base)
                await pool.release(gray)
                await pool.release(gray)
        async with asyncpg.create_pool(shop.dsn, min_size=0) as other:
            with pytest.raises(asyncpg.InterfaceError, match="not a member"):
                await other.release(gray)

    asyncio.run(main())
    assert shop.items(database=shop.gray) == ["shadow", "shadow"]


def test_settings_and_callbacks_are_the_pools(shop: Shop, databases):
    """Callbacks of the application run on the side of the connection they are given."""
    seen: list[str] = []

    async def init(connection: Any) -> None:
        seen.append(await database(connection))

    class Mine(asyncpg.Pool):  # type: ignore[misc]
        extra = "mine"

    class Connection(asyncpg.Connection):  # type: ignore[misc]
        pass

    async def main() -> None:
        async with Mine(
            shop.dsn, min_size=1, max_size=2, max_queries=50000, init=init, setup=init,
            max_inactive_connection_lifetime=300, loop=None, connection_class=Connection,
            record_class=asyncpg.Record, command_timeout=60,
        ) as pool:  # fmt: skip
            pool.extra = "other"
            with serving("gray"):
                connection = await pool.acquire()
                assert isinstance(connection._con, Connection)
                assert connection._con._config.command_timeout == 60
                await connection.execute(INSERT, "gray")
            await pool.release(connection)
            await order(pool, "plain")

    asyncio.run(main())
    assert seen[0] == shop.base
    assert seen[1:3] == [shop.gray, shop.gray]
    assert set(seen[3:]) == {shop.base}
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "gray"]


@pytest.mark.parametrize("way", ["close", "terminate"])
def test_closing_closes_the_twins(shop: Shop, databases, way):
    """Nothing is left open at the server."""

    async def main() -> None:
        pool = await asyncpg.create_pool(shop.dsn, min_size=1)
        with serving("gray"):
            async with pool.acquire() as connection:
                gray = connection._con
        done = getattr(pool, way)()
        if way == "close":
            await done
        assert gray.is_closed()
        with serving("gray"), pytest.raises(asyncpg.InterfaceError, match="pool is clos"):
            await pool.acquire()

    asyncio.run(main())


def test_a_pool_of_another_database_has_no_twin(shop: Shop, databases):
    """Connections cost the server memory."""

    async def main() -> None:
        dsn = shop.dsn.replace(f"/{shop.base}", "/postgres")
        async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
            with serving("gray"):
                async with pool.acquire() as connection:
                    assert connection._holder._pool is pool

    asyncio.run(main())


def test_rules_that_change_close_the_twin(shop: Shop, databases):
    """What is in use is closed when it is released."""

    async def main() -> None:
        async with asyncpg.create_pool(shop.dsn, min_size=1) as pool:
            with serving("gray"):
                used, idle = await pool.acquire(), await pool.acquire()
                one, two = used._con, idle._con
                await pool.release(idle)
                databases.engine.apply(shop.databases(user=shop.server.user))
                other = await pool.acquire()
                assert other._con not in (one, two)
                assert two.is_closed()
                await pool.release(used)
                assert one.is_closed()
                await pool.release(other)

    asyncio.run(main())


def test_tasks_never_share_across_sides(shop: Shop, databases):
    """Thousands of statements, all lanes at once from the first one on."""

    async def some(pool: Any, lane: str) -> None:
        with serving(lane):
            for _ in range(100):
                async with pool.acquire() as connection:
                    await connection.execute(INSERT, lane or "plain")
                    await connection.fetch(INSERT, lane or "plain")

    async def main() -> None:
        async with asyncpg.create_pool(shop.dsn, min_size=1, max_size=3) as pool:
            await asyncio.gather(*(some(pool, lane) for lane in ("gray", "") * 5))

    asyncio.run(main())
    assert shop.items()[2:] == ["plain"] * 1000
    assert shop.items(database=shop.gray)[2:] == ["gray"] * 1000


def test_one_pool_serves_lanes_with_shadow_tables(shop: Shop, tables):
    """There the statement differs; a connection is reset on the way back, whatever the lane."""

    async def main() -> None:
        async with asyncpg.create_pool(shop.dsn, min_size=1, max_size=1) as pool:
            for lane in ("gray", "", "gray"):
                with serving(lane):
                    await order(pool, lane or "plain")
                    connection = await pool.acquire()
                    await connection.execute("BEGIN")
                    await connection.execute(INSERT, "never")
                await pool.release(connection)
            assert len(names(pool)) == 1

    asyncio.run(main())
    assert shop.items() == ["base", "base", "plain"]
    assert shop.items("orders_gray") == ["shadow", "shadow", "gray", "gray"]


def test_without_its_pools_hooked_a_lane_is_refused(shop: Shop):
    """What a pool hands out is of base."""

    async def main() -> None:
        async with asyncpg.create_pool(shop.dsn, min_size=1) as pool:
            await order(pool, "plain")
            with serving("gray"), pytest.raises(REFUSED, match="opened to base"):
                await order(pool, "gray")

    with hooked(Plane(shop.databases()), "asyncpg"):
        asyncio.run(main())
    assert shop.items() == ["base", "base", "plain"]
