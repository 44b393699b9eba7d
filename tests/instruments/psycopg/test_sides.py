"""One connection serves base and a lane by turns, never both in one transaction."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import Any

import psycopg
import pytest

from tests.instruments.plane import serving
from tests.instruments.postgres.shop import Shop

INSERT = "INSERT INTO orders (item) VALUES (%s)"


def test_a_connection_changes_sides_between_transactions(shop: Shop, connection):
    """What was prepared for one side is not run for the other."""
    connection.prepare_threshold = 0
    for _ in range(3):
        with serving("gray"):
            connection.execute(INSERT, ("gray",))
            connection.commit()
        connection.execute(INSERT, ("plain",))
        connection.commit()
        with serving("blue"):
            connection.execute(INSERT, ("blue",))
            connection.commit()

    assert shop.items()[2:] == ["plain", "blue"] * 3
    assert shop.items("orders_gray")[2:] == ["gray"] * 3


@pytest.mark.parametrize("statement", [INSERT, "SELECT item FROM orders WHERE item = %s"])
def test_a_writing_transaction_of_base_is_not_joined(shop: Shop, connection, statement):
    """It would be committed or rolled back by a side that does not know of it."""
    connection.execute(INSERT, ("x",))
    with serving("gray"), pytest.raises(psycopg.NotSupportedError, match="commit it before"):
        connection.execute(statement, ("x",))
    connection.rollback()
    with serving("gray"):
        connection.execute(statement, ("x",))


def test_a_writing_transaction_of_a_lane_is_not_joined(shop: Shop, connection):
    """The other way round."""
    with serving("gray"):
        connection.execute(INSERT, ("x",))
    with pytest.raises(psycopg.NotSupportedError, match="written on gray"):
        connection.execute(INSERT, ("x",))
    connection.commit()
    connection.execute(INSERT, ("y",))
    connection.commit()
    assert shop.items() == ["base", "base", "y"]


def test_what_was_written_before_the_transaction_is_no_hindrance(shop: Shop, connection):
    """Only this transaction counts, also where the last one ended without our hearing of it."""
    with serving("gray"):
        connection.execute(INSERT, ("x",))
        with connection.transaction():
            connection.execute(INSERT, ("x",))
        connection.commit()
        connection.execute("SELECT 1")
    connection.execute(INSERT, ("y",))
    connection.commit()
    assert shop.items() == ["base", "base", "y"]


def test_two_threads_on_one_connection_each_reach_their_own(shop: Shop, tables):
    """Threads may share a connection, a statement at a time."""
    errors: list[BaseException] = []

    def work(connection: Any, lane: str) -> None:
        try:
            with serving(lane):
                for _ in range(500):
                    connection.execute(INSERT, (lane or "plain",))
        except BaseException as error:
            errors.append(error)

    with psycopg.connect(shop.dsn, autocommit=True) as connection:
        threads = [
            threading.Thread(target=work, args=(connection, lane)) for lane in ("gray", "") * 2
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert errors == []
    assert shop.items()[2:] == ["plain"] * 1000
    assert shop.items("orders_gray")[2:] == ["gray"] * 1000


def test_many_tasks_on_one_connection_each_reach_their_own(shop: Shop, tables):
    """On a loop, the question to the catalogue is a place where another task goes on."""

    async def work(connection: Any, lane: str) -> None:
        with serving(lane):
            for _ in range(100):
                await connection.execute(INSERT, (lane or "plain",))

    async def main() -> None:
        async with await psycopg.AsyncConnection.connect(shop.dsn, autocommit=True) as connection:
            await asyncio.gather(*(work(connection, lane) for lane in ("gray", "") * 5))

    asyncio.run(main())
    assert shop.items()[2:] == ["plain"] * 500
    assert shop.items("orders_gray")[2:] == ["gray"] * 500


def test_a_connection_is_let_go(shop: Shop, tables):
    """What we keep of it must not keep it open."""
    connection = psycopg.connect(shop.dsn)
    with serving("gray"):
        connection.execute("SELECT item FROM orders")
    connection.close()
    alive = weakref.ref(connection)
    gc.disable()
    try:
        del connection
        assert alive() is None
    finally:
        gc.enable()
