"""Real servers, through each driver of Django's: on a lane the ORM reaches the shadow only."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.db import NotSupportedError, connection, connections, transaction

from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from tests.instruments.django import site
from tests.instruments.django.site import MODELS, Customer, Location, Order, ready, work
from tests.instruments.django.test_databases import aget, get
from tests.instruments.plane import Plane, serving
from tests.instruments.sqlalchemy.shop import plane

if TYPE_CHECKING:
    from scripts.databases import Server

pytest.importorskip("sqlglot")

TABLES = [model._meta.db_table for model in MODELS]
MYSQL, POSTGRES = "django.db.backends.mysql", "django.db.backends.postgresql"


@dataclass(frozen=True)
class Store:
    """Databases on a real server; `hooks` are of the driver that Django uses for it."""

    server: Server
    engine: str
    hooks: tuple[str, ...]
    options: dict[str, Any]

    @property
    def base(self) -> str:
        return self.server.database

    @property
    def gray(self) -> str:
        return f"{self.base}_gray"

    def settings(self, name: str = "", **more: Any) -> dict[str, Any]:
        """Return what Django is told of a database, base if it is not said which."""
        server = self.server
        return {
            "ENGINE": self.engine,
            "NAME": name or self.base,
            "HOST": server.host,
            "PORT": str(server.port),
            "USER": server.user,
            "PASSWORD": server.password,
            "CONN_MAX_AGE": 0 if "pool" in self.options else 60,
            "OPTIONS": self.options,
            **more,
        }

    @contextmanager
    def outside(self, name: str = "") -> Iterator[Any]:
        """Give a cursor for a database, on base and with a connection of its own."""
        settings = {**connections.settings["default"], **self.settings(name), "OPTIONS": {}}
        wrapper = connections["default"].__class__(settings, "outside")
        try:
            with serving(""), wrapper.cursor() as cursor:
                yield cursor
        finally:
            wrapper.close()

    def prepare(self) -> None:
        """Make the tables of base and of its shadow, and in base a shadow of each table."""
        with self.outside() as cursor:
            cursor.execute(f"CREATE DATABASE {self.gray}")
            for suffix in ("", "_gray"):
                run(cursor, site.schema(suffix))
        with self.outside(self.gray) as cursor:
            run(cursor, site.schema())

    def rows(self, name: str = "", suffix: str = "") -> list[list[Any]]:
        """Return what is in the tables of one side."""
        found = []
        with self.outside(name) as cursor:
            for table in TABLES:
                cursor.execute(f"SELECT * FROM {table}{suffix} ORDER BY id")
                found.append([tuple(row) for row in cursor.fetchall()])
        return found

    def locations(self, name: str = "") -> set[str]:
        """Return who wrote into a database."""
        return {row[1] for row in self.rows(name)[0]}

    def shadows(self, kind: str) -> list[Any]:
        """Return the rules for a shadow database, or for shadow tables."""
        if kind == "databases":
            source, shadow = Database(name=self.base), Database(name=self.gray)
            return [ShadowDatabase(rule="t", lane="gray", source=source, shadow=shadow)]
        return [
            ShadowTable(
                rule="t", lane="gray", database=self.base, table=name, shadow=f"{name}_gray"
            )
            for name in TABLES
        ]


def run(cursor: Any, script: str) -> None:
    """Run the statements of `script`, one by one."""
    for statement in script.split(";\n"):
        cursor.execute(statement)


SERVERS: list[Any] = [
    ("mariadb", MYSQL, ("mysqlclient",), {}),
    ("postgres", POSTGRES, ("psycopg",), {}),
]
POOLED: list[Any] = [
    ("postgres", POSTGRES, ("psycopg", "psycopg_pool"), {"pool": {"min_size": 1, "max_size": 4}}),
]


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    kind, engine, hooks, options = request.param
    server = request.getfixturevalue(f"{kind}_database")
    store = Store(server, engine, hooks, options)
    unpooled = store.settings(OPTIONS={})
    with ready(plane(), **unpooled):
        store.prepare()
    yield store
    with ready(plane(), **unpooled), store.outside("postgres" if engine == POSTGRES else "") as it:
        it.execute(f"DROP DATABASE {store.gray}{' WITH (FORCE)' if engine == POSTGRES else ''}")


@contextmanager
def serve(store: Store, kind: str) -> Iterator[Plane]:
    """Serve from a store whose lane gray has shadows of a kind."""
    agent = plane(*store.shadows(kind))
    site.PLANES.append(agent)
    try:
        with ready(agent, *store.hooks, **store.settings()):
            try:
                yield agent
            finally:
                if store.options:
                    # What is given back to a pool that is closed would open another one.
                    connections.close_all()
                    connection.close_pool()
    finally:
        site.PLANES.remove(agent)
    assert agent.counted("agent_faults") == {}


def name_of(one: Any) -> str:
    return f"{one[2][0]}{'-pool' if one[3] else ''}"


servers = pytest.mark.parametrize("store", [*SERVERS, *POOLED], indirect=True, ids=name_of)
kinds = pytest.mark.parametrize("kind", ["databases", "tables"])


@servers
@kinds
def test_the_orm_reaches_only_the_shadow(store: Store, kind: str) -> None:
    """Models with keys, many rows at once, locks, atomic blocks: base holds what it held."""
    gray = (store.gray, "") if kind == "databases" else ("", "_gray")
    with serve(store, kind) as agent:
        assert work("base") == ["base-new"]
        before = store.rows()
        with serving("gray"):
            assert work("gray") == ["gray-new"]
        assert store.rows() == before
        shadow = store.rows(*gray)
        assert [len(rows) for rows in shadow] == [1, 1, 1]
        Order.objects.all().delete()
        Customer.objects.all().delete()
        Location.objects.all().delete()
        assert work("again") == ["again-new"]
        assert store.rows(*gray) == shadow
        assert agent.counted("sql_refused") == {}


@servers
@kinds
def test_requests_on_different_lanes_keep_apart(store: Store, kind: str) -> None:
    """One thread, connections that are kept; and then many requests of one event loop."""
    dice = random.Random(1)
    lanes = [dice.choice(("", "gray")) for _ in range(30)]

    async def run() -> list[list[str]]:
        return await asyncio.gather(*(aget("/awrite", lane) for lane in lanes))

    with serve(store, kind) as agent:
        said = [get("/write", lane)[:2] for lane in lanes]
        said += [(one[0], one[1]) for one in asyncio.run(run())]
        assert [one for one in said if one[0] != one[1]] == []
        assert {one[0] for one in said} == {"base", "gray"}
        assert store.locations() == {"base"}
        assert agent.counted("sql_refused") == {}


@servers
def test_an_atomic_block_stays_on_the_side_it_began_on(store: Store) -> None:
    """Code of another lane inside it is told, and the block ends where it began."""
    with serve(store, "databases"):
        with serving("gray"):
            block = transaction.atomic()
            block.__enter__()
            Location.objects.create(location="gray")
        with pytest.raises(NotSupportedError, match="shadow database of lane gray"):
            Location.objects.count()
        block.__exit__(ValueError, ValueError(), None)
        Location.objects.create(location="base")
        with serving("gray"):
            assert Location.objects.count() == 0
        assert store.locations() == {"base"}
