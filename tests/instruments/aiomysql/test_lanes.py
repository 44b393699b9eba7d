"""aiomysql on lanes with shadow tables."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiomysql
import pytest
from pymysql import err

from fairlead.telemetry.names import SQL_SHADOWED
from tests.instruments.mysql.behaviour import INSERT, refused
from tests.instruments.mysql.shop import Shop
from tests.instruments.plane import Plane, hooked, serving


@asynccontextmanager
async def connected(shop: Shop, **settings: Any) -> AsyncIterator[Any]:
    connection = await aiomysql.connect(**{**shop.args, "db": shop.base, **settings})
    try:
        yield connection
    finally:
        connection.close()


async def write_everything(connection: Any) -> None:
    async with connection.cursor() as cursor:
        await cursor.execute("INSERT INTO orders (item, amount) VALUES ('a;b', 1)")
        await cursor.execute(INSERT, ("it's", 2))
        await cursor.execute("UPDATE orders SET amount = %(n)s WHERE id = 1", {"n": 9})
        await cursor.execute("DELETE FROM orders WHERE orders.id = %s", (2,))
        await cursor.executemany(INSERT, [("d", 4)])
        await cursor.executemany(INSERT, [("e", n) for n in range(5000)])
        assert cursor.rowcount == 5000
        await cursor.executemany("UPDATE orders SET amount = %s WHERE item = %s", [(7, "d")])
    await connection.commit()


@pytest.mark.parametrize("lane", ["gray", ""])
def test_every_way_to_write_stays_on_its_side(plane: Plane, shop: Shop, lane: str) -> None:
    """What a release is tried with must not be found in the books, nor the other way round."""
    suffix = "" if lane else "_gray"
    before = shop.checksums(suffix=suffix)

    async def run() -> None:
        async with connected(shop) as connection:
            with serving("gray"):
                await connection.query("SELECT 1")
            with serving(lane):
                await write_everything(connection)

    asyncio.run(run())
    assert shop.checksums(suffix=suffix) == before
    assert shop.count("orders_gray" if lane else "orders") == 5004
    assert plane.counted(SQL_SHADOWED) == {"gray": 7 if lane else 0}


def test_a_connection_changes_lanes_between_transactions(plane: Plane, shop: Shop) -> None:
    """Inside of one that has written, it is refused."""

    async def run() -> None:
        async with connected(shop) as connection, connection.cursor() as cursor:
            for lane, word in (("gray", "shadow"), ("", "base"), ("gray", "shadow")):
                with serving(lane):
                    await cursor.execute("SELECT item FROM orders WHERE id = 1")
                    assert await cursor.fetchone() == (word,)
                    await cursor.execute(INSERT, ("x", 1))
                    await connection.commit()
            with serving("gray"):
                await cursor.execute(INSERT, ("x", 1))
            with serving(""):
                with pytest.raises(err.NotSupportedError) as error:
                    await cursor.execute(INSERT, ("x", 1))
                assert refused(error) == "side"
            await connection.rollback()
            with serving(""):
                await cursor.execute("INSERT INTO orders (item) VALUES ('x') RETURNING id")
            with serving("gray"), pytest.raises(err.NotSupportedError):
                await cursor.execute(INSERT, ("x", 1))

    asyncio.run(run())
    assert (shop.count("orders"), shop.count("orders_gray")) == (3, 4)


@pytest.mark.parametrize("way", ["statement", "select", "raw", "script"])
def test_base_is_seen_to_change_the_database(plane: Plane, shop: Shop, way: str) -> None:
    """The same words mean another table afterwards, which has no shadow."""

    async def run() -> None:
        async with connected(shop) as connection, connection.cursor() as cursor:
            with serving("gray"):
                await cursor.execute("SELECT item FROM orders")
            if way == "select":
                await connection.select_db(shop.other)
            elif way == "raw":
                await connection.query(f"USE `{shop.other}`")
            else:
                text = "SELECT 1; " if way == "script" else ""
                await cursor.execute(f"{text}USE `{shop.other}`")
            await connection.commit()
            with serving("gray"):
                await cursor.execute(INSERT, ("there", 1))
                await connection.select_db(shop.base)
                await cursor.execute(INSERT, ("here", 1))
            await connection.commit()

    asyncio.run(run())
    assert shop.count("orders", shop.other) == 3
    assert (shop.count("orders"), shop.count("orders_gray")) == (2, 3)


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ("CALL add_order(1)", "call"),
        ("SELECT 1; DELETE FROM orders", "multi"),
        ("LOAD DATA LOCAL INFILE '/etc/hosts' INTO TABLE orders", "load"),
    ],
)
def test_what_cannot_be_proved_is_refused(
    plane: Plane, shop: Shop, statement: str, cause: str
) -> None:
    """Refused is an error that somebody reads; a row in base is one that nobody looks for."""
    before = shop.checksums()

    async def run() -> None:
        async with connected(shop) as connection, connection.cursor() as cursor:
            with serving("gray"):
                for send in (cursor.execute, connection.query):
                    with pytest.raises(err.NotSupportedError) as error:
                        await send(statement)
                    assert refused(error) == cause
                with pytest.raises(err.NotSupportedError) as error:
                    await cursor.callproc("add_order", (1,))
                assert refused(error) == "call"

    asyncio.run(run())
    assert shop.checksums() == before


def test_a_shadow_that_is_missing_is_the_servers_error(plane: Plane, shop: Shop) -> None:
    """The row is not written at all: into base it may not go."""
    plane.engine.apply(shop.tables("plain"))

    async def run() -> None:
        async with connected(shop) as connection, connection.cursor() as cursor:
            with serving("gray"), pytest.raises(err.ProgrammingError) as error:
                await cursor.execute("INSERT INTO plain (word) VALUES ('x')")
            assert error.value.args[0] == 1146

    asyncio.run(run())
    assert shop.count("plain") == 0


def test_every_cursor_sees_what_it_sees_by_hand(plane: Plane, shop: Shop) -> None:
    """Whatever the cursor makes of rows, counts, identities and columns."""
    join = "SELECT * FROM orders{0} JOIN customers{0} ON customers{0}.id = orders{0}.id"

    async def see(lane: str, suffix: str) -> list[Any]:
        seen: list[Any] = []
        async with connected(shop) as connection:
            for kind in (aiomysql.DictCursor, aiomysql.SSCursor, aiomysql.SSDictCursor):
                with serving(lane):
                    async with connection.cursor(kind) as cursor:
                        await cursor.execute(join.format(suffix))
                        rows = await cursor.fetchall()
                        names = [
                            key.replace("_gray", "") for key in rows[0] if key and key == str(key)
                        ]
                        seen.append((names, len(rows), cursor.rowcount, len(cursor.description)))
                        await cursor.execute(f"INSERT INTO orders{suffix} (item) VALUES ('x')")
                        seen.append((cursor.rowcount, cursor.lastrowid))
            await connection.rollback()
        return seen

    wanted = asyncio.run(see("", "_gray"))
    shop.reset()
    assert asyncio.run(see("gray", "")) == wanted


def test_tasks_that_share_a_connection_are_judged_each(plane: Plane, shop: Shop) -> None:
    """They may not share one; what the second sends while the first waits is no less judged."""

    async def run() -> None:
        async with connected(shop) as connection:
            first, second = await connection.cursor(), await connection.cursor()
            with serving("gray"):
                await first.execute("SELECT 1")
                slow = asyncio.create_task(first.execute("SELECT SLEEP(0.2)"))
                await asyncio.sleep(0.05)
                # Which error it is depends on who reads first.
                with pytest.raises((RuntimeError, err.Error)):
                    await second.execute("INSERT INTO orders (item) VALUES ('x')")
                await asyncio.wait([slow])

    asyncio.run(run())
    assert shop.count("orders") == 2


def test_the_library_is_as_it_was_afterwards(shop: Shop) -> None:
    """Every replacement is undone, inherited methods among them."""
    classes = (aiomysql.Connection, aiomysql.Cursor, aiomysql.SSCursor, aiomysql.Pool)
    before = [dict(vars(one)) for one in classes]
    with hooked(shop.plane(shop.tables()), "aiomysql"):
        assert [dict(vars(one)) for one in classes] != before
    assert [dict(vars(one)) for one in classes] == before
