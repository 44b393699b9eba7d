"""Statements of a lane reach shadow tables, whichever way they are executed."""

from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairlead.instruments.instrument import Rewriting
from fairlead.policy.encode import seal
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from fairlead.sql.verdict import Refused
from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.sqlite3.conftest import ORDERS, SCHEMA

Connection = sqlite3.Connection


def rows(connection: Connection, table: str) -> list[str]:
    return [row[0] for row in connection.execute(f"SELECT what FROM {table} ORDER BY id")]


class Mine(sqlite3.Cursor):
    """A cursor of the application's own."""


class Text(str):
    """A statement that is more than a string, as libraries make them."""

    __slots__ = ()


def make_mine(connection: Connection) -> Mine:
    return Mine(connection)


WAYS: dict[str, Callable[[Connection], Any]] = {
    "connection": lambda c: c.execute("INSERT INTO orders (what) VALUES (?)", ("x",)),
    "cursor": lambda c: c.cursor().execute("INSERT INTO orders (what) VALUES (:w)", {"w": "x"}),
    "executed twice": lambda c: c.execute("SELECT 1").execute(
        "INSERT INTO orders (what) VALUES ('x')"
    ),
    "many": lambda c: c.executemany("INSERT INTO orders (what) VALUES (?)", [("x",)]),
    "script": lambda c: c.executescript("INSERT INTO orders (what) VALUES ('x'); SELECT ';';"),
    "own class": lambda c: c.cursor(Mine).execute("INSERT INTO orders (what) VALUES ('x')"),
    "own text": lambda c: c.execute(Text("INSERT INTO orders (what) VALUES ('x')")),
    "own factory": lambda c: c.cursor(make_mine).execute("INSERT INTO orders (what) VALUES ('x')"),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_execute_reaches_the_shadow(shop: Path, tables, way):
    """One that is forgotten would write to base, and nobody would see it."""
    with closing(sqlite3.connect(shop)) as connection:
        with serving("gray"):
            WAYS[way](connection)
            connection.commit()
            assert rows(connection, "orders") == ["x"]

        assert rows(connection, "orders") == ["base"]
        assert rows(connection, "orders_gray") == ["x"]


@pytest.mark.parametrize("way", WAYS)
def test_base_leaves_the_shadow_alone(shop: Path, tables, way):
    """The other direction: a base row in the shadow is as wrong."""
    with closing(sqlite3.connect(shop)) as connection:
        WAYS[way](connection)
        connection.commit()

        assert rows(connection, "orders") == ["base", "x"]
        assert rows(connection, "orders_gray") == []


def test_generated_keys_and_counts_are_those_of_the_shadow(shop: Path, tables):
    """What the application goes on with must be what it wrote."""
    with closing(sqlite3.connect(shop)) as connection, serving("gray"):
        cursor = connection.execute("INSERT INTO orders (id, what) VALUES (41, 'x')")
        cursor.execute("INSERT INTO orders (what) VALUES ('y')")
        assert cursor.lastrowid == 42
        assert cursor.execute("UPDATE orders SET what = 'z'").rowcount == 2
        assert [column[0] for column in cursor.execute("SELECT * FROM orders").description] == [
            "id",
            "what",
        ]


def test_a_refusal_is_the_librarys_own_error(shop: Path, tables: Plane):
    """The application's `except sqlite3.Error` handles it, and the reason is in the text."""
    with closing(sqlite3.connect(shop)) as connection, serving("gray"):
        with pytest.raises(sqlite3.NotSupportedError, match=r"lane gray.*migrations") as caught:
            connection.execute("CREATE TABLE x (id)")
        assert isinstance(caught.value.__cause__, Refused)
        pickle.dumps(caught.value)
    assert tables.counted("sql_refused") == {"ddl": 1}


def test_a_shadow_that_is_missing_is_the_servers_error(shop: Path, tables):
    """Never a fall back to base (S1-16)."""
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute("DROP TABLE orders_gray")
        with serving("gray"), pytest.raises(sqlite3.OperationalError, match="orders_gray"):
            connection.execute("INSERT INTO orders (what) VALUES ('x')")
        assert rows(connection, "orders") == ["base"]


def test_a_transaction_has_one_lane(shop: Path, tables: Plane):
    """Rows of both sides would be committed, or lost, together (F25)."""
    with closing(sqlite3.connect(shop)) as connection:
        connection.execute("INSERT INTO orders (what) VALUES ('b2')")
        with serving("gray"), pytest.raises(sqlite3.NotSupportedError, match="commit it"):
            connection.execute("INSERT INTO orders (what) VALUES ('x')")
        connection.commit()
        with serving("gray"):
            connection.execute("INSERT INTO orders (what) VALUES ('x')")
        with pytest.raises(sqlite3.NotSupportedError, match="has written on gray"):
            connection.execute("SELECT 1")
        connection.rollback()

        assert rows(connection, "orders") == ["base", "b2"]
        assert rows(connection, "orders_gray") == []


def test_reading_ties_a_transaction_to_no_lane(shop: Path, tables):
    """A connection that was read on, and not committed, must not stop the next request."""
    with closing(sqlite3.connect(shop, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        assert rows(connection, "orders") == ["base"]
        with serving("gray"):
            assert rows(connection, "orders") == []
        assert rows(connection, "orders") == ["base"]


def test_an_attached_database_is_noticed(shop: Path, tables, tmp_path: Path):
    """What base has attached, a lane can name."""
    with closing(sqlite3.connect(tmp_path / "cache.db")) as connection:
        connection.execute("ATTACH ? AS s", (str(shop),))
        with serving("gray"):
            connection.execute("INSERT INTO s.orders (what) VALUES ('x')")
            connection.commit()
        assert connection.execute("SELECT what FROM s.orders_gray").fetchall() == [("x",)]


def test_the_same_attach_is_noticed_again(shop: Path, tables, tmp_path: Path):
    """A verdict that is kept would leave out what the statement does to the connection."""
    with closing(sqlite3.connect(tmp_path / "cache.db", isolation_level=None)) as connection:
        with serving("gray"):
            for _ in range(3):
                connection.execute(f"ATTACH '{shop}' AS s")
                connection.execute("INSERT INTO s.orders (what) VALUES ('x')")
                connection.execute("DETACH s")
                connection.execute("SELECT 1")
        with closing(sqlite3.connect(shop)) as shops:
            assert rows(shops, "orders") == ["base"]
            assert rows(shops, "orders_gray") == ["x"] * 3


TOUCHES_BASE = (
    "CREATE {} TRIGGER t AFTER INSERT ON countries"
    " BEGIN INSERT INTO orders (what) VALUES ('t'); END"
)


def test_files_of_one_name_are_two_databases(shop: Path, tables, tmp_path: Path):
    """What one of them was found to do says nothing of the other."""
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / shop.name
    other.write_bytes(shop.read_bytes())
    with closing(sqlite3.connect(other)) as connection:
        connection.execute(TOUCHES_BASE.format(""))
    for file, refused in ((shop, False), (other, True)):
        with closing(sqlite3.connect(file)) as connection, serving("gray"):
            with pytest.raises(sqlite3.NotSupportedError) if refused else nullcontext():
                connection.execute("INSERT INTO countries VALUES ('de')")
            connection.rollback()


def test_databases_of_memory_are_each_their_own(tables):
    """They have one name, and nothing in common."""
    orders = replace(ORDERS, database="memory")
    tables.engine.apply(seal(Snapshot(shadow_tables=(orders,))))
    for trigger in (False, True):
        with closing(sqlite3.connect("file::memory:", uri=True)) as connection:
            connection.executescript(SCHEMA + (TOUCHES_BASE.format("") if trigger else ""))
            with (
                serving("gray"),
                pytest.raises(sqlite3.NotSupportedError) if trigger else nullcontext(),
            ):
                connection.execute("INSERT INTO countries VALUES ('de')")


@pytest.mark.parametrize("script", [False, True])
def test_a_trigger_of_one_connection_is_seen_on_it(shop: Path, tables, script):
    """Base has made it, after another connection has heard what the file's tables do."""
    with closing(sqlite3.connect(shop)) as connection, serving("gray"):
        connection.execute("INSERT INTO countries VALUES ('de')")
        connection.rollback()
    with closing(sqlite3.connect(shop)) as connection:
        with serving("gray"):
            connection.execute("SELECT * FROM countries")
        make = connection.executescript if script else connection.execute
        make(TOUCHES_BASE.format("TEMP"))
        with serving("gray"), pytest.raises(sqlite3.NotSupportedError, match="the trigger t"):
            connection.execute("INSERT INTO countries VALUES ('de')")


@pytest.mark.parametrize(
    "scripts",
    [
        ["SELECT 1; CREATE TEMP VIEW v AS SELECT what FROM orders"],
        ["CREATE TEMP VIEW v AS SELECT what FROM orders"],
        ["CREATE TEMP TABLE w (x)", "CREATE VIEW temp.v AS SELECT what FROM orders"],
    ],
)
def test_a_view_of_one_connection_is_seen_on_it(shop: Path, tables, scripts):
    """Behind another statement in one text, too."""
    with closing(sqlite3.connect(shop)) as connection, serving("gray"):
        connection.execute("SELECT * FROM countries")
    with closing(sqlite3.connect(shop)) as connection:
        with serving("gray"):
            connection.execute("SELECT * FROM countries")
        for script in scripts:
            connection.executescript(script)
        with serving("gray"), pytest.raises(sqlite3.NotSupportedError, match="the view v"):
            connection.execute("SELECT * FROM v")


def test_a_trigger_of_a_temporary_table_is_temporary(shop: Path, tables):
    """Its text does not say so."""
    with closing(sqlite3.connect(shop, isolation_level=None)) as connection:
        connection.execute("CREATE TEMP TABLE work (x)")
        with serving("gray"):
            connection.execute("INSERT INTO work VALUES (0)")
        connection.execute("CREATE TRIGGER t AFTER INSERT ON work BEGIN DELETE FROM orders; END")
        with serving("gray"), pytest.raises(sqlite3.NotSupportedError, match="the trigger t"):
            connection.execute("INSERT INTO work VALUES (1)")
        assert rows(connection, "orders") == ["base"]


def test_a_view_that_a_lane_made_before_the_database_was_there_is_seen(shop, tables, tmp_path):
    """A connection to a database that has no shadows may still be given one that has."""
    with closing(sqlite3.connect(shop)) as connection, serving("gray"):
        connection.execute("SELECT * FROM countries")
    with closing(sqlite3.connect(tmp_path / "cache.db")) as connection, serving("gray"):
        connection.execute(f"ATTACH '{shop}' AS s")
        connection.execute("SELECT * FROM s.countries")
        connection.execute("DETACH s")
        connection.execute("CREATE TEMP VIEW v AS SELECT what FROM s.orders")
        connection.execute(f"ATTACH '{shop}' AS s")
        with pytest.raises(sqlite3.NotSupportedError, match="the view v"):
            connection.execute("SELECT * FROM v")


def test_base_can_end_what_a_lane_has_left(shop: Path, tables):
    """A gray request that forgot to commit must not take the connection from everybody."""
    with closing(sqlite3.connect(shop, isolation_level=None)) as connection:
        with serving("gray"):
            connection.execute("BEGIN")
            connection.execute("INSERT INTO orders (what) VALUES ('x')")
        connection.execute("ROLLBACK")
        assert rows(connection, "orders") == ["base"]


def test_another_database_is_nobodys_business(tables: Plane):
    """A cache in SQLite beside the shop's database goes on as ever, tables of any name included."""
    with closing(sqlite3.connect(":memory:")) as connection, serving("gray"):
        connection.executescript("CREATE TABLE orders (id); INSERT INTO orders VALUES (1);")
        assert connection.execute("SELECT * FROM orders").fetchall() == [(1,)]
    assert tables.counted("sql_refused") == {}


def test_a_process_that_may_not_rewrite_refuses(shop: Path, tables: Plane):
    """FAIRLEAD_SHADOW=off is never silent (S1-18)."""
    tables.rewriting = Rewriting(off=True)
    with closing(sqlite3.connect(shop)) as connection:
        with serving("gray"), pytest.raises(sqlite3.NotSupportedError, match="FAIRLEAD_SHADOW=off"):
            connection.execute("INSERT INTO orders (what) VALUES ('x')")
        assert rows(connection, "orders") == ["base"]


def test_a_listed_table_is_rewritten_and_another_refused(shop: Path, tables: Plane):
    """FAIRLEAD_SHADOW=a,b names the tables that somebody has looked at."""
    tables.rewriting = Rewriting(tables=frozenset({"items"}))
    with closing(sqlite3.connect(shop)) as connection, serving("gray"):
        with pytest.raises(sqlite3.NotSupportedError, match="FAIRLEAD_SHADOW"):
            connection.execute("SELECT * FROM orders")
        tables.rewriting = Rewriting(tables=frozenset({"orders"}))
    with closing(sqlite3.connect(shop)) as connection, serving("gray"):
        assert connection.execute("SELECT * FROM orders").fetchall() == []


def test_before_the_first_snapshot_a_lane_is_refused_and_base_goes_on(shop: Path):
    """Whether it has shadows is not known: its rows must not reach base for that."""
    plane = Plane()
    plane.engine = type(plane.engine)(clock=lambda: 0.0, dice=lambda: 0.0, governed=True)
    plane.engine.apply(Snapshot(workload=Workload(app="c", lane="")))
    with hooked(plane, "sqlite3"), closing(sqlite3.connect(shop)) as connection:
        assert rows(connection, "orders") == ["base"]
        with serving("gray"), pytest.raises(sqlite3.NotSupportedError, match="no snapshot"):
            connection.execute("INSERT INTO orders (what) VALUES ('x')")


@pytest.mark.parametrize("method", ["blobopen", "backup", "deserialize"])
def test_what_bypasses_statements_is_refused(shop: Path, tables, method):
    """A blob is opened by the table's name, with no statement to rewrite."""
    arguments: tuple[Any, ...] = {
        "blobopen": ("orders", "what", 1),
        "backup": (sqlite3.connect(":memory:"),),
        "deserialize": (b"",),
    }[method]
    with (
        closing(sqlite3.connect(shop)) as connection,
        serving("gray"),
        pytest.raises(sqlite3.NotSupportedError, match=method),
    ):
        getattr(connection, method)(*arguments)
    for argument in arguments:
        if isinstance(argument, sqlite3.Connection):
            argument.close()


def test_a_class_of_the_applications_own_is_kept(shop: Path, tables):
    """`factory` and the class of rows are the application's affair."""

    class Own(sqlite3.Connection):
        def hello(self) -> str:
            return "hello"

    with closing(sqlite3.connect(shop, factory=Own)) as connection:
        assert isinstance(connection, Own)
        assert connection.hello() == "hello"
        assert type(connection).__name__ == "Own"
        connection.row_factory = sqlite3.Row
        with serving("gray"):
            connection.execute("INSERT INTO orders (what) VALUES ('x')")
            assert connection.execute("SELECT * FROM orders").fetchone()["what"] == "x"


class Special(sqlite3.Connection):
    """A connection of the application's own."""


def special(*args: Any, **kwargs: Any) -> sqlite3.Connection:
    return Special(*args, **kwargs)


def plain(*args: Any, **kwargs: Any) -> sqlite3.Connection:
    return sqlite3.Connection(*args, **kwargs)


def test_a_function_may_make_connections(shop: Path, tables):
    """sqlite3 takes any callable; base must not notice us, and a lane not pass by us."""
    connect: Any = sqlite3.connect
    for factory in (special, plain):
        with closing(connect(shop, factory=factory)) as connection:
            assert rows(connection, "orders") == ["base"]
    with serving("gray"):
        with closing(connect(shop, factory=special)) as connection:
            assert rows(connection, "orders") == []
        with pytest.raises(sqlite3.NotSupportedError, match="factory"):
            connect(shop, factory=plain)


def test_everything_is_put_back(shop: Path):
    """Removed hooks leave the module as it was."""
    before = sqlite3.connect
    with hooked(Plane(), "sqlite3"):
        assert sqlite3.connect is not before
    assert sqlite3.connect is before
    with closing(sqlite3.connect(shop)) as connection:
        assert type(connection) is sqlite3.Connection
