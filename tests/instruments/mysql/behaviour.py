"""What holds for every MySQL driver that blocks, on lanes with shadow tables.

Their folders import it, and have a fixture `driver`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fairlead.sql.verdict import Refused
from fairlead.telemetry.names import SQL_REFUSED, SQL_SHADOWED, SQL_UNCHANGED
from tests.instruments.plane import serving

INSERT = "INSERT INTO orders (item, amount) VALUES (%s, %s)"


def refused(error: pytest.ExceptionInfo[Exception]) -> str:
    """Return the cause, one word, that a driver's error was raised for."""
    cause = error.value.__cause__
    assert isinstance(cause, Refused)
    assert "fairlead: refused on lane " in str(error.value)
    return cause.cause


def write_everything(connection: Any) -> None:
    """Change rows by every way that a cursor has."""
    cursor = connection.cursor()
    cursor.execute("INSERT INTO orders (item, amount) VALUES ('a;b', 1)")
    cursor.execute(INSERT, ("it's", 2))
    cursor.execute(
        "INSERT INTO orders (item, amount) VALUES (%(item)s, %(n)s)", {"item": "c", "n": 3}
    )
    cursor.execute("UPDATE orders SET amount = amount + 1 WHERE id = %s", (1,))
    cursor.execute("DELETE FROM orders WHERE orders.id = 2")
    cursor.execute("REPLACE INTO customers VALUES (%s, %s)", (1, "100%"))
    cursor.executemany(INSERT, [("d", 4)])
    cursor.executemany(INSERT, [("e", n) for n in range(3)])
    cursor.executemany("UPDATE orders SET amount = %s WHERE item = %s", [(7, "d"), (8, "e")])
    cursor.close()
    connection.commit()


def test_every_way_to_write_on_a_lane_reaches_the_shadow_alone(connection, plane, shop):
    """What a release is tried with must not be found in the books."""
    before = shop.checksums()
    with serving("gray"):
        write_everything(connection)
    assert shop.checksums() == before
    assert shop.count("orders_gray") == 8
    assert shop.rows("customers_gray") == [(1, "100%")]
    assert plane.counted(SQL_SHADOWED) == {"gray": 9}


def test_every_way_to_write_of_base_leaves_the_shadow_alone(connection, plane, shop):
    """A trial that sees the traffic of base proves nothing."""
    with serving("gray"), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchall()
    before = shop.checksums(suffix="_gray")
    with serving(""):
        write_everything(connection)
    assert shop.checksums(suffix="_gray") == before
    assert shop.count("orders") == 8


def test_the_statement_of_the_demo_reaches_its_shadow(connection, shop):
    """The table, and the statement, that the platform we follow shows its users."""
    with serving("gray"), connection.cursor() as cursor:
        cursor.execute("INSERT INTO mse_demo_table(location) VALUES(%s)", ("Hangzhou",))
        assert cursor.lastrowid == 1
        connection.commit()
    assert shop.rows("mse_demo_table_gray") == [(1, "Hangzhou")]
    assert shop.rows("mse_demo_table") == []


def test_a_shadow_that_is_missing_is_the_servers_error(driver, plane, connection, shop):
    """The row is not written at all: into base it may not go."""
    plane.engine.apply(shop.tables("orders", "plain"))
    with serving("gray"), connection.cursor() as cursor:
        with pytest.raises(driver.errors.ProgrammingError) as error:
            cursor.execute("INSERT INTO plain (word) VALUES ('x')")
        assert error.value.args[0] == 1146
        assert "plain_gray" in str(error.value)
    assert shop.count("plain") == 0


def test_tables_without_a_shadow_are_shared(connection, plane, shop):
    """A rule names what is shadowed; the rest of the database is for everybody."""
    with serving("gray"), connection.cursor() as cursor:
        cursor.execute("INSERT INTO plain (word) VALUES ('x')")
        connection.commit()
    assert shop.rows("plain") == [(1, "x")]
    assert plane.counted(SQL_UNCHANGED) == {"gray": 1}


@pytest.mark.parametrize("rows", [1, 5000])
def test_many_rows_are_written_as_by_hand(connection, shop, rows):
    """They leave the driver in other pieces than they came."""
    with serving("gray"), connection.cursor() as cursor:
        cursor.executemany(INSERT, [(f"i{n}", n) for n in range(rows)])
        assert cursor.rowcount == rows
        connection.commit()
    assert (shop.count("orders"), shop.count("orders_gray")) == (2, 2 + rows)


def test_rows_that_are_asked_for_while_they_are_written(connection, shop):
    """The generator's own statements are judged like any other."""
    other = connection.cursor()

    def rows() -> Iterator[tuple[str, int]]:
        for n in range(3):
            other.execute("UPDATE customers SET name = %s", (f"n{n}",))
            yield "x", n

    with serving("gray"), connection.cursor() as cursor:
        cursor.executemany("UPDATE orders SET item = %s WHERE amount > %s", list(rows()))
        connection.commit()
    assert shop.rows("customers") == [(1, "base")]
    assert shop.rows("customers_gray") == [(1, "n2")]


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ("CALL add_order(1)", "call"),
        ("INSERT INTO orders (item) VALUES (1); DELETE FROM orders", "multi"),
        ("LOAD DATA LOCAL INFILE '/etc/hosts' INTO TABLE orders", "load"),
        ("PREPARE p FROM 'DELETE FROM orders'", "prepare"),
        ("CREATE TABLE mine (id INT)", "ddl"),
        ("/*! DELETE FROM orders */", "comment"),
        ("LOCK TABLES orders WRITE", "lock"),
    ],
)
def test_what_cannot_be_proved_is_refused(driver, connection, plane, shop, statement, cause):
    """Refused is an error that somebody reads; a row in base is one that nobody looks for."""
    before = shop.checksums()
    with serving("gray"):
        with pytest.raises(driver.errors.NotSupportedError) as error:
            connection.cursor().execute(statement)
        assert refused(error) == cause
        connection.rollback()
    assert shop.checksums() == before
    assert plane.counted(SQL_REFUSED) == {cause: 1}


def test_a_stored_procedure_is_refused_on_a_lane_alone(driver, connection, shop):
    """It can reach any table; base's are its own affair."""
    cursor = connection.cursor()
    with serving("gray"):
        with pytest.raises(driver.errors.NotSupportedError) as error:
            cursor.callproc("add_order", (5,))
        assert refused(error) == "call"
    connection.rollback()
    cursor.callproc("add_order", (5,))
    cursor.close()
    connection.commit()
    assert (shop.count("orders"), shop.count("orders_gray")) == (3, 2)


@pytest.mark.parametrize("octets", [False, True], ids=["text", "bytes"])
def test_what_is_sent_past_all_cursors_is_judged(driver, connection, shop, octets):
    """A door that is open for connections is open for rows."""
    statement = "INSERT INTO orders (item) VALUES ('räw')"
    with serving("gray"):
        driver.raw(connection, statement.encode() if octets else statement)
        connection.commit()
        with pytest.raises(driver.errors.NotSupportedError):
            driver.raw(connection, "CALL add_order(1)")
    assert shop.rows("orders_gray")[-1] == (3, "räw", None)
    assert shop.count("orders") == 2


def test_a_statement_in_bytes_is_judged(connection, shop):
    """Drivers take them, and say so nowhere."""
    with serving("gray"), connection.cursor() as cursor:
        cursor.execute("INSERT INTO orders (item) VALUES ('ü')".encode())
        connection.commit()
    assert shop.rows("orders_gray")[-1] == (3, "ü", None)
    with serving(""), connection.cursor() as cursor:
        cursor.execute("INSERT INTO orders (item) VALUES ('ü')".encode())
        connection.commit()
    assert shop.count("orders") == 3
