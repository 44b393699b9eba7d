"""A shop on PostgreSQL, and asyncpg hooked to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.instruments.plane import Plane, hooked
from tests.instruments.postgres.shop import Shop

if TYPE_CHECKING:
    from scripts.databases import Server

With = Callable[..., None]


@pytest.fixture(scope="module")
def _shop(postgres: Server) -> Iterator[Shop]:
    shop = Shop(postgres, "asyncpg")
    yield shop
    shop.close()


@pytest.fixture
def shop(_shop: Shop) -> Shop:
    _shop.reset()
    return _shop


@pytest.fixture
def tables(shop: Shop) -> Iterator[Plane]:
    """Hook asyncpg where lane gray has shadow tables."""
    plane = Plane(shop.tables())
    with hooked(plane, "asyncpg_pool", "asyncpg"):
        yield plane


@pytest.fixture
def databases(shop: Shop) -> Iterator[Plane]:
    """Hook asyncpg where lane gray has a shadow database."""
    plane = Plane(shop.databases())
    with hooked(plane, "asyncpg_pool", "asyncpg"):
        yield plane


@pytest.fixture
def connected(shop: Shop) -> With:
    """Run work on a loop with a connection that was opened on base."""
    import asyncpg

    def connected(work: Callable[[Any], Awaitable[None]], **settings: Any) -> None:
        async def main() -> None:
            connection = await asyncpg.connect(shop.dsn, **settings)
            try:
                await work(connection)
            finally:
                await connection.close()

        asyncio.run(main())

    return connected
