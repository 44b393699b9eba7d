"""Shadows in Go programs: PostgreSQL by pgx, lib/pq and gorm."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.databases import Server as Database
from tests.control.fleet import until
from tests.control.serving import Server
from tests.golang.ledger import Ledger, follows, governed, opened, running, shadow, step, unfit
from tests.golang.sql_fixtures import namespace, program, server

__all__ = ["namespace", "program", "server"]

INSERT = "INSERT INTO orders (item) VALUES ($1)"
TABLE = "CREATE TABLE {} (id SERIAL PRIMARY KEY, item TEXT)"
URL = "postgres://{0.user}:{0.password}@{0.host}:{0.port}/{0.database}?sslmode=disable"
WORDS = (
    "host={0.host} port={0.port} user={0.user} password='{0.password}' dbname={0.database}"
    " sslmode=disable"
)
DRIVERS = [("pgx", URL), ("pgx", WORDS), ("postgres", URL), ("pgx connector", WORDS)]


class Case:
    """The program, and the database by itself."""

    def __init__(self, ledger: Ledger, at: Database) -> None:
        self.ledger, self.at = ledger, at

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)

    def tell(self, *statements: str, at: Database | None = None) -> list[Any]:
        import psycopg

        where = at or self.at
        found: list[Any] = []
        with psycopg.connect(
            host=where.host,
            port=where.port,
            user=where.user,
            password=where.password,
            dbname=where.database,
            autocommit=True,
        ) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
                found = [row[0] for row in cursor] if cursor.description else []
        return found

    def items(self, table: str = "orders", at: Database | None = None) -> list[str]:
        return self.tell(f"SELECT item FROM {table} ORDER BY item", at=at)

    @property
    def gray(self) -> Database:
        return dataclasses.replace(self.at, database=f"{self.at.database}_gray")


@pytest.fixture
def tables(
    postgres_database: Database, program: Path, server: Server, namespace: str
) -> Iterator[Case]:
    governed(server, namespace, shadow(db=postgres_database.database, table="orders_gray"))
    with running(program, server, namespace) as ledger:
        case = Case(ledger, postgres_database)
        case.tell(*(TABLE.format(name) for name in ("orders", "orders_gray", "stock")))
        follows(server, namespace)
        yield case


@pytest.fixture
def databases(
    postgres_database: Database, program: Path, server: Server, namespace: str
) -> Iterator[Case]:
    governed(server, namespace, shadow(db=f"{postgres_database.database}_gray"))
    with running(program, server, namespace) as ledger:
        case = Case(ledger, postgres_database)
        case.tell(TABLE.format("orders"), f"CREATE DATABASE {case.gray.database}")
        case.tell(TABLE.format("orders"), at=case.gray)
        follows(server, namespace)
        yield case
        case.tell(f"DROP DATABASE {case.gray.database} WITH (FORCE)")


@pytest.mark.parametrize(("driver", "source"), DRIVERS)
def test_rows_of_a_lane_are_in_the_shadow_table(tables: Case, driver: str, source: str) -> None:
    tables.one(opened("db", driver, source.format(tables.at)))
    tables.one(step("prepare", "insert", "db", INSERT))
    tables.one(step("exec prepared", "insert", "", "", "prepared"), gray=True)
    tables.one(step("exec", "", "db", INSERT, "gray"), gray=True)
    insert = step("exec", "", "tx", INSERT, "tx")
    tables.run(step("begin", "tx", "db"), insert, step("commit", "", "tx"), gray=True)
    tables.run(step("begin", "tx", "db"), insert, step("rollback", "", "tx"), gray=True)
    tables.one(step("exec prepared", "insert", "", "", "base"))
    assert tables.items() == ["base"]
    assert tables.items("orders_gray") == ["gray", "prepared", "tx"]
    returning = step("query", "", "db", "DELETE FROM orders WHERE item = $1 RETURNING item", "tx")
    assert tables.one(returning, gray=True) == [["tx"]]
    assert tables.items() == ["base"]
    assert tables.items("orders_gray") == ["gray", "prepared"]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("ALTER TABLE orders ADD x INT", "the schema is changed by base only"),
        ("DO $$ BEGIN DELETE FROM orders; END $$", "what it runs cannot be seen"),
        ("INSERT INTO parent VALUES (1)", "the trigger t of parent"),
        ("SELECT * FROM wide", "the view wide reaches orders"),
        ("SELECT clean()", "clean() is not known to be built in"),
        ("DELETE FROM part", "part is a part of orders"),
    ],
)
def test_what_the_server_would_do_beside_is_seen(tables: Case, statement: str, reason: str) -> None:
    tables.tell(
        "CREATE FUNCTION clean() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN DELETE FROM orders; RETURN NEW; END'",
        "CREATE TABLE parent (id INT)",
        "CREATE TRIGGER t AFTER INSERT ON parent FOR EACH ROW EXECUTE FUNCTION clean()",
        "CREATE VIEW wide AS SELECT * FROM orders",
        "CREATE TABLE part () INHERITS (orders)",
        "INSERT INTO orders (item) VALUES ('first')",
    )
    tables.one(opened("db", "pgx", URL.format(tables.at)))
    assert reason in tables.refused(step("exec", "", "db", statement))
    assert tables.items() == ["first"]


@pytest.mark.parametrize(("driver", "source"), DRIVERS)
def test_rows_of_a_lane_are_in_the_shadow_database(
    databases: Case, driver: str, source: str
) -> None:
    databases.one(opened("db", driver, source.format(databases.at)))
    databases.one(step("prepare", "insert", "db", INSERT))
    databases.one(step("exec prepared", "insert", "", "", "prepared"), gray=True)
    databases.one(step("exec", "", "db", INSERT, "gray"), gray=True)
    insert = step("exec", "", "tx", INSERT, "tx")
    databases.run(step("begin", "tx", "db"), insert, step("commit", "", "tx"), gray=True)
    databases.one(step("exec", "", "db", INSERT, "base"))
    assert databases.items() == ["base"]
    assert databases.items(at=databases.gray) == ["gray", "prepared", "tx"]


def test_a_missing_shadow_database_is_the_servers_error(databases: Case) -> None:
    databases.one(opened("db", "pgx", URL.format(databases.at)))
    databases.tell(f"DROP DATABASE {databases.gray.database}")
    assert "does not exist" in databases.refused(step("exec", "", "db", INSERT, "x"))
    assert databases.items() == []
    databases.tell(f"CREATE DATABASE {databases.gray.database}")


@pytest.mark.parametrize("kind", ["tables", "databases"])
def test_gorm(request: pytest.FixtureRequest, kind: str) -> None:
    case: Case = request.getfixturevalue(kind)
    case.one(opened("db", "gorm", WORDS.format(case.at)))
    case.one(step("gorm create", "", "db", "gray"), gray=True)
    case.one(step("gorm create", "", "db", "base"))
    assert case.items() == ["base"]
    gray = case.items("orders_gray") if kind == "tables" else case.items(at=case.gray)
    assert gray == ["gray"]


def test_rows_are_copied_into_the_shadow(tables: Case) -> None:
    """By a statement that lib/pq executes once for each row."""
    tables.one(opened("db", "postgres", URL.format(tables.at)))
    for gray, item in ((True, "gray"), (False, "base")):
        steps = [step("begin", "tx", "db"), step("copy", "", "tx", item), step("commit", "", "tx")]
        assert tables.run(*steps, gray=gray) == ["ok", "ok", "ok"]
    assert tables.items("orders_gray") == ["gray"]
    assert tables.items() == ["base"]


def test_a_pool_of_pgx_itself_serves_no_lane_with_shadows(
    tables: Case, server: Server, namespace: str
) -> None:
    """Nobody rewrites what it sends."""
    assert not any(unfit(server, namespace).values())
    tables.one(opened("pool", "pgxpool", WORDS.format(tables.at)))
    tables.one(step("pool exec", "", "pool", INSERT, "base"))
    assert "is not hooked" in tables.refused(step("pool exec", "", "pool", INSERT, "gray"))
    assert tables.items() == ["base"]
    why = "github.com/jackc/pgx/v5/pgxpool is not hooked: what it sends is not rewritten"
    until(lambda: unfit(server, namespace) == {"tables": why, "databases": why})


def test_a_connection_of_pgx_alone_serves_no_lane_with_shadows(
    tables: Case, server: Server, namespace: str
) -> None:
    """Beside pgx as a driver of database/sql, which goes on to serve it."""
    tables.one(opened("db", "pgx", WORDS.format(tables.at)))
    tables.one(step("exec", "", "db", INSERT, "before"), gray=True)
    assert not any(unfit(server, namespace).values())
    tables.one(opened("conn", "pgx alone", WORDS.format(tables.at)))
    returning = f"{INSERT} RETURNING item"
    ways = [("exec", INSERT), ("query", returning), ("batch", INSERT), ("copy", "")]
    steps = [step(f"alone {way}", "", "conn", text, way) for way, text in ways]
    for one in steps:
        assert "github.com/jackc/pgx/v5 is not hooked" in tables.refused(one)
        tables.one(one)
    tables.one(step("exec", "", "db", INSERT, "after"), gray=True)
    assert tables.items() == ["batch", "copy", "exec", "query"]
    assert tables.items("orders_gray") == ["after", "before"]
    why = "github.com/jackc/pgx/v5 is not hooked: what it sends is not rewritten"
    until(lambda: unfit(server, namespace) == {"tables": why, "databases": why})
