"""Shadows in Go programs: files of SQLite, by the whole way from a rule to a row."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.control.fleet import until
from tests.control.serving import API, Server
from tests.golang.ledger import Ledger, follows, governed, opened, running, shadow, step
from tests.golang.sql_fixtures import namespace, program, server

__all__ = ["namespace", "program", "server"]

TABLE = shadow(db="shop", table="orders_gray")
DATABASE = shadow(db="shop_gray")
INSERT = "INSERT INTO orders (item) VALUES (?)"
ITEMS = "SELECT item FROM orders ORDER BY item"
SCHEMA = """
CREATE TABLE {orders} (id INTEGER PRIMARY KEY, item TEXT);
CREATE TABLE IF NOT EXISTS stock (item TEXT);
"""


def made(file: Path, *names: str) -> Path:
    with closing(sqlite3.connect(file)) as connection, connection:
        for name in names:
            connection.executescript(SCHEMA.format(orders=name))
    return file


def rows(file: Path, table: str = "orders") -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [item for (item,) in connection.execute(f"SELECT item FROM {table} ORDER BY item")]


class Case:
    """A program that has opened the file as ``db``."""

    def __init__(self, ledger: Ledger, file: Path) -> None:
        self.ledger, self.file = ledger, file
        ledger.one(opened("db", "sqlite", str(file)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


@pytest.fixture
def tables(tmp_path: Path, program: Path, server: Server, namespace: str) -> Any:
    """A shadow table beside its base."""
    file = made(tmp_path / "shop.db", "orders", "orders_gray")
    governed(server, namespace, TABLE)
    with running(program, server, namespace) as ledger:
        follows(server, namespace)
        yield Case(ledger, file)


@pytest.fixture
def databases(tmp_path: Path, program: Path, server: Server, namespace: str) -> Any:
    """A shadow database beside its base."""
    file = made(tmp_path / "shop.db", "orders")
    made(tmp_path / "shop_gray.db", "orders")
    governed(server, namespace, DATABASE)
    with running(program, server, namespace) as ledger:
        follows(server, namespace)
        yield Case(ledger, file)


def test_rows_of_a_lane_are_in_the_shadow_table_alone(tables: Case) -> None:
    tables.one(step("exec", "", "db", INSERT, "base"))
    tables.one(step("exec", "", "db", INSERT, "gray"), gray=True)
    assert rows(tables.file) == ["base"]
    assert rows(tables.file, "orders_gray") == ["gray"]
    assert tables.one(step("query", "", "db", ITEMS)) == [["base"]]
    assert tables.one(step("query", "", "db", ITEMS), gray=True) == [["gray"]]


def test_a_statement_without_the_requests_context_is_on_its_lane(tables: Case) -> None:
    """By the goroutine; `db.Exec` has no context at all."""
    tables.one({**step("exec", "", "db", INSERT, "gray"), "Plain": True}, gray=True)
    assert rows(tables.file) == []
    assert rows(tables.file, "orders_gray") == ["gray"]


def test_a_table_without_a_shadow_is_shared(tables: Case) -> None:
    tables.one(step("exec", "", "db", "INSERT INTO stock VALUES (?)", "apple"), gray=True)
    assert rows(tables.file, "stock") == ["apple"]


def test_a_transaction_keeps_to_its_side(tables: Case) -> None:
    insert = step("exec", "", "tx", INSERT, "gray")
    tables.run(step("begin", "tx", "db"), insert, step("commit", "", "tx"), gray=True)
    assert rows(tables.file, "orders_gray") == ["gray"]
    tables.run(step("begin", "tx", "db"), insert, step("rollback", "", "tx"), gray=True)
    assert rows(tables.file, "orders_gray") == ["gray"]
    assert rows(tables.file) == []


def test_a_transaction_of_base_that_has_written_serves_no_lane(tables: Case) -> None:
    tables.one(step("begin", "tx", "db"))
    tables.one(step("exec", "", "tx", INSERT, "base"))
    refusal = tables.refused(step("exec", "", "tx", INSERT, "gray"))
    assert "a transaction that has written on base is open" in refusal
    tables.one(step("commit", "", "tx"))
    assert rows(tables.file) == ["base"]
    assert rows(tables.file, "orders_gray") == []


@pytest.mark.parametrize(("first", "then"), [(False, True), (True, False)])
def test_what_was_prepared_on_one_side_is_executed_on_the_other(
    tables: Case, first: bool, then: bool
) -> None:
    tables.one(step("prepare", "insert", "db", INSERT), gray=first)
    tables.one(step("exec prepared", "insert", "", "", "then"), gray=then)
    tables.one(step("exec prepared", "insert", "", "", "first"), gray=first)
    gray, base = ("then", "first") if then else ("first", "then")
    assert rows(tables.file, "orders_gray") == [gray]
    assert rows(tables.file) == [base]


def test_what_was_prepared_on_base_is_used_in_a_transaction_of_a_lane(tables: Case) -> None:
    tables.one(step("prepare", "insert", "db", INSERT))
    steps = [step("exec prepared in", "insert", "tx", "", "gray"), step("commit", "", "tx")]
    assert tables.run(step("begin", "tx", "db"), *steps, gray=True) == ["ok", 1, "ok"]
    assert rows(tables.file, "orders_gray") == ["gray"]
    assert rows(tables.file) == []


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DROP TABLE orders", "the schema is changed by base only"),
        ("DELETE FROM orders; DELETE FROM stock", "several statements"),
        ("SELECT mine(item) FROM orders", "not known to be built in"),
        ("INSERT INTO logged VALUES ('x')", "the trigger"),
        ("SELECT * FROM wide", "the view wide reaches orders"),
    ],
)
def test_what_cannot_be_kept_in_the_shadow_is_refused(
    tables: Case, statement: str, reason: str
) -> None:
    with closing(sqlite3.connect(tables.file)) as connection:
        connection.executescript(
            "CREATE VIEW wide AS SELECT * FROM orders; CREATE TABLE logged (item TEXT);"
            " CREATE TRIGGER t AFTER INSERT ON logged BEGIN UPDATE orders SET item = 'x'; END;"
        )
    refusal = tables.refused(step("exec", "", "db", statement))
    assert refusal.startswith("fairlead: refused on lane gray: ")
    assert reason in refusal


def test_a_connection_is_handed_out_where_nothing_can_go_unseen(tables: Case) -> None:
    tables.one(step("conn", "c", "db"))
    assert tables.one(step("raw", "", "c")) == "ok"
    assert "driver's own connection" in tables.refused(step("raw", "", "c"))
    tables.one(step("exec", "", "c", INSERT, "gray"), gray=True)
    assert rows(tables.file) == []


def test_a_missing_shadow_table_is_the_servers_error(tables: Case) -> None:
    with closing(sqlite3.connect(tables.file)) as connection:
        connection.execute("DROP TABLE orders_gray")
    assert "no such table: orders_gray" in tables.refused(step("exec", "", "db", INSERT, "x"))
    assert rows(tables.file) == []


def test_rows_of_a_lane_are_in_the_shadow_database_alone(databases: Case) -> None:
    gray = databases.file.with_name("shop_gray.db")
    databases.one(step("exec", "", "db", INSERT, "base"))
    databases.one(step("exec", "", "db", INSERT, "gray"), gray=True)
    assert rows(databases.file) == ["base"]
    assert rows(gray) == ["gray"]
    insert = step("exec", "", "tx", INSERT, "more")
    databases.run(step("begin", "tx", "db"), insert, step("commit", "", "tx"), gray=True)
    assert rows(gray) == ["gray", "more"]
    databases.one(step("prepare", "insert", "db", INSERT))
    databases.one(step("exec prepared", "insert", "", "", "prepared"), gray=True)
    assert rows(gray) == ["gray", "more", "prepared"]
    assert rows(databases.file) == ["base"]


def test_connections_of_the_sides_are_never_shared(databases: Case) -> None:
    databases.one(step("ping", "", "db"), gray=True)
    assert databases.one(step("open connections", "", "db")) == 0
    databases.one(step("conn", "c", "db"))
    assert "was opened to base" in databases.refused(step("exec", "", "c", INSERT, "x"))
    databases.one(step("conn", "g", "db"), gray=True)
    refusal = databases.refused(step("exec", "", "g", INSERT, "x"), gray=False)
    assert "the shadow database of lane gray" in refusal
    databases.one(step("begin", "tx", "db"), gray=True)
    assert "side" in databases.refused(step("exec", "", "tx", INSERT, "x"), gray=False)


def test_connections_to_a_shadow_end_with_its_rule(
    databases: Case, server: Server, namespace: str
) -> None:
    gray = str(databases.file.with_name("shop_gray.db"))

    def is_open() -> bool:
        for file in Path(f"/proc/{databases.ledger.process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it has been closed meanwhile
                if str(file.readlink()) == gray:
                    return True
        return False

    databases.one(step("exec", "", "db", INSERT, "gray"), gray=True)
    assert is_open()
    with server.client() as http:
        name = DATABASE["metadata"]["name"]
        rules = f"{API}/namespaces/{namespace}/workloadlabelrules/{name}"
        assert http.delete(rules).status_code == 200
    until(lambda: databases.one(step("ping", "", "db")) and not is_open())
    assert rows(databases.file) == []


def test_the_shadow_database_cannot_be_left(databases: Case) -> None:
    statement = f"ATTACH '{databases.file}' AS base"
    assert "connect to it" in databases.refused(step("exec", "", "db", statement))


def test_a_missing_shadow_database_is_said(databases: Case) -> None:
    databases.file.with_name("shop_gray.db").unlink()
    refusal = databases.refused(step("exec", "", "db", INSERT, "x"))
    assert "the shadow of shop: it does not exist" in refusal
    assert rows(databases.file) == []


def test_new_statements_are_refused_while_the_control_plane_is_away(
    tmp_path: Path, program: Path, namespace: str
) -> None:
    from tests.control.serving import serving

    file = made(tmp_path / "shop.db", "orders", "orders_gray")
    with serving(tmp_path / "control" / "data") as own:
        governed(own, namespace, TABLE)
        with running(program, own, namespace) as ledger:
            follows(own, namespace)
            ledger.one(opened("db", "sqlite", str(file)))
            ledger.one(step("exec", "", "db", INSERT, "gray"), gray=True)
            own.stop()
            ledger.one(step("exec", "", "db", INSERT, "known"), gray=True)
            refusal = ledger.refused(step("exec", "", "db", "DELETE FROM orders"))
            assert "the control plane cannot be asked" in refusal
            ledger.one(step("exec", "", "db", "DELETE FROM orders"))
    assert rows(file, "orders_gray") == ["gray", "known"]
