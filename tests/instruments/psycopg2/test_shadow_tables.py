"""Statements of a lane reach shadow tables, however they are executed; those of base do not."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest
from psycopg2 import errors, extensions, extras

from tests.instruments.plane import serving
from tests.instruments.postgres.shop import Shop
from tests.instruments.psycopg2.ways import INSERT, PLAIN, READS, SELECT, WRITES, ByName


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
        connection.cursor().execute(SELECT)
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


def test_a_missing_shadow_is_the_servers_own_error(shop: Shop, connection):
    """Whoever knows the library knows what to do; base is left alone."""
    shop.run("DROP TABLE orders_gray")
    before = shop.run("SELECT xmin, t::text FROM orders t")
    with serving("gray"), pytest.raises(errors.UndefinedTable, match="orders_gray"):
        connection.cursor().execute(PLAIN)
    assert shop.run("SELECT xmin, t::text FROM orders t") == before


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ("CREATE TABLE t (id int)", "ddl"),
        ("CALL add_order()", "call"),
        ("DO $$ BEGIN INSERT INTO orders (item) VALUES ('x'); END $$", "do"),
        ("INSERT INTO orders (item) VALUES ('x'); DELETE FROM orders", "multi"),
        ("COPY orders FROM '/etc/passwd'", "file"),
    ],
)
def test_what_cannot_be_proved_is_refused(shop: Shop, tables, connection, statement, cause):
    """By the error that psycopg2 has for what cannot be done, and nothing is sent."""
    before = shop.state()
    with serving("gray"), pytest.raises(psycopg2.NotSupportedError, match="lane gray"):
        connection.cursor().execute(statement)
    connection.rollback()

    assert shop.state() == before
    assert tables.counted("sql_refused") == {cause: 1}


def test_values_that_lead_to_base_are_refused(shop: Shop, connection):
    """``AsIs`` carries SQL past whoever reads the statement only."""
    before = shop.state()
    merged = [
        ("SELECT 1 %s", (extensions.AsIs("; DELETE FROM orders"),)),
        ("SELECT '%s'", ("; DELETE FROM orders --",)),
        ("SELECT 1 -- %s", ("\n; DELETE FROM orders",)),
    ]
    with serving("gray"):
        for text, values in merged:
            for way in (connection.cursor(), connection.cursor(cursor_factory=ByName)):
                with pytest.raises(psycopg2.NotSupportedError):
                    way.execute(text, values)
                connection.rollback()
            with pytest.raises(psycopg2.NotSupportedError):
                extras.execute_batch(connection.cursor(), text, [values])
            with pytest.raises(psycopg2.NotSupportedError):
                connection.cursor().executemany(text, [values])
    connection.commit()
    assert shop.state() == before


def test_procedures_and_large_objects_are_refused(shop: Shop, connection):
    """Neither says which tables it writes to."""
    with serving("gray"):
        with pytest.raises(psycopg2.NotSupportedError, match="stored procedure"):
            connection.cursor().callproc("now")
        with pytest.raises(psycopg2.NotSupportedError, match="large objects"):
            connection.lobject()
    with connection.cursor() as cursor:
        cursor.callproc("abs", [-1])
        assert cursor.fetchone() == (1,)


def test_a_cursor_of_a_function_is_refused_where_it_cannot_be_governed(shop: Shop, connection):
    """Nobody would ask before it executes."""

    def function(*args: Any) -> Any:
        return extensions.cursor(*args)

    with serving("gray"), pytest.raises(psycopg2.NotSupportedError, match="has to be a class"):
        connection.cursor(cursor_factory=function)


def test_what_is_asked_leaves_no_trace(shop: Shop, connection):
    """Types that the application has taught psycopg2 are its own."""
    odd = extensions.new_type((19, 25, 21, 18, 16), "ODD", lambda value, cursor: object())
    extensions.register_type(odd, connection)
    connection.autocommit = True
    with serving("gray"):
        connection.cursor().execute(SELECT)
        assert connection.info.transaction_status == extensions.TRANSACTION_STATUS_IDLE
    assert connection.notices == []


def test_isolation_may_be_set_in_the_first_statement(shop: Shop, connection):
    """PostgreSQL takes it before any query only: none of ours may come first."""
    with serving("gray"), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("serializable",)


def test_a_failed_transaction_answers_for_itself(shop: Shop, connection):
    """The application's handling of its own errors works as without us, ROLLBACK by text too."""
    with serving("gray"), connection.cursor() as cursor:
        with pytest.raises(errors.UndefinedColumn):
            cursor.execute("SELECT nothing FROM plain")
        with pytest.raises(errors.InFailedSqlTransaction):
            cursor.execute("SELECT item FROM orders WHERE id = 4711")
        cursor.execute("ROLLBACK")
        cursor.execute(SELECT)
        assert cursor.fetchone() == ("shadow",)


def test_types_are_registered_on_a_lane(shop: Shop, connection):
    """psycopg2 looks them up in the catalogue, through the application's connection."""
    shop.run("CREATE TYPE pair AS (a int, b text)")
    with serving("gray"):
        assert extras.register_composite("pair", connection).oid
        with pytest.raises(psycopg2.ProgrammingError, match="hstore"):
            extras.register_hstore(connection)
        assert connection.tpc_recover() == []


def test_an_asynchronous_connection_is_refused_what_needs_a_question(shop: Shop, tables, connect):
    """Nobody waits for the answer but its own loop; base is as ever."""
    connection = connect(async_=True)
    extras.wait_select(connection)
    cursor = connection.cursor()
    with serving("gray"), pytest.raises(psycopg2.NotSupportedError, match="asynchronous"):
        cursor.execute(INSERT, ("x", 1))
    cursor.execute(INSERT, ("x", 1))
    extras.wait_select(connection)
    assert shop.items() == ["base", "base", "x"]


def test_classes_look_as_they_did(shop: Shop, tables, connect):
    """Applications print them, and ask what they are."""
    connection: Any = connect(connection_factory=extras.DictConnection)
    cursor: Any = connection.cursor()
    assert isinstance(connection, extras.DictConnection)
    assert isinstance(cursor, extras.DictCursor)
    assert (type(cursor).__module__, type(cursor).__name__) == ("psycopg2.extras", "DictCursor")
    with serving("gray"):
        cursor.execute(INSERT + " RETURNING item", ("x", 1))
        assert [row["item"] for row in cursor.fetchall()] == ["x"]
