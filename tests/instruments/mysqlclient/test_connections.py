"""mysqlclient: ways to connect, and what only its own interface has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import MySQLdb
import pytest
from MySQLdb import _exceptions as errors
from MySQLdb.cursors import Cursor

from tests.instruments.mysql.behaviour import INSERT, refused
from tests.instruments.mysql.elsewhere import current
from tests.instruments.mysql.shop import Shop
from tests.instruments.plane import Plane, serving


@pytest.fixture
def elsewhere(plane: Plane, shop: Shop) -> Plane:
    """Lane gray has a shadow of the whole database."""
    plane.engine.apply(shop.database())
    return plane


@pytest.mark.parametrize("spelling", ["positions", "old"])
def test_a_database_is_told_in_several_ways(elsewhere: Plane, shop: Shop, spelling: str) -> None:
    """Isolation must not depend on which one is used."""
    server = shop.server
    with serving("gray"):
        if spelling == "positions":
            connection = MySQLdb.connect(
                server.host, server.user, server.password, shop.base, server.port
            )
        else:
            connection = MySQLdb.connect(
                host=server.host,
                port=server.port,
                user=server.user,
                passwd=server.password,
                db=shop.base,
            )
        assert current(connection) == shop.gray
    connection.close()


def test_a_database_that_a_file_names_is_refused_on_its_lane(
    elsewhere: Plane, shop: Shop, tmp_path: Path
) -> None:
    """The C library reads the file: which database it is shows when the connection is open."""
    file = tmp_path / "my.cnf"
    file.write_text(f"[client]\ndatabase={shop.base}\n")
    with serving("gray"):
        connection = MySQLdb.connect(**shop.args, read_default_file=str(file))
        with pytest.raises(errors.NotSupportedError) as error:
            connection.cursor().execute("SELECT item FROM orders")
        assert refused(error) == "side"
    assert current(connection) == shop.base
    connection.close()


def test_a_statement_that_is_sent_and_read_in_two_steps(connection: Any, shop: Shop) -> None:
    """The one step is as good as the other, as far as rows are concerned."""
    with serving("gray"):
        connection.send_query("INSERT INTO orders (item) VALUES ('x')")
        connection.read_query_result()
        connection.commit()
        with pytest.raises(errors.NotSupportedError):
            connection.send_query("CALL add_order(1)")
    assert (shop.count("orders"), shop.count("orders_gray")) == (2, 3)


@pytest.mark.skipif(not hasattr(Cursor, "executemany_fallback"), reason="from 2.3 on")
def test_statements_that_the_library_joins_are_judged_as_one(connection: Any, shop: Shop) -> None:
    """It makes one text of many; the application wrote one."""
    with serving("gray"):
        cursor = connection.cursor()
        cursor.executemany_fallback = "multi"
        cursor.executemany("UPDATE orders SET amount = %s WHERE id = %s", [(7, 1), (8, 2)])
        assert cursor.rowcount == 2
        connection.commit()
    assert [row[2] for row in shop.rows("orders_gray")] == [7, 8]
    assert [row[2] for row in shop.rows("orders")] == [10, 20]


def test_a_change_of_the_schema_does_not_show_that_it_committed(
    connection: Any, shop: Shop
) -> None:
    """The library does not say whether a transaction is open: in doubt it is, until a commit."""
    cursor = connection.cursor()
    cursor.execute(INSERT, ("x", 1))
    cursor.execute("CREATE OR REPLACE TABLE plain (id INT AUTO_INCREMENT PRIMARY KEY, word TEXT)")
    with serving("gray"):
        with pytest.raises(errors.NotSupportedError) as error:
            cursor.execute(INSERT, ("x", 1))
        assert refused(error) == "side"
        connection.commit()
        cursor.execute(INSERT, ("x", 1))


@pytest.mark.parametrize("opens", ["CALL add_order(1)", "SET @x = 1; BEGIN"])
def test_what_may_open_a_transaction_is_taken_to(connection: Any, shop: Shop, opens: str) -> None:
    """With autocommit, by its text alone."""
    connection.autocommit(True)
    cursor = connection.cursor()
    cursor.execute(opens)
    while cursor.nextset():
        pass
    cursor.execute(INSERT, ("x", 1))
    with serving("gray"), pytest.raises(errors.NotSupportedError):
        cursor.execute(INSERT, ("x", 1))
    cursor.execute("COMMIT")
    with serving("gray"):
        cursor.execute(INSERT, ("x", 1))


def test_another_user_may_be_on_another_database(connection: Any, plane: Plane, shop: Shop) -> None:
    """The connection is the same, and everything else is new."""
    server = shop.server
    with serving("gray"):
        connection.cursor().execute("SELECT item FROM orders")
        connection.change_user(server.user, server.password, shop.other)
        cursor = connection.cursor()
        cursor.execute("DELETE FROM orders")
        connection.commit()
    assert shop.count("orders", shop.other) == 0
    assert (shop.count("orders"), shop.count("orders_gray")) == (2, 2)
    plane.engine.apply(shop.database())
    with serving("gray"), pytest.raises(errors.NotSupportedError):
        connection.change_user(server.user, server.password, shop.base)
