"""Requests of all lanes share a process, its threads and its connections."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fairlead.policy.encode import seal
from fairlead.policy.lane import Lane
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.instruments.plane import Plane, hooked
from tests.instruments.sqlite3.conftest import ORDERS
from tests.instruments.starlette.calls import call

GRAY = [("baggage", "x-opensergo-traffic=gray")]


@pytest.fixture
def plane() -> Iterator[Plane]:
    """Hook the server side and sqlite3, in an app whose lane gray has a shadow table."""
    plane = Plane(
        seal(
            Snapshot(
                workload=Workload(app="c"), lanes=(Lane(name="gray"),), shadow_tables=(ORDERS,)
            )
        )
    )
    with hooked(plane, "starlette", "python", "sqlite3"):
        yield plane


def write(shop: Path, what: str) -> None:
    with closing(sqlite3.connect(shop, timeout=30)) as connection, connection:
        connection.execute("INSERT INTO orders (what) VALUES (?)", (what,))


def counts(shop: Path) -> dict[str, int]:
    with closing(sqlite3.connect(shop)) as connection:
        return {
            table: connection.execute(
                f"SELECT count(*) FROM {table} WHERE what <> 'base'"
            ).fetchone()[0]
            for table in ("orders", "orders_gray")
        }


def app(shop: Path) -> Starlette:
    """Return an application that writes a row from many places."""
    pool = ThreadPoolExecutor(2)

    async def here(request: Request) -> PlainTextResponse:
        write(shop, "here")
        return PlainTextResponse("ok")

    async def everywhere(request: Request) -> PlainTextResponse:
        loop = asyncio.get_running_loop()
        await asyncio.create_task(asyncio.to_thread(write, shop, "task"))
        await loop.run_in_executor(pool, write, shop, "executor")
        await loop.run_in_executor(None, write, shop, "default executor")
        thread = threading.Thread(target=write, args=(shop, "thread"))
        thread.start()
        await asyncio.to_thread(thread.join)
        list(pool.map(write, [shop], ["map"]))
        return PlainTextResponse("ok")

    def plain(request: Request) -> PlainTextResponse:
        write(shop, "plain")
        return PlainTextResponse("ok")

    return Starlette(
        routes=[Route(f"/{f.__name__}", f) for f in (here, everywhere, plain)],
    )


@pytest.mark.parametrize(("path", "rows"), [("/here", 1), ("/plain", 1), ("/everywhere", 5)])
def test_rows_go_where_the_request_belongs(shop: Path, plane, path, rows):
    """Through tasks, threads and executors that serve both sides in turn (F21, F22)."""
    application = app(shop)

    async def all_of_them() -> None:
        for headers in ([], GRAY, GRAY, [], GRAY):
            await call(application, headers, path=path)

    asyncio.run(all_of_them())

    assert counts(shop) == {"orders": 2 * rows, "orders_gray": 3 * rows}


@pytest.mark.parametrize(
    "label",
    [
        "gray'; DELETE FROM orders; --",
        "../../gray",
        "gray%0d%0aX: y",
        "gr%C3%A4y",
        "x" * 65_536,
        "%00gray",
        "orders_gray",
    ],
)
def test_a_hostile_label_never_reaches_sql(shop: Path, plane, label):
    """F20: a table's name comes from a rule, and a label that can name no lane is none."""
    asyncio.run(call(app(shop), [("baggage", f"x-opensergo-traffic={label}")], path="/here"))

    assert counts(shop) == {"orders": 1, "orders_gray": 0}


def test_base_sends_everything_unchanged(shop: Path, plane):
    """F24: what is refused on a lane is nobody's business elsewhere."""
    with closing(sqlite3.connect(shop, isolation_level=None)) as connection:
        for statement in (
            "CREATE TABLE t (id)",
            "CREATE VIEW v AS SELECT * FROM orders",
            "CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM orders; END",
            "INSERT INTO t VALUES (1)",
            "PRAGMA writable_schema = 0",
            "SELECT * FROM v",
            "DROP TABLE t",
        ):
            connection.execute(statement)
    assert plane.counted("sql_refused") == {}
