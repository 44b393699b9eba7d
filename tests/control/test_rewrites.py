"""What agents without a parser are told of statements on a lane, by a real server."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.control.rewriting import MOST_CATALOGS, Rewriting
from fairlead.policy.database import ShadowTable
from fairlead.protocols.watch.statements import Question
from fairlead.sql.lexis import QMARK
from fairlead.sql.session import SQLITE
from tests.control.serving import serving

PATH = "/fairlead/v1/rewrites"
ORDERS = {"database": "memory", "table": "orders", "shadow": "orders_gray"}
SCHEMA = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT);
CREATE TABLE orders_gray (id INTEGER PRIMARY KEY, item TEXT);
CREATE TABLE stock (item TEXT, number INTEGER);
CREATE TABLE log (item TEXT);
CREATE TRIGGER logged AFTER INSERT ON log BEGIN UPDATE orders SET item = new.item; END;
"""


class Asker:
    """Asks as an agent does: what it is told to, it asks its own connection."""

    def __init__(self, http: httpx.Client, connection: sqlite3.Connection) -> None:
        self._http, self._connection = http, connection
        self.known: dict[str, Any] = {"session": [], "answers": [], "catalog": ""}
        self.rounds = 0

    def ask(self, statement: str, **changed: Any) -> dict[str, Any]:
        self.rounds = 0
        while True:
            self.rounds += 1
            message = {**self.known, **changed}
            answer: dict[str, Any] = posted(self._http, statement, **message).json()
            if "ask" not in answer:
                self.known["catalog"] = answer.get("catalog") or self.known["catalog"]
                self.known["answers"] = []
                return answer
            part = {"session": "session", "catalog": "answers"}[answer["ask"]]
            self.known[part] += [
                {"query": query, "rows": [list(r) for r in self._connection.execute(query)]}
                for query in answer["queries"]
            ]


def posted(http: httpx.Client, statement: str, **changed: Any) -> httpx.Response:
    message = {
        "node": "n-1",
        "namespace": "default",
        "app": "shop",
        "lane": "gray",
        "dialect": "sqlite",
        "style": "qmark",
        "statement": statement,
        "tables": [ORDERS],
    }
    return http.post(PATH, json=message | changed)


@pytest.fixture
def asker(http: httpx.Client) -> Any:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        yield Asker(http, connection)


def test_a_statement_is_rewritten_once_the_connection_has_answered(asker: Asker) -> None:
    found = asker.ask("INSERT INTO orders (item) VALUES (?)")
    assert found["statement"] == "INSERT INTO orders_gray (item) VALUES (?)"
    assert found["changed"]
    assert found["writes"]
    assert found["tables"] == [["orders", "orders_gray"]]
    assert asker.rounds == 3  # where it stands, what the catalogue says, the verdict

    again = asker.ask("SELECT orders.id FROM orders")
    assert again["statement"] == "SELECT orders.id FROM orders_gray AS orders"
    assert not again["writes"]
    assert asker.rounds == 1  # the catalogue is known by its digest


def test_a_statement_that_touches_no_shadowed_table_passes(asker: Asker) -> None:
    found = asker.ask("UPDATE stock SET number = number - 1 WHERE item = ?")
    assert not found["changed"]
    assert found["writes"]


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ("INSERT INTO log VALUES ('x')", "trigger"),
        ("DROP TABLE orders", "ddl"),
        ("SELECT 1; DELETE FROM orders", "multi"),
        ("SELECT mine(item) FROM orders", "function"),
    ],
)
def test_what_cannot_be_kept_in_the_shadow_is_refused(
    asker: Asker, statement: str, cause: str
) -> None:
    found = asker.ask(statement)["refused"]
    assert found["cause"] == cause
    assert found["reason"]


def test_settings_of_the_agent_count(asker: Asker) -> None:
    assert asker.ask("SELECT * FROM orders", listed=["stock"])["refused"]["cause"] == "list"
    found = asker.ask("SELECT mine(item) FROM orders", functions=["mine"])
    assert found["statement"] == "SELECT mine(item) FROM orders_gray"


def test_a_digest_that_is_not_known_any_more_is_asked_about_anew(asker: Asker) -> None:
    asker.ask("SELECT * FROM orders")
    asker.known["catalog"] = "0" * 64
    assert asker.ask("SELECT item FROM orders")["statement"] == "SELECT item FROM orders_gray"
    assert asker.rounds == 2


def test_a_catalogue_that_changed_changes_the_verdict(http: httpx.Client) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(SCHEMA)
        assert Asker(http, connection).ask("SELECT * FROM stock")["changed"] is False
        connection.execute("CREATE VIEW wide AS SELECT * FROM orders")
        found = Asker(http, connection).ask("SELECT * FROM wide")
        assert found["refused"]["cause"] == "view"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"dialect": "oracle"}, "dialect"),
        ({"style": "%"}, "style"),
        ({"app": "no app"}, "app"),
        ({"statement": 7}, "statement"),
        ({"tables": [{"table": "orders"}]}, "tables[0]"),
        ({"session": [{"query": "SELECT 1", "rows": [{}]}]}, "session[0]"),
        ({"answers": 1}, "answers"),
        ({"functions": [""]}, "functions"),
    ],
)
def test_a_message_that_cannot_be_read_is_refused_by_its_field(
    http: httpx.Client, changed: dict[str, Any], field: str
) -> None:
    answer = posted(http, **{"statement": "SELECT 1"} | changed)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["details"]["causes"]] == [field]


def test_answers_of_the_wrong_shape_refuse_the_statement(http: httpx.Client) -> None:
    """An agent of another version may have asked something else."""
    session = [{"query": "PRAGMA database_list", "rows": [[1]]}]
    assert posted(http, "SELECT * FROM orders", session=session).json()["refused"]["cause"]


def test_who_may_not_speak_for_an_app_may_not_ask(tmp_path: Path) -> None:
    with serving(tmp_path / "data", auth=True) as guarded:
        with guarded.client(guarded.token) as admin:
            grant = {"role": "agent", "namespace": "default", "app": "shop"}
            made = admin.post("/fairlead/v1/tokens", json={"name": "shop", "grants": [grant]})
            assert made.status_code == 201, made.text
            with guarded.client(made.json()["token"]) as agent:
                assert posted(agent, "SELECT 1").status_code == 200
                assert posted(agent, "SELECT 1", app="cart").status_code == 403
            assert posted(admin, "SELECT 1").status_code == 403
        with guarded.client() as nobody:
            assert posted(nobody, "SELECT 1").status_code == 401


def test_catalogues_are_kept_within_bounds() -> None:
    rewriting = Rewriting(lambda: 0.0)
    orders = ShadowTable(rule="", lane="gray", database="shop", table="orders", shadow="orders_g")
    question = Question(
        node="n",
        namespace="default",
        app="shop",
        dialect=SQLITE,
        style=QMARK,
        statement="SELECT * FROM orders",
        tables=(orders,),
        session={"PRAGMA database_list": ((0, "main", "/x/shop.db"),)},
    )
    queries = rewriting.answer(question)["queries"]
    digests = []
    for number in range(MOST_CATALOGS + 1):
        answers: dict[str, Any] = dict.fromkeys(queries, ())
        answers[queries[0]] = (("table", f"t{number}", f"t{number}", ""),)
        digests.append(rewriting.answer(replace(question, answers=answers))["catalog"])
    assert "ask" in rewriting.answer(replace(question, catalog=digests[0]))
    assert "ask" not in rewriting.answer(replace(question, catalog=digests[1]))
