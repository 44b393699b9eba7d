"""Rules about statements of Go programs: of a database, of one statement, by its values."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.control.serving import Server
from tests.golang.ledger import Ledger, follows, opened, running, step
from tests.golang.sql_fixtures import namespace, program, server

__all__ = ["namespace", "program", "server"]

INSERT = "INSERT INTO orders (item) VALUES (?)"


FLOW = "/apis/fault-tolerance.opensergo.io/v1alpha1/namespaces/{}/flowcontrols"


def ruled(server: Server, namespace: str, target: str, *strategies: dict[str, Any]) -> None:
    body = {
        "apiVersion": "fault-tolerance.opensergo.io/v1alpha1",
        "kind": "FlowControl",
        "metadata": {"name": "sql", "labels": {"app": "gateway"}},
        "spec": {
            "targets": [{"targetResourceName": target}],
            "strategies": [*strategies],
        },
    }
    with server.client() as http:
        made = http.post(FLOW.format(namespace), json=body)
        assert made.status_code == 201, made.text
    follows(server, namespace, int(made.json()["metadata"]["resourceVersion"]))


ONE = {"rateLimit": {"threshold": 1, "statDuration": "1h"}}


@pytest.fixture
def ledger(tmp_path: Path, program: Path, server: Server, namespace: str) -> Iterator[Ledger]:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT)")
    with running(program, server, namespace) as ledger:
        ledger.one(opened("db", "sqlite", str(tmp_path / "shop.db")))
        yield ledger


def test_a_limit_of_a_database(ledger: Ledger, server: Server, namespace: str) -> None:
    ruled(server, namespace, "sql:shop", ONE)
    ledger.one(step("exec", "", "db", INSERT, "a"))
    refusal = ledger.refused(step("query", "", "db", "SELECT * FROM orders"), gray=False)
    assert "sql:shop" in refusal
    assert ledger.run(step("begin", "tx", "db"), step("rollback", "", "tx")) == ["ok", "ok"]


def test_a_limit_of_one_statement(ledger: Ledger, server: Server, namespace: str) -> None:
    ruled(server, namespace, f"sql:shop:{INSERT}", ONE)
    ledger.one(step("prepare", "insert", "db", INSERT))
    ledger.one(step("exec prepared", "insert", "", "", "a"))
    ledger.refused(step("exec prepared", "insert", "", "", "b"), gray=False)
    ledger.refused(step("exec", "", "db", "INSERT INTO orders\n(item) VALUES (?)", "b"), gray=False)
    assert ledger.one(step("query", "", "db", "SELECT item FROM orders")) == [["a"]]


def test_a_limit_for_each_value(ledger: Ledger, server: Server, namespace: str) -> None:
    param = {"source": "sql", "name": "0"}
    hot = {"threshold": 1, "duration": "1h", "param": param}
    ruled(server, namespace, "sql:shop", {"hotParameter": hot})
    for value in ("a", "b"):
        ledger.one(step("exec", "", "db", INSERT, value))
        ledger.refused(step("exec", "", "db", INSERT, value), gray=False)


def test_statements_of_a_server_that_fails_open_a_breaker(
    ledger: Ledger, server: Server, namespace: str, tmp_path: Path
) -> None:
    """A table that is not there is the statement's fault, a locked file the server's."""
    breaker = {
        "strategy": "ErrorRequestCount",
        "minRequestAmount": 1,
        "triggerCount": 2,
        "statDuration": "1h",
        "recoveryTimeout": "1h",
    }
    ruled(server, namespace, "sql:shop", {"circuitBreaker": breaker})
    for _ in range(3):
        assert "no such table" in ledger.refused(step("exec", "", "db", "DELETE FROM x"))
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        for _ in range(2):
            assert "locked" in ledger.refused(step("exec", "", "db", INSERT, "a"), gray=False)
    assert "sql:shop" in ledger.refused(step("exec", "", "db", INSERT, "a"), gray=False)
