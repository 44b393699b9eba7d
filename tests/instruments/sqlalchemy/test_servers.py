"""Real servers, through each driver: on a lane the ORM reaches the shadow and nothing else."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, create_engine, func, insert, inspect, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from tests.instruments.plane import hooked, serving
from tests.instruments.sqlalchemy.models import Base, Customer, Location, Order, work
from tests.instruments.sqlalchemy.shop import plane

if TYPE_CHECKING:
    from scripts.databases import Server

pytest.importorskip("sqlglot")

TABLES = tuple(sorted(Base.metadata.tables))

TURNS = int(os.environ.get("LEAK_TURNS", "10"))
"""Transactions of each thread, of up to ten statements."""


@dataclass(frozen=True)
class Store:
    """Databases on a real server, looked into from outside."""

    server: Server
    base: str
    driver: str
    hook: str

    @property
    def gray(self) -> str:
        return f"{self.base}_gray"

    def url(self, database: str = "", driver: str = "") -> URL:
        """Return where `database` is, base if it is not said, through a driver."""
        server = self.server
        return URL.create(
            driver or self.driver,
            server.user,
            server.password,
            server.host,
            server.port,
            database or self.base,
        )

    def plain(self, database: str = "", **options: Any) -> Engine:
        """Return an engine that blocks, to prepare and to look with."""
        driver = {"mysql+aiomysql": "mysql+pymysql", "postgresql+asyncpg": "postgresql+psycopg"}
        return create_engine(self.url(database, driver.get(self.driver, "")), **options)

    def prepare(self) -> None:
        """Make the tables of base and of its shadow, and in base a shadow of each table."""
        plain = self.plain(isolation_level="AUTOCOMMIT")
        with plain.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {self.gray}"))
            connection.execute(text(f"CREATE DATABASE {self.gray}"))
            Base.metadata.create_all(connection)
            for name in TABLES:
                like = f"{name} INCLUDING ALL" if "postgres" in self.driver else name
                like = f"(LIKE {like})" if "postgres" in self.driver else f"LIKE {like}"
                connection.execute(text(f"CREATE TABLE {name}_gray {like}"))
        plain.dispose()
        other = self.plain(self.gray)
        Base.metadata.create_all(other)
        other.dispose()

    def rows(self, database: str = "", suffix: str = "") -> list[list[Any]]:
        """Return what is in the tables of one side; the hooks are put aside for it."""
        plain = self.plain(database)
        with plain.connect() as connection:
            found = [
                [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}{suffix}"))]
                for name in TABLES
            ]
        plain.dispose()
        return [sorted(rows, key=str) for rows in found]

    def databases(self, lane: str = "gray") -> ShadowDatabase:
        """Return the rule of a shadow database."""
        shadow = Database(name=self.gray)
        return ShadowDatabase(rule="t", lane=lane, source=Database(name=self.base), shadow=shadow)

    def tables(self) -> list[ShadowTable]:
        """Return the rules of a shadow table for each table."""
        return [
            ShadowTable(
                rule="t", lane="gray", database=self.base, table=name, shadow=f"{name}_gray"
            )
            for name in TABLES
        ]


SYNC = [
    ("mariadb", "mysql+pymysql", "pymysql"),
    ("mariadb", "mysql+mysqldb", "mysqlclient"),
    ("mariadb", "mysql+mysqlconnector", "mysqlconnector"),
    ("postgres", "postgresql+psycopg", "psycopg"),
    ("postgres", "postgresql+psycopg2", "psycopg2"),
]
ASYNC = [
    ("mariadb", "mysql+aiomysql", "aiomysql"),
    ("postgres", "postgresql+psycopg", "psycopg"),
    ("postgres", "postgresql+asyncpg", "asyncpg"),
]


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    kind, driver, hook = request.param
    server = request.getfixturevalue(f"{kind}_database")
    store = Store(server, server.database, driver, hook)
    store.prepare()
    yield store
    plain = store.plain(isolation_level="AUTOCOMMIT")
    with plain.connect() as connection:
        force = " WITH (FORCE)" if kind == "postgres" else ""
        connection.execute(text(f"DROP DATABASE {store.gray}{force}"))
    plain.dispose()


drivers = pytest.mark.parametrize("store", SYNC, indirect=True, ids=lambda one: one[1])
async_drivers = pytest.mark.parametrize("store", ASYNC, indirect=True, ids=lambda one: one[1])


def names(rows: list[list[Any]]) -> set[str]:
    """Return the words in `rows`: who wrote them."""
    return {str(cell).partition("-")[0] for rows in rows for row in rows for cell in row[1:2]}


@drivers
def test_the_orm_reaches_only_the_shadow_database(store: Store) -> None:
    """Create, read, update and delete; the reverse; and each side gets its connections back."""
    agent = plane(store.databases())
    with hooked(agent, store.hook, "sqlalchemy"):
        engine = create_engine(store.url(), pool_size=2, max_overflow=0, pool_pre_ping=True)
        with Session(engine) as session:
            work(session, "base")
        before = store.rows()
        for _ in range(3):
            with serving("gray"), Session(engine) as session:
                session.add(Location(location="Hangzhou"))
                session.execute(text("DELETE FROM orders"))
                session.execute(text("DELETE FROM customers"))
                work(session, "gray")
        assert store.rows() == before
        gray = store.rows(store.gray)
        assert [len(rows) for rows in gray] == [1, 3, 1]
        with Session(engine) as session:
            work(session, "more")
        assert store.rows(store.gray) == gray
        engine.dispose()
    assert agent.counted("agent_faults") == {}


@drivers
def test_the_orm_reaches_only_the_shadow_tables(store: Store) -> None:
    """The same by statements that are rewritten, on connections that both sides use."""
    agent = plane(*store.tables())
    with hooked(agent, store.hook, "sqlalchemy"):
        engine = create_engine(store.url(), pool_size=2, max_overflow=0, pool_pre_ping=True)
        with Session(engine) as session:
            work(session, "base")
        before = store.rows()
        with serving("gray"), Session(engine) as session:
            session.add(Location(location="Hangzhou"))
            work(session, "gray")
        assert store.rows() == before
        gray = store.rows(suffix="_gray")
        assert [len(rows) for rows in gray] == [1, 1, 1]
        with Session(engine) as session:
            work(session, "more")
        assert store.rows(suffix="_gray") == gray
        engine.dispose()
    assert agent.counted("sql_refused") == {}
    assert agent.counted("agent_faults") == {}


@drivers
@pytest.mark.parametrize("shadows", ["databases", "tables"])
def test_the_first_request_may_be_gray(store: Store, shadows: str) -> None:
    """The dialect asks the server what it is on the first connection, whose lane has a shadow."""
    agent = plane(*([store.databases()] if shadows == "databases" else store.tables()))
    with hooked(agent, store.hook, "sqlalchemy"):
        engine = create_engine(store.url())
        with serving("gray"), engine.begin() as connection:
            connection.execute(insert(Location).values(location="gray"))
        assert engine.dialect.default_schema_name in (store.base, "public")
        with engine.begin() as connection:
            connection.execute(insert(Location).values(location="base"))
        assert set(inspect(engine).get_table_names()) >= {*TABLES, "orders_gray"}
        engine.dispose()
    assert names(store.rows()) == {"base"}
    assert agent.counted("sql_refused") == {}


@drivers
def test_a_session_stays_on_the_side_it_began_on(store: Store) -> None:
    """And can be ended by code of another lane."""
    with hooked(plane(store.databases()), store.hook, "sqlalchemy"):
        engine = create_engine(store.url())
        with serving("gray"):
            session = Session(engine)
            session.add(Location(location="gray"))
            session.flush()
        with pytest.raises(DBAPIError, match="shadow database of lane gray"):
            session.execute(select(Location))
        session.rollback()
        session.close()
        with serving("gray"), engine.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(Location)) == 0
        engine.dispose()
    assert names(store.rows()) == set()


@drivers
@pytest.mark.parametrize("shadows", ["databases", "tables"])
def test_threads_that_change_lanes_keep_apart(store: Store, shadows: str) -> None:
    """Eight threads and ten connections; each row says who wrote it, each query what it saw."""
    agent = plane(*([store.databases()] if shadows == "databases" else store.tables()))

    def run(engine: Engine, seed: int) -> int:
        dice, leaks = random.Random(seed), 0
        for _ in range(TURNS):
            lane = dice.choice(("", "gray"))
            with serving(lane), engine.begin() as connection:
                for _ in range(dice.randint(1, 5)):
                    connection.execute(insert(Location).values(location=lane or "base"))
                    seen = set(connection.scalars(select(Location.location).limit(50)))
                    leaks += seen != {lane or "base"}
        return leaks

    with hooked(agent, store.hook, "sqlalchemy", "python"):
        engine = create_engine(store.url(), pool_size=10, max_overflow=0)
        with ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(lambda seed: run(engine, seed), range(8))) == 0
        engine.dispose()
    assert agent.counted("sql_refused") == {}
    assert names(store.rows()) == {"base"}


@async_drivers
@pytest.mark.parametrize("shadows", ["databases", "tables"])
def test_tasks_at_once_keep_apart(store: Store, shadows: str) -> None:
    """A pool of asyncio's, asked by many tasks on lanes by chance."""
    agent = plane(*([store.databases()] if shadows == "databases" else store.tables()))
    dice = random.Random(1)

    async def request(engine: Any, number: int, lane: str) -> None:
        name = f"{lane or 'base'}-{number}"
        with serving(lane):
            async with AsyncSession(engine) as session:
                session.add(Customer(name=name, orders=[Order(item=name)]))
                await asyncio.sleep(0)
                await session.commit()
                seen = await session.scalars(select(Customer.name))
                assert {one.partition("-")[0] for one in seen} == {lane or "base"}

    async def run() -> None:
        engine = create_async_engine(store.url(), pool_size=5, max_overflow=0)
        lanes = [dice.choice(("", "gray")) for _ in range(60)]
        await asyncio.gather(*(request(engine, *one) for one in enumerate(lanes)))
        await engine.dispose()

    create_async_engine(store.url())  # imports the dialect, which is hooked too
    with hooked(agent, store.hook, "sqlalchemy", "python"):
        asyncio.run(run())
    assert agent.counted("sql_refused") == {}
    assert names(store.rows()) == {"base"}
