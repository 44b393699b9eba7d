"""One connection serves base and a lane by turns, never both in one transaction."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import asyncpg
import pytest

from tests.instruments.plane import serving
from tests.instruments.postgres.shop import Shop

INSERT = "INSERT INTO orders (item) VALUES ($1)"
REFUSED = asyncpg.exceptions.FeatureNotSupportedError


def test_a_connection_changes_sides_between_transactions(shop: Shop, tables, connected):
    """What is cached for one side is not run for the other."""

    async def work(connection: Any) -> None:
        for _ in range(3):
            for lane in ("gray", "", "blue"):
                with serving(lane):
                    async with connection.transaction():
                        await connection.execute(INSERT, lane or "plain")
                    await connection.fetch(INSERT, lane or "plain")

    connected(work)
    assert shop.items()[2:] == ["plain", "plain", "blue", "blue"] * 3
    assert shop.items("orders_gray")[2:] == ["gray", "gray"] * 3


def test_a_writing_transaction_is_not_joined(shop: Shop, tables, connected):
    """It would be committed or rolled back by a side that does not know of it."""

    async def work(connection: Any) -> None:
        for here, there, told in (("", "gray", "commit it before"), ("gray", "", "on gray")):
            transaction = connection.transaction()
            await transaction.start()
            with serving(here):
                await connection.execute(INSERT, "x")
            with serving(there):
                for way in (connection.execute, connection.prepare, connection.fetch):
                    with pytest.raises(REFUSED, match=told):
                        await way("SELECT 1")
            await transaction.rollback()

    connected(work)
    assert shop.items() == ["base", "base"]
    assert shop.items("orders_gray") == ["shadow", "shadow"]


def test_a_transaction_of_readers_is_joined(shop: Shop, tables, connected):
    """Nothing can be lost there."""

    async def work(connection: Any) -> None:
        async with connection.transaction():
            for _ in range(2):
                assert await connection.fetchval("SELECT item FROM orders") == "base"
                with serving("gray"):
                    assert await connection.fetchval("SELECT item FROM orders") == "shadow"

    connected(work)


def test_a_connection_is_let_go(shop: Shop, tables):
    """What we keep of it must not keep it open."""

    async def main() -> None:
        connection = await asyncpg.connect(shop.dsn)
        with serving("gray"):
            await connection.fetch("SELECT item FROM orders")
        await connection.close()
        alive, protocol = weakref.ref(connection), weakref.ref(connection._protocol)
        del connection
        await asyncio.sleep(0.05)
        gc.collect()
        assert (alive(), protocol()) == (None, None)

    asyncio.run(main())
