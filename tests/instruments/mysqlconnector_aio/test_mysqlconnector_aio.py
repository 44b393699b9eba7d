"""Connector/Python on asyncio: lanes with shadow tables, with shadow databases, and its pool."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mysql.connector import aio, errors

from tests.instruments.mysql.behaviour import INSERT, refused
from tests.instruments.mysql.shop import Shop
from tests.instruments.plane import Plane, hooked, serving

DEMO = "INSERT INTO mse_demo_table(location) VALUES(?)"
PLAIN = {"ssl_disabled": True}
"""It fails where a server has no TLS."""


@asynccontextmanager
async def connected(shop: Shop, **settings: Any) -> AsyncIterator[Any]:
    connection = await aio.connect(**{**shop.args, **PLAIN, "database": shop.base, **settings})
    try:
        yield connection
    finally:
        await connection.close()


async def current(connection: Any) -> str:
    cursor = await connection.cursor()
    await cursor.execute("SELECT DATABASE()")
    ((name,),) = await cursor.fetchall()
    await cursor.close()
    return str(name)


async def write_everything(connection: Any) -> None:
    cursor = await connection.cursor()
    await cursor.execute("INSERT INTO orders (item, amount) VALUES ('a;b', 1)")
    await cursor.execute(INSERT, ("it's", 2))
    await cursor.execute("UPDATE orders SET amount = %(n)s WHERE id = 1", {"n": 9})
    await cursor.execute("DELETE FROM orders WHERE orders.id = %s", (2,))
    await cursor.executemany(INSERT, [("e", n) for n in range(100)])
    await cursor.executemany("UPDATE orders SET amount = %s WHERE item = %s", [(7, "e")])
    await cursor.close()
    prepared = await connection.cursor(prepared=True)
    await prepared.execute(DEMO, ("Hangzhou",))
    await prepared.executemany(DEMO, [("a",), ("b",)])
    await prepared.close()
    await connection.cmd_query("INSERT INTO orders (item) VALUES ('raw')")
    await connection.commit()


@pytest.mark.parametrize("lane", ["gray", ""])
def test_every_way_to_write_stays_on_its_side(plane: Plane, shop: Shop, lane: str) -> None:
    """What a release is tried with must not be found in the books, nor the other way round."""
    mine, others = ("_gray", "") if lane else ("", "_gray")
    before = shop.checksums(suffix=others)

    async def run() -> None:
        async with connected(shop) as connection:
            with serving("gray"):
                assert await current(connection) == shop.base
            with serving(lane):
                await write_everything(connection)

    asyncio.run(run())
    assert shop.checksums(suffix=others) == before
    assert shop.count(f"orders{mine}") == 104
    assert [row[1] for row in shop.rows(f"mse_demo_table{mine}")] == ["Hangzhou", "a", "b"]


def test_a_connection_changes_lanes_between_transactions(plane: Plane, shop: Shop) -> None:
    """Inside of one that has written, it is refused; what is prepared is prepared again."""

    async def run() -> None:
        async with connected(shop) as connection:
            prepared = await connection.cursor(prepared=True)
            for lane in ("gray", "", "gray", ""):
                with serving(lane):
                    await prepared.execute(DEMO, (lane or "base",))
                    await connection.commit()
            cursor = await connection.cursor()
            with serving("gray"):
                await cursor.execute(INSERT, ("x", 1))
            with serving(""), pytest.raises(errors.NotSupportedError) as error:
                await cursor.execute(INSERT, ("x", 1))
            assert refused(error) == "side"

    asyncio.run(run())
    assert [row[1] for row in shop.rows("mse_demo_table_gray")] == ["gray", "gray"]
    assert [row[1] for row in shop.rows("mse_demo_table")] == ["base", "base"]


@pytest.mark.parametrize("way", ["statement", "select", "raw"])
def test_base_is_seen_to_change_the_database(plane: Plane, shop: Shop, way: str) -> None:
    """The same words mean another table afterwards, which has no shadow."""

    async def run() -> None:
        async with connected(shop) as connection:
            cursor = await connection.cursor()
            with serving("gray"):
                await cursor.execute("UPDATE orders SET amount = 0")
                await connection.commit()
            if way == "select":
                await connection.cmd_init_db(shop.other)
            elif way == "raw":
                await connection.cmd_query(f"USE `{shop.other}`")
            else:
                await cursor.execute(f"USE `{shop.other}`")
            with serving("gray"):
                await cursor.execute(INSERT, ("there", 1))
                await connection.set_database(f"`{shop.base}`")
                await cursor.execute(INSERT, ("here", 1))
                await connection.commit()

    asyncio.run(run())
    assert shop.count("orders", shop.other) == 3
    assert (shop.count("orders"), shop.count("orders_gray")) == (2, 3)


def test_what_cannot_be_proved_is_refused(plane: Plane, shop: Shop) -> None:
    """Refused is an error that somebody reads; a row in base is one that nobody looks for."""
    before = shop.checksums()

    async def refuse(cause: str, send: Callable[[], Awaitable[Any]]) -> None:
        with pytest.raises(errors.NotSupportedError) as error:
            await send()
        assert refused(error) == cause

    async def several(connection: Any) -> None:
        async for _ in connection.cmd_query_iter("SELECT 1; DELETE FROM orders"):
            pass

    async def run() -> None:
        async with connected(shop) as connection:
            cursor = await connection.cursor()
            statement = await connection.cmd_stmt_prepare(b"DELETE FROM orders")
            with serving("gray"):
                await refuse("call", lambda: cursor.execute("CALL add_order(1)"))
                await refuse("call", lambda: connection.cmd_query("CALL add_order(1)"))
                await refuse("call", lambda: cursor.callproc("add_order", (1,)))
                await refuse("multi", lambda: several(connection))
                number = statement["statement_id"]
                await refuse("prepare", lambda: connection.cmd_stmt_execute(number))
                await refuse("prepare", lambda: connection.cmd_stmt_prepare(b"SELECT 1"))

    asyncio.run(run())
    assert shop.checksums() == before


def test_a_connection_serves_the_side_that_it_was_opened_on(plane: Plane, shop: Shop) -> None:
    """A shadow database has connections of its own."""
    plane.engine.apply(shop.database())

    async def run() -> None:
        async with connected(shop) as base:
            with serving("gray"):
                async with connected(shop) as gray:
                    assert await current(gray) == shop.gray
                    with pytest.raises(errors.NotSupportedError):
                        await gray.cmd_query(f"DELETE FROM {shop.base}.orders")
                    with pytest.raises(errors.NotSupportedError):
                        await gray.cmd_init_db(shop.base)
                    await gray.reconnect()
                    assert await current(gray) == shop.gray
                with pytest.raises(errors.NotSupportedError) as error:
                    await current(base)
                assert refused(error) == "side"
            assert await current(base) == shop.base

    asyncio.run(run())


def test_a_password_that_is_not_there_is_named_by_its_place(plane: Plane, shop: Shop) -> None:
    """The operator has to find it."""
    plane.engine.apply(shop.database(user="shadow_user", password="env:NO_SUCH_VARIABLE"))

    async def run() -> None:
        with serving("gray"), pytest.raises(errors.OperationalError) as error:
            async with connected(shop):
                pass
        assert "NO_SUCH_VARIABLE" in str(error.value)

    asyncio.run(run())


@pytest.mark.skipif("MySQLConnectionPool" not in vars(aio), reason="there is no pool before 9.3")
def test_a_pool_never_serves_two_sides(plane: Plane, shop: Shop) -> None:
    """Many tasks at once, in no order; whoever made the pool."""
    plane.engine.apply(shop.database())
    shares = random.Random(5)
    lanes = [shares.choice(["", "gray"]) for _ in range(500)]

    async def work(pool: Any, lane: str) -> None:
        with serving(lane):
            async with await pool.get_connection() as connection:
                cursor = await connection.cursor()
                await cursor.execute(INSERT, (lane or "base", 1))
                await cursor.execute("SELECT DISTINCT item FROM orders WHERE id > 2")
                assert await cursor.fetchall() == [(lane or "base",)]
                await connection.commit()

    async def run() -> None:
        with serving("gray"):
            pool = aio.MySQLConnectionPool(
                pool_name="shop", pool_size=5, database=shop.base, **PLAIN, **shop.args
            )
            await pool.initialize_pool()
        for start in range(0, len(lanes), 5):
            await asyncio.gather(*(work(pool, lane) for lane in lanes[start : start + 5]))
        await pool.close_pool()

    asyncio.run(run())
    assert shop.count("orders") == 2 + lanes.count("")
    assert shop.count("orders", shop.gray) == 2 + lanes.count("gray")


def test_tasks_that_share_a_connection_are_judged_each(plane: Plane, shop: Shop) -> None:
    """They may not share one; what the second sends while the first waits is no less judged."""

    async def run() -> None:
        async with connected(shop) as connection:
            first = await connection.cursor(prepared=True)
            with serving("gray"):
                await first.execute("INSERT INTO orders (item) VALUES (?)", ("x",))
                slow = asyncio.create_task(first.execute("DO SLEEP(?)", (0.2,)))
                with pytest.raises(errors.NotSupportedError):
                    await slow
                slow = asyncio.create_task(first.execute("UPDATE orders SET id = 9 + SLEEP(0.2)"))
                await asyncio.sleep(0.05)
                with pytest.raises(errors.NotSupportedError):
                    await connection.cmd_query("CALL add_order(1)")
                await asyncio.wait([slow])

    asyncio.run(run())
    assert shop.count("orders") == 2


def test_the_library_is_as_it_was_afterwards(shop: Shop) -> None:
    """Every replacement is undone, inherited methods among them."""
    classes = [
        aio.MySQLConnection,
        *(one for one in vars(aio.cursor).values() if type(one) is type),
    ]
    before = [dict(vars(one)) for one in classes]
    with hooked(shop.plane(shop.tables()), "mysqlconnector_aio"):
        assert [dict(vars(one)) for one in classes] != before
    assert [dict(vars(one)) for one in classes] == before
