"""What holds for every MySQL driver that blocks: one connection, several lanes and databases."""

from __future__ import annotations

import pytest

from tests.instruments.mysql.behaviour import INSERT, refused
from tests.instruments.plane import serving


def test_a_connection_changes_lanes_between_transactions(connection, shop):
    """Pools hand one connection to base and to lanes in turn."""
    cursor = connection.cursor()
    for lane, word in (("gray", "shadow"), ("", "base"), ("gray", "shadow")):
        with serving(lane):
            cursor.execute("SELECT item FROM orders WHERE id = 1")
            assert cursor.fetchone()[0] == word
            cursor.execute(INSERT, (lane, 1))
            connection.commit()
    assert (shop.count("orders"), shop.count("orders_gray")) == (3, 4)


@pytest.mark.parametrize("lanes", [("", "gray"), ("gray", "")])
def test_a_transaction_that_has_written_stays_on_its_lane(driver, connection, shop, lanes):
    """One commit or rollback would decide over the rows of two lanes."""
    cursor = connection.cursor()
    with serving(lanes[0]):
        cursor.execute(INSERT, ("x", 1))
    with serving(lanes[1]):
        with pytest.raises(driver.errors.NotSupportedError) as error:
            cursor.execute("SELECT item FROM orders")
        assert refused(error) == "side"
    connection.rollback()
    with serving(lanes[1]):
        cursor.execute("SELECT item FROM orders")
        assert len(cursor.fetchall()) == 2


def test_a_transaction_that_returned_what_it_wrote_stays_on_its_lane(driver, connection):
    """The server's word on the transaction comes with rows, and is easily overheard."""
    cursor = connection.cursor()
    with serving(""):
        cursor.execute("INSERT INTO orders (item) VALUES ('x') RETURNING id")
        assert cursor.fetchall()
    with serving("gray"), pytest.raises(driver.errors.NotSupportedError):
        cursor.execute("SELECT item FROM orders")


def test_a_transaction_that_only_read_is_no_hindrance(connection):
    """Without autocommit, any question opens one."""
    cursor = connection.cursor()
    with serving(""):
        cursor.execute("SELECT item FROM orders")
        cursor.fetchall()
    with serving("gray"):
        cursor.execute("SELECT item FROM orders WHERE id = 1")
        assert cursor.fetchone()[0] == "shadow"


def test_with_autocommit_a_lane_follows_a_write(driver, connection, shop):
    """Nothing is open after it."""
    driver.autocommit(connection, True)
    cursor = connection.cursor()
    for lane in ("", "gray", ""):
        with serving(lane):
            cursor.execute(INSERT, ("x", 1))
    assert (shop.count("orders"), shop.count("orders_gray")) == (4, 3)


@pytest.mark.parametrize("begin", ["BEGIN", "START TRANSACTION", "/* x */ begin"])
def test_a_transaction_begun_by_a_statement_is_seen(driver, connection, begin):
    """With autocommit, only the server knows, or who reads the statement."""
    driver.autocommit(connection, True)
    cursor = connection.cursor()
    with serving("gray"):
        cursor.execute(begin)
        cursor.execute(INSERT, ("x", 1))
    with serving(""):
        with pytest.raises(driver.errors.NotSupportedError) as error:
            cursor.execute(INSERT, ("x", 1))
        assert refused(error) == "side"
    with serving("gray"):
        cursor.execute("ROLLBACK")
    with serving(""):
        cursor.execute(INSERT, ("x", 1))


@pytest.mark.parametrize("way", ["statement", "select", "raw", "script", "comment"])
def test_base_is_seen_to_change_the_database(driver, connect, plane, shop, way):
    """The same words mean another table afterwards, which has no shadow."""
    connection = connect(**({"client_flag": 1 << 16} if driver.library == "pymysql" else {}))
    cursor = connection.cursor()
    with serving("gray"):
        cursor.execute("SELECT item FROM orders WHERE id = 1")
        assert cursor.fetchall()
    with serving(""):
        if way == "select":
            driver.select(connection, shop.other)
        elif way == "raw":
            driver.raw(connection, f"USE `{shop.other}`")
        elif way == "script":
            cursor.execute(f"SELECT 1; USE `{shop.other}`")
            cursor.fetchall()
            while cursor.nextset():
                pass
        else:
            begin = "/*!40000 " if way == "comment" else ""
            cursor.execute(f"{begin}USE `{shop.other}`{' */' if begin else ''}")
        connection.commit()
    with serving("gray"):
        cursor.execute("INSERT INTO orders (item) VALUES ('there')")
        connection.commit()
    assert shop.count("orders", shop.other) == 3
    assert shop.count("orders_gray") == 2


@pytest.mark.parametrize("way", ["statement", "select"])
def test_a_lane_is_seen_to_change_the_database(driver, connection, shop, way):
    """From the other database, base's table is one name away."""
    cursor = connection.cursor()
    with serving("gray"):
        driver.select(connection, shop.other)
        cursor.execute("SELECT item FROM orders WHERE id = 1")
        assert cursor.fetchall()[0][0] == "base"
        if way == "select":
            driver.select(connection, shop.base)
        else:
            cursor.execute(f"USE `{shop.base}`")
        cursor.execute(INSERT, ("x", 1))
        connection.commit()
    assert (shop.count("orders"), shop.count("orders_gray")) == (2, 3)


def test_a_use_that_nobody_saw_between_two_snapshots(driver, connection, plane, shop):
    """While no lane has shadows, nothing is noted."""
    cursor = connection.cursor()
    with serving("gray"):
        cursor.execute("SELECT item FROM orders")
        cursor.fetchall()
    tables = shop.tables()
    plane.engine.apply(type(tables)(workload=tables.workload, lanes=tables.lanes))
    cursor.execute(f"USE `{shop.other}`")
    connection.commit()
    plane.engine.apply(shop.tables())
    with serving("gray"):
        cursor.execute(INSERT, ("there", 1))
        connection.commit()
    assert shop.count("orders", shop.other) == 3


def test_an_instance_of_a_lane_works_on_it_without_a_request(connection, plane, shop):
    """Schedulers and consumers of a gray instance write no row of base (contract 8)."""
    plane.engine.apply(shop.tables(own="gray"))
    with connection.cursor() as cursor:
        cursor.execute(INSERT, ("x", 1))
        connection.commit()
    assert (shop.count("orders"), shop.count("orders_gray")) == (2, 3)


def test_settings_of_a_session_are_read_again(connection, shop):
    """With ANSI_QUOTES, a string is a name."""
    with serving("gray"), connection.cursor() as cursor:
        cursor.execute('INSERT INTO orders (item) VALUES ("orders")')
        cursor.execute("SET SESSION sql_mode = 'ANSI_QUOTES'")
        cursor.execute("INSERT INTO \"orders\" (item) VALUES ('x')")
        connection.commit()
    assert [row[1] for row in shop.rows("orders_gray")] == ["shadow", "shadow", "orders", "x"]
    assert shop.count("orders") == 2
