"""Statements of a lane reach shadow tables, however they are executed; those of base do not."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import psycopg
import pytest

from tests.instruments.plane import serving
from tests.instruments.postgres.shop import Shop
from tests.instruments.psycopg.ways import ASYNC_READS, ASYNC_WRITES, READS, WRITES, by_many


@pytest.mark.parametrize("autocommit", [False, True])
@pytest.mark.parametrize("way", WRITES, ids=lambda way: way.__name__)
def test_what_a_lane_writes_is_in_its_shadows(shop: Shop, connection, way, autocommit):
    """The way that was forgotten is the one that writes to base."""
    connection.autocommit = autocommit
    before = shop.state()
    with serving("gray"):
        way(connection)
        connection.commit()

    assert shop.state() == before
    assert shop.items("orders_gray")[:3] == ["shadow", "shadow", "x"]


@pytest.mark.parametrize("way", WRITES, ids=lambda way: way.__name__)
def test_what_base_writes_is_in_base(shop: Shop, connection, way):
    """Also on a connection that a lane has used before."""
    with serving("gray"):
        way(connection)
        connection.commit()
    before = shop.state(suffix="_gray")
    way(connection)
    connection.commit()

    assert shop.state(suffix="_gray") == before
    assert shop.items()[:3] == ["base", "base", "x"]


@pytest.mark.parametrize("way", READS, ids=lambda way: way.__name__)
def test_each_side_reads_its_own_rows(shop: Shop, connection, way):
    """What is read decides what is written next."""
    with serving("gray"):
        assert way(connection) == ["shadow", "shadow"]
        connection.rollback()
    assert way(connection) == ["base", "base"]


@pytest.mark.parametrize("way", ASYNC_WRITES, ids=lambda way: way.__name__)
def test_what_a_lane_writes_on_a_loop_is_in_its_shadows(shop: Shop, tables, way):
    """Questions to the catalogue are asked without holding up the loop."""

    async def main() -> None:
        async with await psycopg.AsyncConnection.connect(shop.dsn) as connection:
            with serving("gray"):
                await way(connection)
                await connection.commit()
            gray = shop.state(suffix="_gray")
            assert shop.state() == base
            await way(connection)
            await connection.commit()
            assert shop.state(suffix="_gray") == gray

    base = shop.state()
    asyncio.run(main())

    assert shop.items("orders_gray")[:3] == ["shadow", "shadow", "x"]
    assert shop.items()[:3] == ["base", "base", "x"]


@pytest.mark.parametrize("way", ASYNC_READS, ids=lambda way: way.__name__)
def test_each_side_reads_its_own_rows_on_a_loop(shop: Shop, tables, way):
    """What is read decides what is written next."""

    async def main() -> None:
        async with await psycopg.AsyncConnection.connect(shop.dsn) as connection:
            with serving("gray"):
                assert await way(connection) == ["shadow", "shadow"]
                await connection.rollback()
            assert await way(connection) == ["base", "base"]

    asyncio.run(main())


def test_many_rows_without_a_pipeline(shop: Shop, connection, monkeypatch):
    """What psycopg does with a libpq of before version 14."""
    monkeypatch.setattr(psycopg.Pipeline, "is_supported", lambda: False)
    before = shop.state()
    with serving("gray"):
        by_many(connection)
        connection.commit()
    assert shop.state() == before
    assert len(shop.items("orders_gray")) == 5002


def test_a_missing_shadow_is_the_servers_own_error(shop: Shop, connection):
    """Whoever knows the library knows what to do; base is left alone."""
    shop.run("DROP TABLE orders_gray")
    before = shop.run("SELECT xmin, t::text FROM orders t")
    with serving("gray"), pytest.raises(psycopg.errors.UndefinedTable, match="orders_gray"):
        connection.execute("INSERT INTO orders (item) VALUES ('x')")
    assert shop.run("SELECT xmin, t::text FROM orders t") == before


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ("CREATE TABLE t (id int)", "ddl"),
        ("TRUNCATE orders", "ddl"),
        ("CALL add_order()", "call"),
        ("DO $$ BEGIN INSERT INTO orders (item) VALUES ('x'); END $$", "do"),
        ("INSERT INTO orders (item) VALUES ('x'); DELETE FROM orders", "multi"),
        ("ROLLBACK; DELETE FROM orders", "multi"),
        ("PREPARE p AS DELETE FROM orders", "prepare"),
        ("COPY orders FROM '/etc/passwd'", "file"),
    ],
)
def test_what_cannot_be_proved_is_refused(shop: Shop, tables, connection, statement, cause):
    """By the error that psycopg has for what cannot be done, and nothing is sent."""
    before = shop.state()
    with serving("gray"), pytest.raises(psycopg.NotSupportedError, match="lane gray"):
        connection.execute(statement)
    connection.rollback()

    assert shop.state() == before
    assert tables.counted("sql_refused") == {cause: 1}


def test_a_parameter_in_quotes_is_refused(shop: Shop, connection):
    """A cursor that merges would end the string there, and what follows is SQL."""
    before = shop.state()
    cursor = psycopg.ClientCursor(connection)
    with serving("gray"), pytest.raises(psycopg.NotSupportedError, match="inside of quotes"):
        cursor.execute("SELECT '%s'", (" FROM orders --",))
    assert shop.state() == before


def test_internal_queries_of_psycopg_pass(shop: Shop, connection):
    """Types are looked up in the catalogue, and two-phase transactions in a view of it."""
    shop.run("CREATE TYPE pair AS (a int, b text); CREATE TYPE mood AS ENUM ('ok')")
    from psycopg.types import TypeInfo
    from psycopg.types.composite import CompositeInfo
    from psycopg.types.enum import EnumInfo

    with serving("gray"):
        assert TypeInfo.fetch(connection, "pair") is not None
        assert CompositeInfo.fetch(connection, "pair") is not None
        assert EnumInfo.fetch(connection, "mood") is not None
        assert connection.tpc_recover() == []


def test_the_application_sees_no_trace_of_a_question(shop: Shop, tables):
    """Its rows, its adapters and its transactions are its own."""
    with psycopg.connect(shop.dsn, row_factory=psycopg.rows.dict_row) as connection:
        notices: list[Any] = []
        connection.add_notice_handler(notices.append)
        connection.adapters.register_loader("text", psycopg.types.string.TextBinaryLoader)
        with serving("gray"):
            idle = psycopg.pq.TransactionStatus.IDLE
            with pytest.raises(psycopg.NotSupportedError):
                connection.execute("SELECT unknown_function()")
            assert connection.info.transaction_status == idle
            assert connection.execute("SELECT count(*) AS n FROM orders").fetchone() == {"n": 2}
        assert notices == []


def test_isolation_may_be_set_in_the_first_statement(shop: Shop, tables):
    """PostgreSQL takes it before any query only: none of ours may come first."""
    with psycopg.connect(shop.dsn) as connection, serving("gray"):
        connection.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        shown = connection.execute("SHOW transaction_isolation").fetchone()
        assert shown == ("repeatable read",)
        assert connection.execute("SELECT item FROM orders").fetchone() == ("shadow",)


def test_a_failed_transaction_answers_for_itself(shop: Shop, connection):
    """The application's handling of its own errors works as without us, ROLLBACK by text too."""
    with serving("gray"):
        with pytest.raises(psycopg.errors.UndefinedColumn):
            connection.execute("SELECT nothing FROM plain")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction) as caught:
            connection.execute("SELECT item FROM orders WHERE id = 4711")
        assert caught.value.__cause__ is not caught.value
        connection.execute("ROLLBACK")
        assert connection.execute("SELECT item FROM orders").fetchone() == ("shadow",)


@pytest.mark.parametrize(
    ("part", "refused"),
    [
        ("n integer DEFAULT touch()", True),
        ("n integer DEFAULT 1 CHECK (touch() = 1)", True),
        ("n integer DEFAULT harmless()", False),
        ("n uuid DEFAULT gen_random_uuid()", False),
    ],
)
def test_what_a_default_calls_is_followed(shop: Shop, connection, part, refused):
    """The statement names one table, and the server runs a function that writes to another."""
    shop.run(
        "CREATE FUNCTION touch() RETURNS integer LANGUAGE sql"
        " AS $$ INSERT INTO orders (item) VALUES ('t') RETURNING 1 $$;"
        "CREATE FUNCTION harmless() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;"
        f"CREATE TABLE notes (id integer, {part})"
    )
    before = shop.state()
    with serving("gray"):
        with pytest.raises(psycopg.NotSupportedError, match="touch") if refused else nullcontext():
            connection.execute("INSERT INTO notes (id) VALUES (1)")
        connection.commit()
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (not refused,)
    assert shop.state() == before


def test_a_temporary_view_is_seen_by_its_connection(shop: Shop, connection):
    """The catalogue was read before it was made."""
    with serving("gray"):
        connection.execute("SELECT item FROM orders")
        connection.rollback()
    connection.execute("CREATE TEMP VIEW mine AS SELECT * FROM orders")
    connection.commit()
    with serving("gray"), pytest.raises(psycopg.NotSupportedError, match="mine"):
        connection.execute("SELECT * FROM mine")
