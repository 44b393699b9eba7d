"""Connector/Python: prepared cursors, and the commands of the protocol below all cursors."""

from __future__ import annotations

from typing import Any

import pytest
from mysql.connector import errors

from tests.instruments.mysql.behaviour import refused
from tests.instruments.mysql.shop import Shop
from tests.instruments.plane import Plane, serving

DEMO = "INSERT INTO mse_demo_table(location) VALUES(?)"


@pytest.mark.parametrize("statement", [DEMO, DEMO.replace("?", "%s"), DEMO.replace("?", "%(a)s")])
def test_the_statement_of_the_demo_is_prepared_on_its_shadow(
    connection: Any, shop: Shop, statement: str
) -> None:
    """As the platform that we follow shows it, and with the marks that other cursors take."""
    params: Any = {"a": "Hangzhou"} if "(a)" in statement else ("Hangzhou",)
    with serving("gray"):
        cursor = connection.cursor(prepared=True)
        cursor.execute(statement, params)
        assert cursor.lastrowid == 1
        cursor.close()
        connection.commit()
    assert shop.rows("mse_demo_table_gray") == [(1, "Hangzhou")]
    assert shop.rows("mse_demo_table") == []


def test_a_prepared_statement_stays_on_the_lane_it_was_prepared_on(
    connection: Any, shop: Shop
) -> None:
    """The cursor keeps it for as long as it is given the same object."""
    cursor = connection.cursor(prepared=True)
    for lane in ("", "gray", "", "gray", "gray", ""):
        with serving(lane):
            cursor.execute(DEMO, (lane or "base",))
            connection.commit()
    assert [row[1] for row in shop.rows("mse_demo_table_gray")] == ["gray"] * 3
    assert [row[1] for row in shop.rows("mse_demo_table")] == ["base"] * 3


def test_a_statement_prepared_in_another_database_is_prepared_again(
    connection: Any, shop: Shop
) -> None:
    """It means the table of the database that was current then: base's, of the lane's name."""
    statement = "INSERT INTO orders (item) VALUES (?)"
    cursor = connection.cursor(prepared=True)
    cursor.execute(statement, ("base",))
    connection.commit()
    connection.cmd_init_db(shop.other)
    with serving("gray"):
        cursor.execute(statement, ("there",))
        connection.commit()
    assert (shop.count("orders"), shop.count("orders", shop.other)) == (3, 3)


def test_the_same_statement_is_prepared_once(connection: Any, shop: Shop) -> None:
    """What a cursor keeps is not thrown away for each row."""
    prepared = []

    def prepare(*args: Any, **kwargs: Any) -> Any:
        prepared.append(args[0])
        return original(*args, **kwargs)

    with serving("gray"):
        cursor = connection.cursor(prepared=True)
        original = connection.cmd_stmt_prepare
        connection.cmd_stmt_prepare = prepare
        cursor.executemany(DEMO, [("x",), ("y",)])
        for word in ("z", "z"):
            cursor.execute(DEMO, (word,))
        connection.commit()
    assert prepared == [b"INSERT INTO mse_demo_table_gray(location) VALUES(?)"]
    assert shop.count("mse_demo_table_gray") == 4
    del connection.cmd_stmt_prepare


@pytest.mark.parametrize("kind", [{}, {"dictionary": True}])
def test_rows_of_a_prepared_statement(connection: Any, plane: Plane, kind: dict[str, bool]) -> None:
    """They come in another form than those of text."""
    with serving("gray"):
        cursor = connection.cursor(prepared=True, **kind)
        for number in (1, 2):
            cursor.execute("SELECT id, item FROM orders WHERE id = ?", (number,))
            (row,) = cursor.fetchall()
            assert tuple(row.values() if kind else row) == (number, "shadow")
        cursor.close()


def test_a_statement_prepared_by_hand_runs_on_no_lane(connection: Any, shop: Shop) -> None:
    """When it runs, its text is not there to be judged."""
    text = b"INSERT INTO orders (item) VALUES ('x')"
    with serving("gray"), pytest.raises(errors.NotSupportedError) as error:
        connection.cmd_stmt_prepare(text)
    assert refused(error) == "prepare"
    statement = connection.cmd_stmt_prepare(text)
    number = statement["statement_id"] if isinstance(statement, dict) else statement
    with serving("gray"), pytest.raises(errors.NotSupportedError):
        connection.cmd_stmt_execute(number)
    connection.cmd_stmt_execute(number)
    with serving("gray"), pytest.raises(errors.NotSupportedError) as error:
        connection.cursor().execute("SELECT 1 FROM orders")
    assert refused(error) == "side"
    connection.commit()
    connection.cmd_stmt_close(number)
    assert (shop.count("orders"), shop.count("orders_gray")) == (3, 2)


def test_commands_below_the_cursors_are_judged(connection: Any, shop: Shop, pure: bool) -> None:
    """They are as public as cursors are."""
    with serving("gray"):
        connection.cmd_query("INSERT INTO orders (item) VALUES ('x')")
        assert connection.info_query("SELECT COUNT(*) FROM orders WHERE item = 'shadow'")[0] == 2
        if pure:
            for result in connection.cmd_query_iter("DELETE FROM orders WHERE id = 1"):
                assert result["affected_rows"] == 1
            with pytest.raises(errors.NotSupportedError) as error:
                list(connection.cmd_query_iter("SELECT 1; DELETE FROM orders"))
            assert refused(error) == "multi"
        connection.commit()
    assert shop.count("orders") == 2
    assert shop.count("orders_gray") == (2 if pure else 3)


def test_settings_made_by_assignment_are_seen(connection: Any, shop: Shop) -> None:
    """``connection.sql_mode = …`` and the like send statements of their own."""
    with serving("gray"):
        cursor = connection.cursor()
        cursor.execute('INSERT INTO orders (item) VALUES ("orders")')
        connection.sql_mode = "ANSI_QUOTES"
        cursor.execute("INSERT INTO \"orders\" (item) VALUES ('x')")
        connection.sql_mode = ""
        cursor.execute('INSERT INTO orders (item) VALUES ("orders")')
        connection.commit()
    assert [row[1] for row in shop.rows("orders_gray")][2:] == ["orders", "x", "orders"]
    assert shop.count("orders") == 2


def test_a_session_that_is_reset_is_read_again(connection: Any, shop: Shop) -> None:
    """Pools do it whenever a connection comes back."""
    with serving("gray"):
        cursor = connection.cursor()
        cursor.execute("SET SESSION sql_mode = 'ANSI_QUOTES'")
        cursor.execute("INSERT INTO \"orders\" (item) VALUES ('x')")
        connection.commit()
        connection.reset_session()
        cursor = connection.cursor()
        cursor.execute('INSERT INTO orders (item) VALUES ("orders")')
        connection.commit()
        connection.cmd_change_user(shop.server.user, shop.server.password, shop.other)
        connection.cursor().execute("DELETE FROM orders")
        connection.commit()
    assert shop.count("orders", shop.other) == 0
    assert (shop.count("orders"), shop.count("orders_gray")) == (2, 4)


def test_a_connection_that_is_opened_again(connection: Any, shop: Shop) -> None:
    """It is to where it was."""
    with serving("gray"):
        connection.cursor().execute("DELETE FROM orders")
        connection.reconnect()
        cursor = connection.cursor()
        cursor.execute("INSERT INTO orders (item) VALUES ('x')")
        connection.commit()
    assert (shop.count("orders"), shop.count("orders_gray")) == (2, 3)


def test_warnings_are_those_of_the_statement(plane: Plane, connect: Any) -> None:
    """The cursor asks for them by a statement of its own."""
    for lane in ("", "gray"):
        with serving(lane):
            connection = connect(raise_on_warnings=True)
            cursor = connection.cursor()
            with pytest.raises(errors.Error) as error:
                cursor.execute("INSERT IGNORE INTO orders (id, amount) VALUES (1, 'no number')")
            assert error.value.errno == 1366
            assert [warning[1] for warning in cursor.warnings] == [1366, 1062]
            connection.rollback()


def test_a_cursor_without_a_connection_is_the_librarys_error(connect: Any, plane: Plane) -> None:
    """It lost it while we looked."""
    cursor = connect().cursor()
    cursor.close()
    with serving("gray"), pytest.raises(errors.ProgrammingError):
        cursor.execute("SELECT 1")
