"""Statements as resources: every driver asks their gate before it sends, on real servers."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from fairlead.flow.rejected import Rejected
from fairlead.policy.rule import SIMULATE
from fairlead.policy.snapshot import Snapshot
from tests.instruments.gates import breaker, cap, enforce, hot, inflight, rate
from tests.instruments.plane import Plane, hooked

if TYPE_CHECKING:
    from scripts.databases import Server

Run = Callable[..., Any]
"""Sends a statement with its parameters, through a cursor where the driver has some."""


def _sync(connect: Callable[..., Any]) -> Callable[..., Iterator[Run]]:
    def opened(**settings: Any) -> Iterator[Run]:
        connection = connect(**settings)

        def run(sql: str, *parameters: Any) -> None:
            cursor = connection.cursor()
            cursor.execute(sql, *([parameters] if parameters else []))
            if cursor.description:
                cursor.fetchall()
            cursor.close()

        yield run
        connection.close()

    return opened


def _awaited(
    connect: Callable[..., Awaitable[Any]], send: Callable[..., Awaitable[Any]]
) -> Callable[..., Iterator[Run]]:
    def opened(**settings: Any) -> Iterator[Run]:
        with asyncio.Runner() as runner:
            connection = runner.run(_made(connect, settings))
            yield lambda sql, *parameters: runner.run(_sent(send, connection, sql, parameters))
            runner.run(_closed(connection))

    return opened


async def _made(connect: Callable[..., Awaitable[Any]], settings: dict[str, Any]) -> Any:
    return await connect(**settings)


async def _sent(send: Any, connection: Any, sql: str, parameters: tuple[Any, ...]) -> None:
    await send(connection, sql, parameters)


async def _closed(connection: Any) -> None:
    closing = connection.close()
    if closing is not None:
        await closing


async def _by_cursor(connection: Any, sql: str, parameters: tuple[Any, ...]) -> None:
    made = connection.cursor()
    cursor = await made if hasattr(made, "__await__") else made
    await cursor.execute(sql, *([parameters] if parameters else []))
    if cursor.description:
        await cursor.fetchall()
    await cursor.close()


async def _by_connection(connection: Any, sql: str, parameters: tuple[Any, ...]) -> None:
    await connection.fetch(sql, *parameters)


def _driver(name: str) -> tuple[Callable[..., Iterator[Run]], str, str]:
    """Return how a driver is used, its mark of a parameter, and its error of an overloaded server.

    Imported here: a driver is hooked when it is imported, or before.
    """
    if name == "pymysql":
        import pymysql

        return _sync(pymysql.connect), "%s", "OperationalError"
    if name == "mysqlclient":
        import MySQLdb

        return _sync(MySQLdb.connect), "%s", "OperationalError"
    if name == "mysqlconnector":
        import mysql.connector

        pure = mysql.connector.connect
        return _sync(lambda **to: pure(use_pure=True, **to)), "%s", "OperationalError"
    if name == "mysqlconnector_aio":
        from mysql.connector import aio

        one = _awaited(lambda **to: aio.connect(ssl_disabled=True, **to), _by_cursor)
        return one, "%s", "OperationalError"
    if name == "aiomysql":
        import aiomysql

        one = _awaited(lambda *, database, **to: aiomysql.connect(db=database, **to), _by_cursor)
        return one, "%s", "OperationalError"
    if name == "psycopg":
        import psycopg

        return (
            _sync(lambda database, **to: psycopg.connect(dbname=database, **to)),
            "%s",
            ("OperationalError"),
        )
    if name == "psycopg_async":
        import psycopg

        def asynchronous(database: str, **to: Any) -> Awaitable[Any]:
            return psycopg.AsyncConnection.connect(dbname=database, **to)

        return _awaited(asynchronous, _by_cursor), "%s", "OperationalError"
    if name == "psycopg2":
        import psycopg2

        return _sync(psycopg2.connect), "%s", "OperationalError"
    import asyncpg

    return _awaited(asyncpg.connect, _by_connection), "$1::int", "InsufficientResourcesError"


MYSQL = ("pymysql", "mysqlclient", "mysqlconnector", "mysqlconnector_aio", "aiomysql")
POSTGRES = ("psycopg", "psycopg_async", "psycopg2", "asyncpg")


@contextmanager
def using(name: str, server: Server, database: str) -> Iterator[tuple[Plane, Run, str, str]]:
    plane = Plane(Snapshot())
    with hooked(plane, name.removesuffix("_async")):
        opened, mark, error = _driver(name)
        there = {"host": server.host, "port": server.port, "user": server.user}
        runs = opened(**there, password=server.password, database=database)
        yield plane, next(runs), mark, error
        next(runs, None)


@pytest.mark.parametrize("name", MYSQL)
def test_drivers_of_mysql_ask_the_gate_of_a_statement(name: str, mariadb: Server) -> None:
    with using(name, mariadb, "mysql") as (plane, run, mark, error):
        _measured(plane, run, "mysql", mark)
        _governed(plane, run, "mysql", mark, error)


@pytest.mark.parametrize("name", POSTGRES)
def test_drivers_of_postgres_ask_the_gate_of_a_statement(name: str, postgres: Server) -> None:
    with using(name, postgres, "postgres") as (plane, run, mark, error):
        _measured(plane, run, "postgres", mark)
        _governed(plane, run, "postgres", mark, error)


def _measured(plane: Plane, run: Run, database: str, mark: str) -> None:
    """Whatever the driver: each statement is counted once, by hooks in hooks too, with its time."""
    plane.engine.measure(True)
    for _ in range(3):
        run("SELECT 1")
    run(f"SELECT {mark}", 7)
    enforce(plane, rate("sql:elsewhere", 0))
    run("SELECT 1")
    with pytest.raises(Exception, match=r"(?i)syntax"):
        run("SELECT FROM WHERE")
    found, _ = plane.engine.measuring.sendings.read()
    texts = {"SELECT 1": 4, f"SELECT {mark}": 1, "SELECT FROM WHERE": 1, "SELECT 7": 0}
    ours = {one.text: one for one in found if one.text in texts and one.edge.calls}
    assert {text: ours[text].edge.calls if text in ours else 0 for text in texts} == texts
    assert {one.database for one in ours.values()} == {database}
    assert min(one.edge.rt_ns for one in ours.values()) > 10_000
    assert sum(one.edge.errors for one in ours.values()) == 0
    run("ROLLBACK")
    plane.engine.measure(False)


def _governed(plane: Plane, run: Run, database: str, mark: str, error: str) -> None:
    """Whatever the driver: what a rule turns away is its own error, and the rest goes on."""
    run("SELECT 1")
    enforce(plane, rate(f"sql:{database}:SELECT 1", 2), rate("sql:elsewhere", 0))
    told = plane.interfaces.unmatched(plane.engine.plan.snapshot.flow)
    assert told == {"sql:elsewhere": ""}
    run("SELECT 1")
    run("SELECT  1")  # blanks do not make another one
    with pytest.raises(Exception, match="rate limited") as raised:
        run("SELECT 1")
    assert error in {kind.__name__ for kind in type(raised.value).__mro__}
    assert isinstance(raised.value.__cause__, Rejected)
    run("SELECT 2")
    assert inflight(plane, f"sql:{database}:SELECT 1") == 0

    enforce(plane, hot(f"sql:{database}", "sql", "0"))
    run(f"SELECT {mark}", 7)
    with pytest.raises(Exception, match="rate limited"):
        run(f"SELECT {mark}", 7)
    run(f"SELECT {mark}", 8)

    enforce(plane, rate(f"sql:{database}", 0))
    run("ROLLBACK")  # whoever is turned away must be able to end what was begun
    with pytest.raises(Exception, match="rate limited"):
        run("SELECT 1")
    enforce(plane)
    run("SELECT 1")
    assert "agent_faults" not in plane.counters.read()


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane(Snapshot())
    with hooked(plane, "sqlite3"):
        yield plane


def test_a_breaker_opens_when_the_database_fails_and_not_when_a_statement_is_wrong(
    plane: Plane,
) -> None:
    connection = sqlite3.connect(":memory:")
    connection.create_function("fail", 0, lambda: 1 / 0)
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    enforce(plane, breaker("sql:memory"))

    connection.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO t VALUES (1)")
    connection.execute("SELECT * FROM t")
    with pytest.raises(sqlite3.OperationalError, match="user-defined"):
        connection.execute("SELECT fail()")
    with pytest.raises(sqlite3.OperationalError, match="circuit open: sql:memory"):
        connection.execute("SELECT * FROM t")


def test_statements_at_a_time_are_those_of_all_threads(plane: Plane) -> None:
    began, end = threading.Event(), threading.Event()

    def hold() -> int:
        began.set()
        end.wait(60)
        return 1

    def work() -> None:
        connection = sqlite3.connect(":memory:")
        connection.create_function("hold", 0, hold)
        connection.execute("SELECT hold()")

    enforce(plane, cap("sql:memory", 1))
    thread = threading.Thread(target=work)
    thread.start()
    assert began.wait(60)
    mine = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError, match="overloaded: sql:memory"):
        mine.execute("SELECT 1")
    end.set()
    thread.join()
    mine.execute("SELECT 1")


def test_a_rule_on_trial_turns_no_statement_away(plane: Plane) -> None:
    enforce(plane, rate("sql:memory", 0, mode=SIMULATE))
    sqlite3.connect(":memory:").execute("SELECT 1")
    assert plane.counters.read()["would_limit"] == {"sql:memory": 1}


def test_a_script_and_many_rows_are_one_call(plane: Plane) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (id)")
    enforce(plane, rate("sql:memory", 2))
    connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,), (3,)])
    connection.executescript("INSERT INTO t VALUES (4); INSERT INTO t VALUES (5);")
    with pytest.raises(sqlite3.OperationalError, match="rate limited"):
        connection.executemany("INSERT INTO t VALUES (?)", [(6,)])
    enforce(plane)
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (5,)
