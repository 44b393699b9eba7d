"""What a server does beside the statement: views, triggers, keys, partitions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from fairlead.sql.asking import read_catalog
from fairlead.sql.catalog import Catalog
from fairlead.sql.lexis import PLAIN
from fairlead.sql.rewriter import CATALOG_SECONDS, Catalogs, Rewriter, answered
from fairlead.sql.session import Session
from fairlead.sql.verdict import Verdict
from tests.sql.shop import RULES

SCHEMA = """
CREATE TABLE countries (code PRIMARY KEY);
CREATE TABLE cities (id PRIMARY KEY, country REFERENCES countries ON DELETE CASCADE);
CREATE TABLE orders (id PRIMARY KEY, city REFERENCES cities ON DELETE SET NULL);
CREATE TABLE orders_gray (id PRIMARY KEY, city REFERENCES cities ON DELETE SET NULL);
CREATE TABLE regions (id PRIMARY KEY);
CREATE TABLE items (id, region REFERENCES regions);
CREATE TABLE audit (at, what);
CREATE TABLE settings (k, v);
CREATE TABLE notes (body);
CREATE VIEW all_orders AS SELECT id FROM orders;
CREATE VIEW via AS SELECT * FROM all_orders;
CREATE VIEW harmless AS SELECT code, 'orders' AS what FROM countries;
CREATE TRIGGER log_it AFTER UPDATE ON orders_gray BEGIN
  INSERT INTO audit (at, what) VALUES (datetime('now'), 'orders'); END;
CREATE TRIGGER count_them AFTER UPDATE ON settings BEGIN
  UPDATE orders SET id = id WHERE NEW.k = 'x'; END;
CREATE TABLE odd (a);
CREATE TRIGGER "begin" AFTER INSERT ON odd BEGIN INSERT INTO 'orders' (id) VALUES (7); END;
CREATE TRIGGER pass_on AFTER INSERT ON notes BEGIN UPDATE settings SET v = 1; END;
"""


class Server:
    """A real SQLite database that is asked; counts the questions."""

    def __init__(self, schema: str = SCHEMA) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.connection.executescript(schema)
        self.questions = 0
        self.now = 0.0
        session = Session(dialect="sqlite", database="shop")
        self.rewriter = Rewriter(session, RULES, Catalogs(lambda: self.now))

    def ask(self, query: str) -> Iterable[Sequence[Any]]:
        self.questions += 1
        return self.connection.execute(query).fetchall()

    def judge(self, text: str) -> Verdict:
        return answered(self.rewriter.judge(text, PLAIN), self.ask)

    def cause(self, text: str) -> str:
        refused = self.judge(text).refused
        return refused.cause if refused else ""


@pytest.fixture
def server():
    found = Server()
    yield found
    found.connection.close()


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("SELECT * FROM all_orders", "view"),
        ("SELECT * FROM via", "view"),
        ("SELECT * FROM harmless", ""),
        ("UPDATE orders SET id = 2", ""),
        ("UPDATE settings SET v = 2", "trigger"),
        ("INSERT INTO settings VALUES (1, 2)", ""),
        ("INSERT INTO notes VALUES ('x')", "trigger"),
        ("DELETE FROM notes", ""),
        ("INSERT INTO odd VALUES (1)", "trigger"),
        ("DELETE FROM cities", "cascade"),
        ("DELETE FROM countries", "cascade"),
        ("INSERT INTO countries VALUES ('de')", ""),
        ("DELETE FROM regions", ""),
        ("SELECT * FROM countries", ""),
    ],
)
def test_a_row_of_base_is_not_reached_through_another_table(server, text, cause):
    """The statement names no shadowed table, and would change one all the same."""
    assert server.cause(text) == cause


def test_what_the_catalogue_said_holds_for_a_while(server):
    """A question for every statement would cost more than the statement."""
    server.judge("SELECT * FROM orders")
    asked = server.questions
    server.judge("SELECT * FROM items")
    assert server.questions == asked

    server.now = CATALOG_SECONDS
    server.judge("SELECT * FROM items")
    assert server.questions > asked


def test_a_view_that_is_made_later_is_noticed(server):
    """Verdicts are forgotten when the catalogue says something else."""
    assert server.cause("UPDATE regions SET id = 1") == ""
    known = server.rewriter.known(PLAIN)
    assert "UPDATE regions SET id = 1" in known
    server.connection.execute(
        "CREATE TRIGGER late AFTER UPDATE ON regions BEGIN DELETE FROM orders; END"
    )
    server.now = CATALOG_SECONDS

    server.judge("SELECT * FROM items")

    assert "UPDATE regions SET id = 1" not in known
    assert server.cause("UPDATE regions SET id = 1") == "trigger"


def test_a_statement_that_names_no_table_asks_nothing(server):
    """SELECT FOUND_ROWS() after our own question would tell of that."""
    assert server.judge("SELECT changes()").text == "SELECT changes()"
    assert server.questions == 0


ANSWERS = {
    "information_schema.tables": [
        ("shop", "orders", "InnoDB"),
        ("shop", "v", None),
        ("shop", "settings", "InnoDB"),
        ("shop", "merged", "MRG_MyISAM"),
    ],
    "information_schema.views": [("shop", "v", "select 1 from `shop`.`orders`"), ("shop", "w", "")],
    "information_schema.triggers": [
        ("shop", "settings", "t", "UPDATE", "CALL p()", ""),
        ("shop", "notes", "t", "INSERT", "SET NEW.at = now()", ""),
        ("shop", "plain", "t", "INSERT", 'INSERT INTO "orders" VALUES (1)', "ANSI_QUOTES"),
    ],
    "referential_constraints": [("shop", "countries", "shop", "orders", "CASCADE", "RESTRICT")],
    "privilege_type": [("", "", 1)],
    "information_schema.routines": [("nvl",)],
}


def mysql(text: str, **other: Any) -> str:
    """Return why MySQL's catalogue, as in ANSWERS, refuses `text`."""
    answers = {**ANSWERS, **other}

    def ask(query: str) -> Iterable[Sequence[Any]]:
        return next(rows for part, rows in answers.items() if part in query)

    session = Session(dialect="mysql", database="shop")
    rewriter = Rewriter(session, RULES, Catalogs(lambda: 0.0))
    refused = answered(rewriter.judge(text, PLAIN), ask).refused
    return refused.cause if refused else ""


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("SELECT * FROM v", "view"),
        ("SELECT * FROM w", "view"),
        ("SELECT * FROM merged", "view"),
        ("UPDATE settings SET a = 1", "trigger"),
        ("INSERT INTO notes VALUES (1)", ""),
        ("INSERT INTO plain VALUES (1)", "trigger"),
        ("DELETE FROM countries", "cascade"),
        ("UPDATE countries SET a = 1", ""),
        ("REPLACE INTO countries VALUES (1)", "cascade"),
        ("SELECT nvl(1, 2)", "function"),
        ("SELECT ifnull(1, 2) FROM orders", ""),
    ],
)
def test_what_cannot_be_read_or_followed_reaches_everything(text, cause):
    """A view without SHOW VIEW, a trigger that calls a procedure."""
    assert mysql(text) == cause


def test_a_user_who_cannot_see_triggers_may_only_read():
    """MySQL shows triggers to who has the right TRIGGER, and an empty list to everybody else."""
    assert mysql("UPDATE orders SET a = 1", privilege_type=[]) == "trigger"
    assert mysql("SELECT * FROM orders", privilege_type=[]) == ""


@pytest.mark.parametrize(
    ("rights", "cause"),
    [
        ([("", "", 0), ("shop", "", 1)], ""),
        ([("sh_p", "", 1)], ""),
        ([("s%", "", 1)], ""),
        ([("%", "", 1), ("shop", "", 0)], "trigger"),
        ([("%", "", 0), ("shop", "", 1)], ""),
        ([("%", "", 1), ("s%", "", 0)], "trigger"),
        ([("sh\\_p", "", 1)], "trigger"),
        ([("SHOP", "", 1)], "trigger"),
        ([("other", "", 1)], "trigger"),
        ([("shop", "orders_gray", 1)], ""),
        ([("sh_p", "orders_gray", 1)], "trigger"),
        ([("shop", "orders", 1)], "trigger"),
    ],
)
def test_the_right_to_triggers_is_that_of_the_table(rights, cause):
    """GRANT TRIGGER on another database shows nothing of this one's."""
    assert mysql("UPDATE orders SET a = 1", privilege_type=rights) == cause


def test_a_catalogue_is_equal_to_one_that_says_the_same():
    """Otherwise every look would forget every verdict."""
    server = Server()
    session = Session(dialect="sqlite", database="shop")

    def read() -> Catalog:
        reading = read_catalog(session)
        rows = None
        while True:
            try:
                query = reading.send(rows)  # type: ignore[arg-type]
            except StopIteration as done:
                found: Catalog = done.value
                return found
            rows = server.ask(query)

    assert read() == read()
    server.connection.close()
