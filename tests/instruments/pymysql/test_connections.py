"""PyMySQL: ways to connect, to connect again, and to be asked something in between."""

from __future__ import annotations

import socket
import warnings
from pathlib import Path
from typing import Any

import pymysql
import pytest
from pymysql.cursors import SSCursor

from tests.instruments.mysql.elsewhere import current
from tests.instruments.mysql.shop import Shop
from tests.instruments.plane import Plane, hooked, serving


@pytest.fixture
def elsewhere(plane: Plane, shop: Shop) -> Plane:
    """Lane gray has a shadow of the whole database."""
    plane.engine.apply(shop.database())
    return plane


def test_a_connection_made_first_and_opened_later(elsewhere: Plane, shop: Shop) -> None:
    """The lane that counts is that of who opens it."""
    connection = pymysql.connect(**shop.args, database=shop.base, defer_connect=True)
    with serving("gray"):
        connection.connect()
        assert current(connection) == shop.gray
    connection.close()


def test_a_connection_opened_again_stays_on_its_side(elsewhere: Plane, connect: Any) -> None:
    """Whoever asks for it: half of what it did is on the one side already."""
    base = connect()
    with serving("gray"):
        gray = connect()
        name = current(gray)
        base.close()
        base.connect()
    gray.close()
    gray.connect()
    with serving("gray"):
        assert current(gray) == name
    assert current(base) != name


def test_a_lost_connection_that_is_pinged(plane: Plane, connect: Any, shop: Shop) -> None:
    """Its transaction is gone, and so is what was known of its session."""
    connection = connect()
    with serving("gray"), connection.cursor() as cursor:
        cursor.execute(f"USE `{shop.other}`")
        cursor.execute("INSERT INTO orders (item) VALUES ('lost')")
        connection._force_close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            connection.ping(reconnect=True)
        cursor.execute("INSERT INTO orders (item) VALUES ('here')")
        connection.commit()
    assert (shop.count("orders"), shop.count("orders_gray")) == (2, 3)


@pytest.mark.parametrize("spelling", ["db", "file"])
def test_a_database_is_told_in_several_ways(
    elsewhere: Plane, shop: Shop, spelling: str, tmp_path: Path
) -> None:
    """Isolation must not depend on which one is used."""
    args: dict[str, Any] = {**shop.args}
    if spelling == "file":
        file = tmp_path / "my.cnf"
        file.write_text(f"[client]\ndatabase={shop.base}\n")
        args["read_default_file"] = str(file)
    else:
        args |= {"db": shop.base, "passwd": args.pop("password")}
    with warnings.catch_warnings(), serving("gray"):
        warnings.simplefilter("ignore")
        connection = pymysql.connect(**args)
        assert current(connection) == shop.gray
    connection.close()


def test_a_socket_of_the_applications_own(elsewhere: Plane, shop: Shop) -> None:
    """To the same server it will do; to another it leads nowhere."""

    def opened() -> Any:
        connection = pymysql.connect(**shop.args, database=shop.base, defer_connect=True)
        connection.connect(socket.create_connection((shop.server.host, shop.server.port)))
        return connection

    with serving("gray"):
        connection = opened()
        assert current(connection) == shop.gray
        connection.close()
        elsewhere.engine.apply(shop.database(host="db.example"))
        with pytest.raises(pymysql.err.NotSupportedError):
            opened()


def test_a_connection_from_before_the_hooks_passes(shop: Shop, connect: Any) -> None:
    """Nothing is known of it; the report says when the library was hooked."""
    connection = connect()
    with hooked(shop.plane(shop.tables()), "pymysql"), serving("gray"):
        cursor = connection.cursor()
        cursor.execute("SELECT item FROM orders WHERE id = 1")
        assert cursor.fetchone() == ("base",)
        cursor.executemany("DELETE FROM orders WHERE id = %s", [(1,)])
        connection.select_db(shop.base)
        connection.rollback()


def test_a_closed_cursor_is_the_librarys_error(plane: Plane, connect: Any) -> None:
    """We come first, and have nothing to say."""
    cursor = connect().cursor()
    cursor.close()
    with serving("gray"):
        for call in (cursor.execute, lambda text: cursor.executemany(text, [()])):
            with pytest.raises(pymysql.err.ProgrammingError, match="Cursor closed"):
                call("SELECT 1")


def test_our_questions_open_no_transaction(plane: Plane, connect: Any) -> None:
    """Without autocommit any question could, and would show itself in what is read later."""
    connection = connect()
    with serving("gray"), connection.cursor() as cursor:
        cursor.execute("SELECT @@in_transaction, @@warning_count")
        assert cursor.fetchone() == (0, 0)
        assert connection.affected_rows() == 1


def test_rows_that_nobody_fetched_are_left_behind_as_by_hand(plane: Plane, connect: Any) -> None:
    """The library warns and reads them to their end; so it does where we ask first."""
    for lane in ("", "gray"):
        connection = connect()
        with serving(lane):
            cursor = connection.cursor(SSCursor)
            cursor.execute("SELECT id FROM orders")
            assert cursor.fetchone() == (1,)
            with pytest.warns(UserWarning, match="left incomplete"):
                connection.cursor().execute("SELECT name FROM customers")
