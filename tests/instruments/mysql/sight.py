"""What holds for every MySQL driver that blocks: the application sees what it would see by hand."""

from __future__ import annotations

import sys
from typing import Any

from tests.instruments.mysql.drivers import Driver
from tests.instruments.plane import hooked, serving


def seen(driver: Driver, connection: Any, shadow: bool) -> list[Any]:
    """Return what an application sees of its statements, sent to base or, by hand, to shadows."""
    suffix = "_gray" if shadow else ""
    found: list[Any] = []
    cursor = connection.cursor()
    for statement, args in (
        (f"INSERT INTO orders{suffix} (item, amount) VALUES (%s, %s)", ("x", 1)),
        (f"UPDATE orders{suffix} SET amount = 5 WHERE id < %s", (3,)),
        (f"INSERT IGNORE INTO orders{suffix} (id) VALUES (1)", None),
        ("SELECT LAST_INSERT_ID(), ROW_COUNT(), @@warning_count", None),
        (f"SELECT id, item AS thing FROM orders{suffix} ORDER BY id", None),
        ("SELECT FOUND_ROWS()", None),
    ):
        cursor.execute(statement, args)
        rows = cursor.fetchall() if cursor.description else None
        found.append(
            (
                rows and list(rows),
                cursor.rowcount,
                cursor.lastrowid,
                driver.warnings(cursor),
                cursor.description,
            )
        )
    cursor.execute(f"UPDATE IGNORE orders{suffix} SET amount = 'no number'")
    cursor.execute("SHOW WARNINGS")
    found.append([row[1] for row in cursor.fetchall()])
    connection.rollback()
    return found


def test_an_application_sees_what_it_sees_by_hand(driver, plane, connect, shop):
    """Counts, identities, warnings and columns are the shadow's own."""
    by_hand = connect()
    with serving(""):
        wanted = seen(driver, by_hand, shadow=True)
    by_hand.close()
    shop.reset()
    with serving("gray"):
        assert seen(driver, connect(), shadow=False) == wanted


def test_dictionaries_have_the_keys_of_base(driver, connection):
    """PyMySQL and mysqlclient tell columns of one name apart by the names of their tables."""
    statement = (
        "SELECT * FROM orders JOIN customers ON customers.id = orders.id WHERE orders.id = 1"
    )
    keys = []
    for lane in ("", "gray"):
        with serving(lane):
            cursor = driver.dictionaries(connection)
            cursor.execute(statement)
            (row,) = cursor.fetchall()
            keys.append(list(row))
            cursor.close()
    assert keys[0] == keys[1]
    assert "name" in keys[0]


def test_dictionaries_are_no_trouble_for_our_own_questions(driver, connection):
    """The first statement of a connection on a lane asks where it stands."""
    with serving("gray"):
        cursor = driver.dictionaries(connection)
        cursor.execute("SELECT item FROM orders WHERE id = %s", (1,))
        assert cursor.fetchall()[0]["item"] == "shadow"


def test_rows_are_left_at_the_server_until_they_are_asked_for(driver, connection):
    """Nothing else can be asked on the connection meanwhile."""
    with serving("gray"):
        cursor = driver.stream(connection)
        cursor.execute("SELECT id, item FROM orders ORDER BY id")
        assert cursor.fetchone() == (1, "shadow")
        assert cursor.fetchone() == (2, "shadow")
        assert cursor.fetchone() is None
        cursor.execute("SELECT name FROM customers WHERE id = %s", (1,))
        assert list(cursor.fetchall()) == [("shadow",)]
        cursor.close()


def test_the_library_is_as_it_was_afterwards(driver, shop, connect):
    """Every replacement is undone, inherited methods among them."""
    classes = [
        thing
        for module in (driver.errors, *_modules(driver))
        for thing in vars(module).values()
        if isinstance(thing, type)
    ]
    before = [dict(vars(one)) for one in classes]
    with hooked(shop.plane(shop.tables()), driver.library):
        connection = connect()
        assert connection.fairlead.target.database == shop.base
        assert [dict(vars(one)) for one in classes] != before
    assert [dict(vars(one)) for one in classes] == before
    with serving("gray"), connection.cursor() as cursor:
        cursor.execute("SELECT item FROM orders WHERE id = 1")
        assert cursor.fetchone()[0] == "base"


def _modules(driver: Driver) -> list[Any]:
    package = driver.connect.__module__.partition(".")[0]
    return [
        module
        for name, module in tuple(sys.modules.items())
        if name.partition(".")[0] == package and module is not None
    ]
