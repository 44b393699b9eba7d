"""Engines for asyncio: their pools are asked inside greenlets, and aiosqlite works on threads."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool, Pool, StaticPool

from fairlead.instruments.propagate import current
from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.sqlalchemy.models import SCHEMA, Location, work
from tests.instruments.sqlalchemy.shop import DEMO, TABLE, Shop, database, plane, table

HOOKED = ("sqlite3", "sqlalchemy", "aiosqlite", "python")


@pytest.fixture
def shop(tmp_path) -> Shop:
    shop = Shop(tmp_path)
    shop.prepare(TABLE.format(DEMO), TABLE.format(f"{DEMO}_gray"), SCHEMA)
    return shop


@pytest.fixture
def agent() -> Iterator[Plane]:
    agent = plane(database("gray"), database("blue"))
    with hooked(agent, *HOOKED):
        yield agent
    assert agent.counted("agent_faults") == {}


def engine_of(shop: Shop, pool: type[Pool] = AsyncAdaptedQueuePool) -> AsyncEngine:
    return create_async_engine(f"sqlite+aiosqlite:///{shop.file}", poolclass=pool)


async def put(engine: AsyncEngine, value: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(insert(Location).values(location=value))


@pytest.mark.parametrize("pool", [AsyncAdaptedQueuePool, NullPool, StaticPool])
def test_each_lane_has_connections_of_its_own(shop: Shop, agent: Plane, pool: type[Pool]) -> None:
    """A greenlet runs in the context of the task that waits for it."""

    async def run() -> None:
        engine = engine_of(shop, pool)
        for lane in ("gray", "", "blue", "gray", "green"):
            with serving(lane):
                await put(engine, lane or "base")
        await engine.dispose()

    asyncio.run(run())
    assert (shop.gray(), shop.rows(name="shop_blue")) == (["gray", "gray"], ["blue"])
    assert shop.rows() == ["base", "green"]


def test_the_orm_works_on_the_shadow_and_leaves_base_alone(shop: Shop, agent: Plane) -> None:
    """`run_sync` too, and a session that is handed to another task of its request."""
    before = shop.whole()

    async def run() -> None:
        engine = engine_of(shop)
        with serving("gray"):
            async with AsyncSession(engine) as session:
                await session.run_sync(work, "gray")
                session.add(Location(location="Hangzhou"))
                await asyncio.create_task(session.commit())
                found = await session.stream_scalars(select(Location.location))
                assert [one async for one in found] == ["Hangzhou"]
        await engine.dispose()

    asyncio.run(run())
    assert shop.whole() == before
    assert (shop.gray("orders"), shop.gray()) == (["gray-new"], ["Hangzhou"])


def test_a_session_stays_on_the_side_it_began_on(shop: Shop, agent: Plane) -> None:
    """Handed to a task of another lane, it refuses to work, and can be ended there."""

    async def run() -> None:
        engine = engine_of(shop)
        session = AsyncSession(engine)
        with serving("gray"):
            session.add(Location(location="gray"))
            await session.flush()
        with pytest.raises(DBAPIError, match="shadow database of lane gray"):
            await session.execute(select(Location))
        await session.rollback()
        await session.close()
        await engine.dispose()

    asyncio.run(run())
    assert (shop.rows(), shop.gray()) == ([], [])


def test_disposing_closes_the_connections_of_every_lane(shop: Shop, agent: Plane) -> None:
    """Each has a thread that would keep the process from ending."""
    closed = []

    async def run() -> None:
        engine = engine_of(shop)
        event.listen(engine.sync_engine, "close", lambda *_: closed.append(1))
        for lane in ("gray", "", "blue"):
            with serving(lane):
                await put(engine, lane)
        await engine.dispose()

    asyncio.run(run())
    assert len(closed) == 3


@pytest.mark.parametrize("shadows", ["databases", "tables"])
def test_many_tasks_at_once_keep_apart(shop: Shop, shadows: str) -> None:
    """Ten connections, a hundred tasks, lanes by chance: every row is where it belongs."""
    dice = random.Random(1)
    agent = plane(*([database("gray")] if shadows == "databases" else [table("gray")]))
    refused = []

    async def request(engine: AsyncEngine, lane: str) -> None:
        with serving(lane):
            for number in range(3):
                async with AsyncSession(engine) as session:
                    session.add(Location(location=lane or "base"))
                    await asyncio.sleep(0)
                    await session.commit()
                    seen = set(await session.scalars(select(Location.location)))
                    assert seen == {lane or "base"}, number
            origin = current()
            assert origin is not None
            assert origin.lane == lane

    async def run() -> None:
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{shop.file}",
            poolclass=AsyncAdaptedQueuePool,
            pool_size=10,
            max_overflow=0,
            connect_args={"timeout": 30},
        )
        lanes = [dice.choice(("", "gray")) for _ in range(100)]
        await asyncio.gather(*(request(engine, lane) for lane in lanes))
        async with engine.connect() as connection:
            refused.append(await connection.scalar(text(f"SELECT count(*) FROM {DEMO}")))
        await engine.dispose()

    with hooked(agent, *HOOKED):
        asyncio.run(run())
    gray = shop.gray() if shadows == "databases" else shop.rows(f"{DEMO}_gray")
    assert set(shop.rows()) == {"base"}
    assert set(gray) == {"gray"}
    assert len(shop.rows()) + len(gray) == 300
    assert agent.counted("sql_refused") == {}
