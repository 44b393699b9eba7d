"""Every way in which an application can write or read by asyncpg."""

from __future__ import annotations

import io
from typing import Any

from asyncpg.connection import Connection

INSERT = "INSERT INTO orders (item, amount) VALUES ($1, $2)"
PLAIN = "INSERT INTO orders (item, amount) VALUES ('x', 100)"
SELECT = "SELECT item FROM orders ORDER BY id"


async def by_execute(c: Any) -> None:
    assert await c.execute(PLAIN) == "INSERT 0 1"


async def by_parameters(c: Any) -> None:
    assert await c.execute(INSERT, "x", 100) == "INSERT 0 1"


async def by_many(c: Any) -> None:
    await c.executemany(INSERT, [("x", n) for n in range(5000)])


async def by_fetching_many(c: Any) -> None:
    rows = await c.fetchmany(INSERT + " RETURNING item", [("x", 1), ("x", 2)])
    assert [row["item"] for row in rows] == ["x", "x"]


async def by_fetching(c: Any) -> None:
    assert [tuple(row) for row in await c.fetch(INSERT + " RETURNING item", "x", 1)] == [("x",)]
    assert (await c.fetchrow(PLAIN + " RETURNING orders.amount"))["amount"] == 100
    assert await c.fetchval(INSERT + " RETURNING item", "x", 2) == "x"


async def by_prepared(c: Any) -> None:
    statement = await c.prepare(INSERT + " RETURNING item")
    assert statement.get_query() == INSERT + " RETURNING item"
    assert await statement.fetchval("x", 1) == "x"
    assert await statement.fetchrow("x", 1) == ("x",)
    assert await statement.fetch("x", 1) == [("x",)]
    await statement.executemany([("x", 1), ("x", 2)])
    await statement.explain("x", 1, analyze=True)


async def by_copy(c: Any) -> None:
    columns = ["item", "amount"]
    await c.copy_records_to_table("orders", records=[("x", 1), ("x", 2)], columns=columns)
    await c.copy_records_to_table(
        "orders", records=[("x", 1)], columns=columns, schema_name="public"
    )
    await c.copy_to_table("orders", source=io.BytesIO(b"x\t1\n"), columns=columns)
    await c.copy_to_table(
        "orders", source=io.BytesIO(b"x,1\n"), columns=columns, schema_name="public", format="csv"
    )


async def in_savepoints(c: Any) -> None:
    async with c.transaction():
        await c.execute(PLAIN)
        inner = c.transaction()
        await inner.start()
        await c.execute("INSERT INTO orders (item) VALUES ('never')")
        await inner.rollback()


WRITES = [
    by_execute, by_parameters, by_many, by_fetching, by_prepared, by_copy, in_savepoints,
]  # fmt: skip
if hasattr(Connection, "fetchmany"):
    WRITES.append(by_fetching_many)


async def read(c: Any) -> list[str]:
    return [row[0] for row in await c.fetch(SELECT)]


async def read_by_prepared(c: Any) -> list[str]:
    return [row[0] for row in await (await c.prepare(SELECT)).fetch()]


async def read_by_cursor(c: Any) -> list[str]:
    async with c.transaction(isolation="repeatable_read", readonly=True):
        rows = [row[0] async for row in c.cursor("SELECT item FROM orders WHERE id > $1", 0)]
        cursor = await c.cursor(SELECT)
        assert [row[0] for row in await cursor.fetch(5)] == rows
        return rows


async def read_by_cursor_of_prepared(c: Any) -> list[str]:
    async with c.transaction():
        statement = await c.prepare(SELECT)
        cursor = await statement.cursor()
        await cursor.forward(1)
        assert len(await cursor.fetch(5)) == 1
        return [row[0] async for row in statement.cursor(prefetch=1)]


async def read_by_copy(c: Any) -> list[str]:
    out = io.BytesIO()
    await c.copy_from_table("orders", output=out, columns=["item"])
    return out.getvalue().decode().split()


async def read_by_copy_of_a_query(c: Any) -> list[str]:
    out = io.BytesIO()
    await c.copy_from_query(
        "SELECT item FROM orders WHERE id > $1 AND item <> $2", 0, "a'b", output=out
    )
    return out.getvalue().decode().split()


READS = [
    read, read_by_prepared, read_by_cursor, read_by_cursor_of_prepared, read_by_copy,
    read_by_copy_of_a_query,
]  # fmt: skip
