"""A shop on PostgreSQL, and asyncpg hooked to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.instruments.postgres.fixtures import databases, shop, shops, tables
from tests.instruments.postgres.shop import Shop

__all__ = ["databases", "shop", "shops", "tables"]

With = Callable[..., None]


@pytest.fixture
def libraries() -> tuple[str, ...]:
    return ("asyncpg_pool", "asyncpg")


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
