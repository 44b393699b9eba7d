"""aiomysql on lanes with shadow databases, and its pool."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import aiomysql
import pytest
from pymysql import err

from tests.instruments.mysql.behaviour import INSERT, refused
from tests.instruments.mysql.shop import Shop
from tests.instruments.plane import Plane, hooked, serving


@pytest.fixture
def plane(shop: Shop) -> Iterator[Plane]:
    """Lane gray has a shadow of the whole database."""
    plane = shop.plane(shop.database())
    with hooked(plane, "aiomysql"):
        yield plane


def settings(shop: Shop, **more: Any) -> dict[str, Any]:
    return {**shop.args, "db": shop.base, **more}


async def current(connection: Any) -> str:
    async with connection.cursor() as cursor:
        await cursor.execute("SELECT DATABASE()")
        ((name,),) = await cursor.fetchall()
        return str(name)


def test_a_connection_serves_the_side_that_it_was_opened_on(plane: Plane, shop: Shop) -> None:
    """The same statements, in another database: none of them is read."""

    async def run() -> None:
        with serving("gray"):
            gray = await aiomysql.connect(**settings(shop))
            assert await current(gray) == shop.gray
            for statement in (f"DELETE FROM {shop.base}.orders", f"SELECT 1; USE {shop.base}"):
                with pytest.raises(err.NotSupportedError):
                    await gray.query(statement)
            with pytest.raises(err.NotSupportedError):
                await gray.select_db(shop.base)
        base = await aiomysql.connect(**settings(shop))
        assert await current(base) == shop.base
        with pytest.raises(err.NotSupportedError) as error:
            await current(gray)
        assert refused(error) == "side"
        with serving("gray"), pytest.raises(err.NotSupportedError):
            await current(base)
        gray.close()
        await gray.ping(reconnect=True)
        with serving("gray"):
            assert await current(gray) == shop.gray
        gray.close()
        base.close()

    asyncio.run(run())


def test_a_password_that_is_not_there_is_named_by_its_place(plane: Plane, shop: Shop) -> None:
    """The operator has to find it."""
    plane.engine.apply(shop.database(user="shadow_user", password="env:NO_SUCH_VARIABLE"))

    async def run() -> None:
        with serving("gray"), pytest.raises(err.OperationalError) as error:
            await aiomysql.connect(**settings(shop))
        assert "NO_SUCH_VARIABLE" in str(error.value)
        base = await aiomysql.connect(**settings(shop))
        assert await current(base) == shop.base
        base.close()

    asyncio.run(run())


def test_a_pool_has_a_twin_on_the_lane(plane: Plane, shop: Shop) -> None:
    """Whoever made the pool, and whoever gives a connection back."""

    async def run() -> None:
        with serving("gray"):
            pool = await aiomysql.create_pool(**settings(shop), minsize=2, maxsize=3)
        assert (pool.size, pool.freesize) == (2, 2)
        async with pool.acquire() as connection:
            assert await current(connection) == shop.base
        with serving("gray"):
            taken = [await pool.acquire() for _ in range(3)]
            for connection in taken:
                assert await current(connection) == shop.gray
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(pool.acquire(), 0.1)
        pool.release(taken.pop())
        with serving("gray"):
            again = await asyncio.wait_for(pool.acquire(), 5)
            assert await current(again) == shop.gray
        assert pool.freesize == 2
        for connection in (*taken, again):
            await pool.release(connection)
        pool.close()
        await asyncio.wait_for(pool.wait_closed(), 5)
        assert again.closed

    asyncio.run(run())


def test_a_twin_ends_with_its_rule(plane: Plane, shop: Shop) -> None:
    """Connections to what is no shadow any more are closed, those in use when they come back."""

    async def run() -> None:
        pool = await aiomysql.create_pool(**settings(shop))
        with serving("gray"):
            first = await pool.acquire()
            second = await pool.acquire()
            await pool.release(second)
        rules = shop.database()
        (rule,) = rules.shadow_databases
        other = replace(rule, shadow=replace(rule.shadow, name=shop.other))
        plane.engine.apply(replace(rules, shadow_databases=(other,)))
        with serving("gray"):
            async with pool.acquire() as connection:
                assert await current(connection) == shop.other
            assert second.closed
            assert not first.closed
        pool.release(first)
        assert first.closed
        pool.terminate()
        await pool.wait_closed()

    asyncio.run(run())


def test_a_pool_never_serves_two_sides(plane: Plane, shop: Shop) -> None:
    """Many tasks at once, in no order."""
    shares = random.Random(7)

    async def work(pool: Any, lane: str) -> None:
        with serving(lane):
            async with pool.acquire() as connection, connection.cursor() as cursor:
                await cursor.execute(INSERT, (lane or "base", 1))
                await cursor.execute("SELECT DISTINCT item FROM orders WHERE id > 2")
                assert await cursor.fetchall() == ((lane or "base",),)
                await connection.commit()

    async def run() -> list[str]:
        lanes = [shares.choice(["", "gray"]) for _ in range(2000)]
        async with aiomysql.create_pool(**settings(shop), maxsize=5) as pool:
            for start in range(0, len(lanes), 100):
                await asyncio.gather(*(work(pool, lane) for lane in lanes[start : start + 100]))
        return lanes

    lanes = asyncio.run(run())
    assert shop.count("orders") == 2 + lanes.count("")
    assert shop.count("orders", shop.gray) == 2 + lanes.count("gray")
