"""Statements of a lane reach shadow tables, however they are executed; those of base do not."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import asyncpg
import pytest

from tests.instruments.asyncpg.ways import INSERT, PLAIN, READS, SELECT, WRITES
from tests.instruments.plane import serving
from tests.instruments.postgres.shop import Shop

REFUSED = asyncpg.exceptions.FeatureNotSupportedError


@pytest.mark.parametrize("cache", [100, 0])
@pytest.mark.parametrize("way", WRITES, ids=lambda way: way.__name__)
def test_what_a_lane_writes_is_in_its_shadows(shop: Shop, tables, connected, way, cache):
    """The way that was forgotten is the one that writes to base."""

    async def work(connection: Any) -> None:
        with serving("gray"):
            await way(connection)

    before = shop.state()
    connected(work, statement_cache_size=cache)
    assert shop.state() == before
    assert shop.items("orders_gray")[:3] == ["shadow", "shadow", "x"]


@pytest.mark.parametrize("way", WRITES, ids=lambda way: way.__name__)
def test_what_base_writes_is_in_base(shop: Shop, tables, connected, way):
    """Also on a connection that a lane has used before: nothing is kept across sides."""

    async def work(connection: Any) -> None:
        with serving("gray"):
            await way(connection)
        before = shop.state(suffix="_gray")
        await way(connection)
        assert shop.state(suffix="_gray") == before

    connected(work)
    assert shop.items()[:3] == ["base", "base", "x"]


@pytest.mark.parametrize("way", READS, ids=lambda way: way.__name__)
def test_each_side_reads_its_own_rows(shop: Shop, tables, connected, way):
    """What is read decides what is written next."""

    async def work(connection: Any) -> None:
        for _ in range(2):
            with serving("gray"):
                assert await way(connection) == ["shadow", "shadow"]
            assert await way(connection) == ["base", "base"]

    connected(work)


def test_a_statement_runs_where_it_was_prepared(shop: Shop, tables, connected):
    """The server keeps it with the tables of one side."""

    async def work(connection: Any) -> None:
        base = await connection.prepare(INSERT)
        with serving("gray"):
            gray = await connection.prepare(INSERT)
            for way in (base.fetch("x", 1), base.executemany([("x", 1)])):
                with pytest.raises(REFUSED, match="prepared on base"):
                    await way
            await gray.fetch("gray", 1)
        with pytest.raises(REFUSED, match="prepared on lane gray"):
            await gray.fetch("x", 1)
        await base.fetch("plain", 1)
        async with connection.transaction():
            with serving("gray"), pytest.raises(REFUSED):
                await base.cursor("x", 1)
            with serving("gray"), pytest.raises(REFUSED):
                [row async for row in base.cursor("x", 1)]

    connected(work)
    assert shop.items() == ["base", "base", "plain"]
    assert shop.items("orders_gray") == ["shadow", "shadow", "gray"]


def test_a_missing_shadow_is_the_servers_own_error(shop: Shop, tables, connected):
    """Whoever knows the library knows what to do; base is left alone."""

    async def work(connection: Any) -> None:
        with serving("gray"), pytest.raises(asyncpg.UndefinedTableError, match="orders_gray"):
            await connection.execute(PLAIN)
        with serving("gray"), pytest.raises(asyncpg.UndefinedTableError, match="orders_gray"):
            await connection.copy_records_to_table("orders", records=[(1, "x", 1)])

    shop.run("DROP TABLE orders_gray")
    before = shop.run("SELECT xmin, t::text FROM orders t")
    connected(work)
    assert shop.run("SELECT xmin, t::text FROM orders t") == before


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ("CREATE TABLE t (id int)", "ddl"),
        ("CALL add_order()", "call"),
        ("INSERT INTO orders (item) VALUES ('x'); DELETE FROM orders", "multi"),
        ("ROLLBACK; DELETE FROM orders", "multi"),
        ("COPY orders FROM '/etc/passwd'", "file"),
    ],
)
def test_what_cannot_be_proved_is_refused(shop: Shop, tables, connected, statement, cause):
    """By the error that the server has for what it cannot do, and nothing is sent."""

    async def work(connection: Any) -> None:
        with serving("gray"), pytest.raises(REFUSED, match="lane gray"):
            await connection.execute(statement)

    before = shop.state()
    connected(work)
    assert shop.state() == before
    assert tables.counted("sql_refused") == {cause: 1}


def test_a_refusal_is_raised_where_the_call_is_awaited(shop: Shop, tables, connected):
    """`gather` and tasks expect an awaitable, and not an error."""

    async def work(connection: Any) -> None:
        with serving("gray"):
            calls = [getattr(connection, way)("CALL add_order()") for way in ("execute", "fetch")]
            for call in calls:
                with pytest.raises(REFUSED):
                    await call
        assert all(map(inspect.isawaitable, calls))

    connected(work)


def test_what_asyncpg_asks_for_itself_passes(shop: Shop, tables, connected):
    """Types are looked up in the catalogue; a reset is several statements in one."""
    shop.run("CREATE TYPE pair AS (a int, b text); CREATE TYPE mood AS ENUM ('ok')")

    async def work(connection: Any) -> None:
        with serving("gray"):
            assert await connection.fetchval("SELECT ROW(1, 'x')::pair") == (1, "x")
            assert await connection.fetchval("SELECT ARRAY['ok']::mood[]") == ["ok"]
            await connection.set_type_codec("mood", encoder=str, decoder=str.upper)
            assert await connection.fetchval("SELECT 'ok'::mood") == "OK"
            await connection.set_builtin_type_codec("int8", schema="pg_catalog", codec_name="int4")
            await connection.add_listener("news", print)
            whole = connection.transaction(isolation="serializable", readonly=True)
            async with whole, connection.transaction(isolation="serializable"):
                await connection.fetch(SELECT)
            await connection.reset()
            await connection.execute("BEGIN")
            await connection.execute(PLAIN)
            await connection.reload_schema_state()
        await connection._reset() if hasattr(connection, "_reset") else await connection.reset()

    connected(work)
    assert shop.items("orders_gray") == ["shadow", "shadow"]


def test_the_application_sees_no_trace_of_a_question(shop: Shop, tables, connected):
    """Its cache, its codecs and its loggers are its own."""
    odd: list[bool] = []

    class Odd(asyncpg.Record):  # type: ignore[misc]
        def __getitem__(self, key: Any) -> Any:
            assert not odd
            return super().__getitem__(key)

    async def work(connection: Any) -> None:
        logged: list[Any] = []
        await connection.set_type_codec(
            "text", schema="pg_catalog", encoder=str, decoder=lambda value: value * 2
        )
        odd.append(True)
        if hasattr(connection, "add_query_logger"):
            connection.add_query_logger(lambda record: logged.append(record.query))
        with serving("gray"):
            assert tuple((await connection.fetch(SELECT))[0]) == ("shadowshadow",)
        await asyncio.sleep(0)
        assert all("pg_class" not in query and "current_database" not in query for query in logged)
        kept = [key[0] for key in connection._stmt_cache._entries if isinstance(key, tuple)]
        assert [query for query in kept if "orders" in query] == kept

    connected(work, record_class=Odd)


def test_isolation_may_be_set_in_the_first_statement(shop: Shop, tables, connected):
    """PostgreSQL takes it before any query only: none of ours may come first."""

    async def work(connection: Any) -> None:
        with serving("gray"):
            await connection.execute("BEGIN")
            await connection.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            assert await connection.fetchval("SHOW transaction_isolation") == "serializable"
            await connection.execute("COMMIT")

    connected(work)


def test_a_failed_transaction_answers_for_itself(shop: Shop, tables, connected):
    """The application's handling of its own errors works as without us."""

    async def work(connection: Any) -> None:
        with serving("gray"):
            await connection.execute("BEGIN")
            with pytest.raises(asyncpg.UndefinedColumnError):
                await connection.fetch("SELECT nothing FROM plain")
            with pytest.raises(asyncpg.InFailedSQLTransactionError):
                await connection.fetch("SELECT item FROM orders WHERE id = 4711")
            await connection.execute("ROLLBACK")
            assert await connection.fetchval(SELECT) == "shadow"

    connected(work)


def test_where_of_copy_is_refused(shop: Shop, tables, connected):
    """It may call functions, and is not read."""

    async def work(connection: Any) -> None:
        if "where" not in inspect.signature(connection.copy_to_table).parameters:
            pytest.skip("this version has no such parameter")
        with serving("gray"), pytest.raises(REFUSED):
            await connection.copy_records_to_table(
                "orders", records=[(9, "x", 1)], where="id > 3 AND item <> 'y'"
            )

    before = shop.state()
    connected(work)
    assert shop.state() == before
