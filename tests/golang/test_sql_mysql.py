"""Shadows in Go programs: MariaDB by go-sql-driver/mysql."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from scripts.databases import Server as Database
from tests.control.serving import Server
from tests.golang.ledger import Ledger, follows, governed, opened, running, shadow, step
from tests.golang.sql_fixtures import namespace, program, server

__all__ = ["namespace", "program", "server"]

INSERT = "INSERT INTO orders (item) VALUES (?)"
TABLE = "CREATE TABLE {} (id INT AUTO_INCREMENT PRIMARY KEY, item VARCHAR(40)) ENGINE=InnoDB"


def source(at: Database, database: str = "", options: str = "") -> str:
    return f"{at.user}:{at.password}@tcp({at.host}:{at.port})/{database or at.database}{options}"


class Case:
    """The program with a pool called ``db``, and the database by itself."""

    def __init__(self, ledger: Ledger, at: Database) -> None:
        self.ledger, self.at = ledger, at

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    def tell(self, *statements: str) -> list[Any]:
        return [row[0] for row in self.told(*statements)]

    def told(self, *statements: str) -> list[Any]:
        import pymysql

        at = self.at
        connection = pymysql.connect(
            host=at.host,
            port=at.port,
            user=at.user,
            password=at.password,
            database=at.database,
            autocommit=True,
        )
        with closing(connection), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return [*cursor.fetchall()]

    def items(self, table: str = "orders") -> list[str]:
        return self.tell(f"SELECT item FROM {table} ORDER BY item")

    def sum(self) -> int:
        ((_, found),) = self.told("CHECKSUM TABLE orders")
        return int(found)


@pytest.fixture
def tables(
    mariadb_database: Database, program: Path, server: Server, namespace: str
) -> Iterator[Case]:
    governed(server, namespace, shadow(db=mariadb_database.database, table="orders_gray"))
    with running(program, server, namespace) as ledger:
        case = Case(ledger, mariadb_database)
        case.tell(*(TABLE.format(name) for name in ("orders", "orders_gray", "stock")))
        case.tell("INSERT INTO orders (item) VALUES ('first')")
        case.one(opened("db", "mysql", source(mariadb_database)))
        follows(server, namespace)
        yield case


@pytest.fixture
def databases(
    mariadb_database: Database, program: Path, server: Server, namespace: str
) -> Iterator[Case]:
    there = f"{mariadb_database.database}_gray"
    governed(server, namespace, shadow(db=there))
    with running(program, server, namespace) as ledger:
        case = Case(ledger, mariadb_database)
        case.tell(TABLE.format("orders"), f"CREATE DATABASE {there}")
        case.tell(TABLE.format(f"{there}.orders"))
        case.one(opened("db", "mysql", source(mariadb_database)))
        follows(server, namespace)
        yield case
        case.tell(f"DROP DATABASE {there}")


def test_gray_requests_leave_base_as_it_was_and_the_reverse(tables: Case) -> None:
    before = tables.sum()
    for statement in ("UPDATE orders SET item = 'x'", "DELETE FROM orders WHERE 1 = 1"):
        tables.one(step("exec", "", "db", INSERT, "gray"), gray=True)
        tables.one(step("exec", "", "db", statement), gray=True)
    tables.one(step("exec", "", "db", INSERT, "gray"), gray=True)
    assert tables.sum() == before
    assert tables.items("orders_gray") == ["gray"]
    assert tables.one(step("query", "", "db", "SELECT item FROM orders"), gray=True) == [["gray"]]
    tables.one(step("exec", "", "db", INSERT, "base"))
    assert tables.items("orders_gray") == ["gray"]
    assert tables.items() == ["base", "first"]


def test_transactions_and_prepared_statements(tables: Case) -> None:
    tables.one(step("prepare", "insert", "db", INSERT))
    steps = [step("exec prepared in", "insert", "tx", "", "a"), step("exec", "", "tx", INSERT, "b")]
    steps += [step("prepare", "again", "tx", INSERT), step("exec prepared", "again", "", "", "c")]
    done = tables.run(step("begin", "tx", "db"), *steps, step("commit", "", "tx"), gray=True)
    assert done == ["ok", 1, 1, "ok", 1, "ok"]
    assert tables.items("orders_gray") == ["a", "b", "c"]
    tables.one(step("exec prepared", "insert", "", "", "base"))
    assert tables.items() == ["base", "first"]
    tables.run(step("begin", "tx", "db"), *steps, step("rollback", "", "tx"), gray=True)
    assert tables.items("orders_gray") == ["a", "b", "c"]


@pytest.mark.parametrize("options", ["?interpolateParams=true", "?multiStatements=true"])
def test_options_of_the_driver(tables: Case, options: str) -> None:
    tables.one(opened("other", "mysql", source(tables.at, options=options)))
    tables.one(step("exec", "", "other", INSERT, "gr'ay"), gray=True)
    assert tables.items("orders_gray") == ["gr'ay"]
    several = step("exec", "", "other", "DELETE FROM stock; DELETE FROM orders")
    assert "several statements" in tables.refused(several)
    assert tables.items() == ["first"]


def test_a_mark_in_a_string_is_not_filled_in_on_a_lane(tables: Case) -> None:
    """The driver would end the string with the value's own quote."""
    tables.one(opened("other", "mysql", source(tables.at, options="?interpolateParams=true")))
    statement = "SELECT 1 FROM stock WHERE item = '?'"
    assert "interpolateParams" in tables.refused(step("query", "", "other", statement, "x"))


def test_another_current_database_is_noticed(tables: Case) -> None:
    tables.one(step("conn", "c", "db"), gray=True)
    tables.one(step("exec", "", "c", INSERT, "gray"), gray=True)
    tables.one(step("exec", "", "c", "USE information_schema"), gray=True)
    there = tables.refused(step("exec", "", "c", INSERT, "x"))
    assert "to database 'information_schema'" in there
    full = f"INSERT INTO {tables.at.database}.orders (item) VALUES (?)"
    tables.one(step("exec", "", "c", full, "more"), gray=True)
    assert tables.items("orders_gray") == ["gray", "more"]
    assert tables.items() == ["first"]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("TRUNCATE orders", "the schema is changed by base only"),
        ("CALL clean()", "a stored procedure can reach any table"),
        ("INSERT INTO parent VALUES (1)", "the trigger t of parent reaches orders"),
        ("DELETE FROM owner", "a foreign key of orders would change its rows"),
        ("SELECT * FROM wide", "the view wide reaches orders"),
        ("LOAD DATA INFILE 'x' INTO TABLE orders", "LOAD DATA is not rewritten"),
    ],
)
def test_what_the_server_would_do_beside_is_seen(tables: Case, statement: str, reason: str) -> None:
    tables.tell(
        "CREATE TABLE parent (id INT)",
        "CREATE TRIGGER t AFTER INSERT ON parent FOR EACH ROW DELETE FROM orders",
        "CREATE VIEW wide AS SELECT * FROM orders",
        "CREATE TABLE owner (id INT PRIMARY KEY)",
        "ALTER TABLE orders ADD owner INT, ADD FOREIGN KEY (owner) REFERENCES owner (id)"
        " ON DELETE CASCADE",
    )
    assert reason in tables.refused(step("exec", "", "db", statement))
    assert tables.items() == ["first"]


def test_a_missing_shadow_table_is_the_servers_error(tables: Case) -> None:
    tables.tell("DROP TABLE orders_gray")
    assert "orders_gray' doesn't exist" in tables.refused(step("exec", "", "db", INSERT, "x"))
    assert tables.items() == ["first"]


def test_a_shadow_database_has_connections_of_its_own(databases: Case) -> None:
    there = f"{databases.at.database}_gray.orders"
    databases.one(step("prepare", "insert", "db", INSERT))
    databases.one(step("exec prepared", "insert", "", "", "prepared"), gray=True)
    insert = step("exec", "", "tx", INSERT, "tx")
    databases.run(step("begin", "tx", "db"), insert, step("commit", "", "tx"), gray=True)
    databases.one({**step("exec", "", "db", INSERT, "plain"), "Plain": True}, gray=True)
    databases.one(step("exec", "", "db", INSERT, "base"))
    assert databases.items(there) == ["plain", "prepared", "tx"]
    assert databases.items() == ["base"]
    leaving = step("exec", "", "db", f"DELETE FROM {databases.at.database}.orders")
    assert "connect to it" in databases.refused(leaving)
    assert "connect to it" in databases.refused(
        step("exec", "", "db", f"USE {databases.at.database}")
    )
    assert databases.items() == ["base"]


def test_a_missing_shadow_database_is_the_servers_error(databases: Case) -> None:
    there = f"{databases.at.database}_gray"
    databases.tell(f"DROP DATABASE {there}")
    assert "Unknown database" in databases.refused(step("exec", "", "db", INSERT, "x"))
    assert databases.items() == []
    databases.tell(f"CREATE DATABASE {there}")
