"""On a lane with a shadow database, engines hand out connections of the lane, and only there."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy.pool import (
    AssertionPool,
    NullPool,
    Pool,
    QueuePool,
    SingletonThreadPool,
    StaticPool,
)

from fairlead.instruments.passage import Served
from fairlead.instruments.threads import carry
from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.sqlalchemy.models import SCHEMA, Location, work
from tests.instruments.sqlalchemy.shop import DEMO, TABLE, Shop, database, plane, snapshot

POOLS = [QueuePool, NullPool, SingletonThreadPool, StaticPool, AssertionPool]


@pytest.fixture
def shop(tmp_path) -> Shop:
    shop = Shop(tmp_path)
    shop.prepare(TABLE.format(DEMO), SCHEMA)
    return shop


@pytest.fixture
def agent() -> Iterator[Plane]:
    """Gray has a shadow of the shop, blue another one, green has none."""
    agent = plane(database("gray"), database("blue"))
    with hooked(agent, "sqlite3", "sqlalchemy"):
        yield agent
    assert agent.counted("agent_faults") == {}


def engine_of(shop: Shop, **options: Any) -> Engine:
    options.setdefault("poolclass", QueuePool)
    return create_engine(f"sqlite:///{shop.file}", **options)


def put(engine: Engine, value: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO {DEMO}(location) VALUES(:v)"), {"v": value})


@pytest.mark.parametrize("pool", POOLS)
def test_each_lane_has_connections_of_its_own(shop: Shop, agent: Plane, pool: type[Pool]) -> None:
    """A pool that gave gray a connection of base would write gray's rows among base's."""
    engine = engine_of(shop, poolclass=pool)
    for lane in ("gray", "", "blue", "green", "gray", ""):
        with serving(lane):
            put(engine, lane or "base")
    put(engine, "no request")
    engine.dispose()

    assert shop.rows() == ["base", "green", "base", "no request"]
    assert shop.gray() == ["gray", "gray"]
    assert shop.rows(name="shop_blue") == ["blue"]


def test_the_orm_works_on_the_shadow_and_leaves_base_alone(shop: Shop, agent: Plane) -> None:
    """Create, read, update and delete by objects: the base file holds what it held."""
    engine = engine_of(shop)
    with Session(engine) as session:
        work(session, "base")
    before = shop.whole()
    with serving("gray"), Session(engine) as session:
        session.add(Location(location="Hangzhou"))
        work(session, "gray")
    assert shop.whole() == before
    assert (shop.gray(), shop.gray("customers"), shop.gray("orders")) == (
        ["Hangzhou"],
        ["gray"],
        ["gray-new"],
    )

    gray = shop.whole("shop_gray")
    with Session(engine) as session:
        work(session, "again")
    assert shop.whole("shop_gray") == gray
    engine.dispose()


def test_an_instance_on_a_lane_works_on_the_shadow_at_start_up_too(shop: Shop) -> None:
    """What runs with no request in a gray instance is gray (contract 8)."""
    with hooked(plane(database("gray"), lane="gray"), "sqlite3", "sqlalchemy"):
        engine = engine_of(shop)
        put(engine, "start-up")
        with serving(""):
            put(engine, "base")
        engine.dispose()
    assert (shop.gray(), shop.rows()) == (["start-up"], ["base"])


def test_a_session_stays_on_the_side_it_began_on(shop: Shop, agent: Plane) -> None:
    """A request that hands its session to code of another lane is told, and can still end it."""
    engine = engine_of(shop)
    with serving("gray"):
        session = Session(engine)
        session.add(Location(location="one"))
        session.flush()
    with pytest.raises(DBAPIError, match="shadow database of lane gray"):
        session.execute(select(Location)).all()
    session.rollback()
    with serving("gray"):
        session.add(Location(location="two"))
        session.commit()
    with serving("blue"):
        session.add(Location(location="three"))
        session.commit()
    session.close()
    engine.dispose()
    assert (shop.rows(), shop.gray(), shop.rows(name="shop_blue")) == ([], ["two"], ["three"])


def test_a_thread_s_session_serves_one_request_after_the_other(shop: Shop, agent: Plane) -> None:
    """`scoped_session` keeps one per thread: what it returns to the pool goes to the right one."""
    sessions = scoped_session(sessionmaker(engine_of(shop)))
    for lane in ("gray", "", "gray", "blue", ""):
        with serving(lane):
            sessions.add(Location(location=lane or "base"))
            sessions.commit()
            assert set(sessions.scalars(select(Location.location))) == {lane or "base"}
            sessions.remove()
    sessions.get_bind().dispose()  # type: ignore[union-attr]


def test_a_database_without_a_shadow_has_one_pool(shop: Shop, agent: Plane) -> None:
    """Two pools for one database would be twice the connections it is prepared for."""
    engine = create_engine(
        f"sqlite:///{shop.folder}/stock.db", poolclass=QueuePool, pool_size=1, max_overflow=0
    )
    with engine.begin() as connection:
        connection.execute(text(TABLE.format(DEMO)))
    with serving("gray"):
        put(engine, "gray")
        assert engine.pool.status().startswith("Pool size: 1  Connections in pool: 1 ")
    assert shop.rows(name="stock") == ["gray"]
    engine.dispose()


def test_a_database_in_memory_is_no_other_on_a_lane(agent: Plane) -> None:
    """A twin would be an empty database, without the application's tables."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(text(TABLE.format(DEMO)))
    with serving("gray"):
        put(engine, "gray")
    with engine.connect() as connection:
        assert connection.execute(text(f"SELECT location FROM {DEMO}")).all() == [("gray",)]
    engine.dispose()


def test_an_application_that_connects_by_itself_is_followed(shop: Shop, agent: Plane) -> None:
    """The URL says nothing then; its `creator` runs on the lane that the connection is for."""
    import sqlite3

    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(shop.file))
    with serving("gray"):
        put(engine, "gray")
    put(engine, "base")
    engine.dispose()
    listening = create_engine("sqlite://", poolclass=QueuePool)
    event.listen(listening, "do_connect", lambda *_: sqlite3.connect(shop.file))
    with serving("gray"):
        put(listening, "heard")
    listening.dispose()
    assert (shop.rows(), shop.gray()) == (["base"], ["gray", "heard"])


def test_a_lane_s_pool_connects_on_its_lane_whoever_makes_it(shop: Shop, agent: Plane) -> None:
    """Code of base that makes the pool of gray connect must not bring it a connection of base."""
    engine = engine_of(shop)
    with serving("gray"), engine.connect() as connection:
        twin = connection.connection._pool
    twin.dispose()
    made = carry(None, twin._create_connection)
    other = carry(Served("blue"), twin._create_connection)
    for record in (made, other):
        assert record.dbapi_connection.fairlead.redirect.shadow.name == "shop_gray"
        record.close()


def test_disposing_of_an_engine_closes_the_connections_of_every_lane(
    shop: Shop, agent: Plane
) -> None:
    """A server that is asked to let go must find no connection left, and can go on after that."""
    engine = engine_of(shop)
    closed: list[Any] = []
    event.listen(engine, "close", lambda connection, record: closed.append(connection))
    for lane in ("gray", "", "blue"):
        with serving(lane):
            put(engine, lane)
    engine.dispose()
    assert len(closed) == 3
    with serving("gray"):
        put(engine, "after")
    engine.dispose(close=False)  # as a forked worker does with what its parent uses
    assert len(closed) == 3
    with serving("gray"):
        put(engine, "forked")
    engine.dispose()
    assert len(closed) == 4
    assert shop.gray() == ["gray", "after", "forked"]


def test_pools_end_with_the_engine(shop: Shop, agent: Plane) -> None:
    """An application that makes an engine per tenant must not keep the pools of all of them."""
    engine = engine_of(shop)
    with serving("gray"), engine.connect() as connection:
        twin = weakref.ref(connection.connection._pool)
    engine.dispose()
    del engine, connection
    gc.collect()
    assert twin() is None


def test_listeners_hear_of_every_lane_s_connections(shop: Shop, agent: Plane) -> None:
    """Also those that are added when the lane has its pool: `PRAGMA`s are set in this way."""
    engine = engine_of(shop)
    heard: list[str] = []
    event.listen(engine, "first_connect", lambda *_: heard.append("first"))
    event.listen(engine, "connect", lambda *_: heard.append("connect"))
    with serving("gray"):
        put(engine, "gray")

    def late(*_: Any) -> None:
        heard.append("late")

    event.listen(engine, "checkout", late)
    with serving("gray"):
        put(engine, "gray")
    put(engine, "base")
    assert heard == ["first", "connect", "late", "connect", "late"]
    event.remove(engine, "checkout", late)
    with serving("gray"):
        put(engine, "gray")
    assert heard.count("late") == 2
    engine.dispose()


def test_a_dialect_is_initialised_once_by_whoever_is_first(shop: Shop, agent: Plane) -> None:
    """What it finds out of the server is one thing for all lanes."""
    engine = engine_of(shop)
    asked: list[Any] = []
    initialise = type(engine.dialect).initialize
    engine.dialect.initialize = lambda connection: asked.append(  # type: ignore[method-assign]
        initialise(engine.dialect, connection)
    )
    with serving("gray"):
        put(engine, "gray")
    put(engine, "base")
    assert len(asked) == 1
    assert engine.dialect.server_version_info is not None
    engine.dispose()


@pytest.mark.parametrize("options", [{"pool_pre_ping": True}, {"pool_recycle": 0}])
def test_pools_that_test_and_renew_do_it_on_each_side(
    shop: Shop, agent: Plane, options: dict[str, Any]
) -> None:
    """A ping is a statement, and a renewed connection a new one: both on the lane."""
    engine = engine_of(shop, **options)
    for _ in range(3):
        with serving("gray"):
            put(engine, "gray")
        put(engine, "base")
    assert (shop.rows(), shop.gray()) == (["base"] * 3, ["gray"] * 3)
    assert agent.counted("sql_refused") == {}
    engine.dispose()


def test_a_lost_connection_ends_those_of_its_side(shop: Shop, agent: Plane) -> None:
    """A shadow server that restarts is no reason to connect anew to base, and stale ones go."""
    engine = engine_of(shop)
    engine.dialect.is_disconnect = lambda *_: True  # type: ignore[method-assign]
    with engine.connect() as connection:
        base = connection.connection.dbapi_connection
    with serving("gray"):
        with engine.connect() as one, engine.connect() as two:
            other = two.connection.dbapi_connection
            with pytest.raises(DBAPIError):
                one.execute(text("SELECT nonsense"))
        with engine.connect() as one, engine.connect() as two:
            now = [one.connection.dbapi_connection, two.connection.dbapi_connection]
        assert other not in now
    with engine.connect() as connection:
        assert connection.connection.dbapi_connection is base
    engine.dispose()


def test_a_connection_that_is_invalidated_is_renewed_on_its_side(shop: Shop, agent: Plane) -> None:
    """`Connection.invalidate` and the next statement: the pool connects again."""
    engine = engine_of(shop)
    with serving("gray"), engine.connect() as connection:
        connection.invalidate()
        connection.rollback()
        connection.execute(text(f"INSERT INTO {DEMO}(location) VALUES('again')"))
        connection.commit()
    assert (shop.rows(), shop.gray()) == ([], ["again"])
    engine.dispose()


def test_a_lane_whose_shadow_moves_gets_a_new_pool(shop: Shop, agent: Plane) -> None:
    """Connections to the old shadow would be refused for ever."""
    engine = engine_of(shop)
    with serving("gray"):
        put(engine, "before")
    moved = replace(database("gray"), shadow=database("blue").shadow)
    agent.engine.apply(snapshot(moved))
    with serving("gray"):
        put(engine, "after")
    agent.engine.apply(snapshot(database("gray")))
    with serving("gray"):
        put(engine, "back")
    agent.engine.apply(snapshot())
    with serving("gray"):
        put(engine, "no shadow")
    engine.dispose()
    assert shop.gray() == ["before", "back"]
    assert (shop.rows(name="shop_blue"), shop.rows()) == (["after"], ["no shadow"])


def test_pools_of_lanes_that_are_gone_are_closed(shop: Shop, agent: Plane) -> None:
    """Lanes come and go for years in one process: their connections must not pile up."""
    engine = engine_of(shop)
    closed: list[Any] = []
    event.listen(engine, "close", lambda *_: closed.append(1))
    for number in range(40):
        lane = f"lane{number}"
        shadow = replace(database(lane), shadow=database("gray").shadow)
        agent.engine.apply(snapshot(shadow))
        with serving(lane):
            put(engine, lane)
    assert len(closed) == 39
    engine.dispose()
    assert len(closed) == 40


def test_a_pool_that_cannot_be_copied_serves_base_and_refuses_the_lane(shop: Shop) -> None:
    """No twin, no proof: the driver says so instead of writing to base."""

    class Odd(QueuePool):
        def recreate(self) -> Any:
            raise NotImplementedError

    agent = plane(database("gray"))
    with hooked(agent, "sqlite3", "sqlalchemy"):
        engine = engine_of(shop, poolclass=Odd)
        put(engine, "base")
        with serving("gray"), pytest.raises(DBAPIError, match="opened to base"):
            put(engine, "gray")
        engine.pool.dispose()
    assert agent.counted("agent_faults") == {"SQLAlchemy": 1}
    assert shop.rows() == ["base"]


def test_restoring_leaves_no_trace() -> None:
    """A guest that leaves takes everything along."""
    from sqlalchemy import pool

    kinds = [Engine, *vars(pool).values()]
    before = [dict(vars(kind)) for kind in kinds if isinstance(kind, type)]
    with hooked(plane(), "sqlalchemy"):
        assert [dict(vars(kind)) for kind in kinds if isinstance(kind, type)] != before
    assert [dict(vars(kind)) for kind in kinds if isinstance(kind, type)] == before
