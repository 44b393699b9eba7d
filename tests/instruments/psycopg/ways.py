"""Every way in which an application can write or read by psycopg: with a thread, or on a loop."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import AsyncClientCursor, AsyncConnection, ClientCursor, Connection, sql

INSERT = "INSERT INTO orders (item, amount) VALUES (%s, %s)"
PLAIN = "INSERT INTO orders (item, amount) VALUES ('x', 100)"
SELECT = "SELECT item FROM orders ORDER BY id"


def by_execute(c: Connection[Any]) -> None:
    c.cursor().execute(PLAIN)


def by_parameters(c: Connection[Any]) -> None:
    c.cursor().execute(INSERT, ("x", 100))


def by_names(c: Connection[Any]) -> None:
    values = {"item": "x", "n": 100}
    c.execute("INSERT INTO orders (item, amount) VALUES (%(item)s, %(n)s)", values)


def by_many(c: Connection[Any]) -> None:
    c.cursor().executemany(INSERT, [("x", n) for n in range(5000)])


def by_many_returning(c: Connection[Any]) -> None:
    cursor = c.cursor()
    cursor.executemany(INSERT + " RETURNING item", [("x", 1), ("x", 2)], returning=True)
    found = []
    while True:
        found += cursor.fetchall()
        if not cursor.nextset():
            break
    assert found == [("x",), ("x",)]


def by_returning(c: Connection[Any]) -> None:
    assert c.execute(PLAIN + " RETURNING item, orders.amount").fetchall() == [("x", 100)]


def by_stream(c: Connection[Any]) -> None:
    assert list(c.cursor().stream(INSERT + " RETURNING item", ("x", 1))) == [("x",)]


def by_bytes(c: Connection[Any]) -> None:
    c.execute(PLAIN.encode())
    c.execute(INSERT.encode(), ("x", 100))


def by_composed(c: Connection[Any]) -> None:
    columns = sql.SQL(", ").join([sql.Identifier("item"), sql.Identifier("amount")])
    query = sql.SQL("INSERT INTO {} ({}) VALUES ({}, %s)").format(
        sql.Identifier("orders"), columns, sql.Literal("x")
    )
    c.execute(query, (100,))


def by_client_cursor(c: Connection[Any]) -> None:
    cursor = ClientCursor(c)
    cursor.execute(INSERT, ("x", 100))
    cursor.executemany(INSERT, [("x", 1), ("x", 2)])


def by_raw_cursor(c: Connection[Any]) -> None:
    cursor = psycopg.RawCursor(c)
    cursor.execute("INSERT INTO orders (item, amount) VALUES ($1, $2)", ("x", 5 % 3))
    cursor.executemany("INSERT INTO orders (item, amount) VALUES ($1, 7 % $2)", [("x", 2)])


def by_copy(c: Connection[Any]) -> None:
    with c.cursor().copy("COPY orders (item, amount) FROM STDIN") as copy:
        for number in range(3):
            copy.write_row(("x", number))


def by_prepared(c: Connection[Any]) -> None:
    for number in range(8):
        c.execute(INSERT, ("x", number))
    c.execute(PLAIN, prepare=True)


def in_pipeline(c: Connection[Any]) -> None:
    with c.pipeline() as pipeline:
        cursor = c.cursor()
        cursor.execute("INSERT INTO customers VALUES (7, 'x')")
        cursor.execute(INSERT, ("x", 100))
        pipeline.sync()
        assert c.execute(SELECT).fetchall()[-1] == ("x",)
        c.cursor().executemany(INSERT, [("x", 1), ("x", 2)])


def in_savepoints(c: Connection[Any]) -> None:
    with c.transaction():
        c.execute(PLAIN)
        with c.transaction(force_rollback=True):
            c.execute("INSERT INTO orders (item) VALUES ('never')")


WRITES = [
    by_execute, by_parameters, by_names, by_many, by_many_returning, by_returning, by_stream,
    by_bytes, by_composed, by_client_cursor, by_copy, by_prepared, in_pipeline, in_savepoints,
]  # fmt: skip
if hasattr(psycopg, "RawCursor"):
    WRITES.append(by_raw_cursor)


def read_by_server_cursor(c: Connection[Any]) -> list[Any]:
    with c.cursor("some") as cursor:
        cursor.itersize = 1
        cursor.execute(SELECT)
        return [row[0] for row in cursor]


def read_by_scrolling(c: Connection[Any]) -> list[Any]:
    with c.cursor("other", scrollable=True, withhold=True) as cursor:
        cursor.execute("SELECT item FROM orders WHERE amount > %s ORDER BY id", (0,))
        cursor.fetchone()
        cursor.scroll(0, mode="absolute")
        return [row[0] for row in cursor.fetchmany(5)]


def read_by_copy(c: Connection[Any]) -> list[Any]:
    with c.cursor().copy("COPY orders (item) TO STDOUT") as copy:
        return [row[0] for row in copy.rows()]


def read_by_copy_of_a_query(c: Connection[Any]) -> list[Any]:
    query = "COPY (SELECT item FROM orders WHERE amount > %s) TO STDOUT"
    with c.cursor().copy(query, (0,)) as copy:
        return [row[0] for row in copy.rows()]


def read_by_declaring(c: Connection[Any]) -> list[Any]:
    c.execute("DECLARE mine CURSOR FOR SELECT item FROM orders")
    return [row[0] for row in c.execute("FETCH ALL FROM mine").fetchall()]


READS = [
    read_by_server_cursor, read_by_scrolling, read_by_copy, read_by_copy_of_a_query,
    read_by_declaring,
]  # fmt: skip


async def async_by_execute(c: AsyncConnection[Any]) -> None:
    await c.cursor().execute(PLAIN)
    await c.execute(INSERT, ("x", 100))


async def async_by_many(c: AsyncConnection[Any]) -> None:
    await c.cursor().executemany(INSERT, [("x", n) for n in range(5000)])


async def async_by_stream(c: AsyncConnection[Any]) -> None:
    assert [row async for row in c.cursor().stream(PLAIN + " RETURNING item")] == [("x",)]


async def async_by_client_cursor(c: AsyncConnection[Any]) -> None:
    await AsyncClientCursor(c).execute(INSERT, ("x", 100))


async def async_by_copy(c: AsyncConnection[Any]) -> None:
    async with c.cursor().copy("COPY orders (item, amount) FROM STDIN") as copy:
        await copy.write_row(("x", 1))


async def async_in_pipeline(c: AsyncConnection[Any]) -> None:
    async with c.pipeline():
        await c.execute(PLAIN)
        cursor = await c.execute(INSERT + " RETURNING item", ("x", 1))
        assert await cursor.fetchone() == ("x",)


async def async_in_savepoints(c: AsyncConnection[Any]) -> None:
    async with c.transaction():
        await c.execute(PLAIN)
        async with c.transaction(force_rollback=True):
            await c.execute("INSERT INTO orders (item) VALUES ('never')")


ASYNC_WRITES = [
    async_by_execute, async_by_many, async_by_stream, async_by_client_cursor, async_by_copy,
    async_in_pipeline, async_in_savepoints,
]  # fmt: skip


async def async_read_by_server_cursor(c: AsyncConnection[Any]) -> list[Any]:
    async with c.cursor("some") as cursor:
        await cursor.execute(SELECT)
        return [row[0] async for row in cursor]


async def async_read_by_copy(c: AsyncConnection[Any]) -> list[Any]:
    async with c.cursor().copy("COPY orders (item) TO STDOUT") as copy:
        return [row[0] async for row in copy.rows()]


ASYNC_READS = [async_read_by_server_cursor, async_read_by_copy]
