"""A pool hands out connections to a lane's own database, and takes each back where it belongs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from psycopg2 import pool as pools

from tests.instruments.plane import Plane, hooked, serving
from tests.instruments.postgres.shop import Shop

INSERT = "INSERT INTO orders (item) VALUES (%s)"
POOLS = [pools.SimpleConnectionPool, pools.ThreadedConnectionPool]


@pytest.fixture(params=POOLS, ids=lambda one: one.__name__)
def pool(request, shop: Shop, databases) -> Iterator[Any]:
    pool = request.param(2, 4, shop.dsn)
    yield pool
    if not pool.closed:
        pool.closeall()


def order(pool: Any, item: str) -> None:
    connection = pool.getconn()
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(INSERT, (item,))
    finally:
        pool.putconn(connection)


def test_each_side_has_its_own_connections(shop: Shop, pool):
    """Lane after lane on one pool, as requests come."""
    for _ in range(3):
        with serving("gray"):
            order(pool, "gray")
        order(pool, "plain")
        with serving("blue"):
            order(pool, "blue")
    assert shop.items()[2:] == ["plain", "blue"] * 3
    assert shop.items(database=shop.gray)[2:] == ["gray"] * 3
    assert len(pool._pool) == 2


def test_a_pool_that_a_gray_request_makes_is_of_base(shop: Shop, databases):
    """It is the application's own, and serves everybody."""
    with serving("gray"):
        pool = pools.ThreadedConnectionPool(1, 2, **shop.args)
        order(pool, "gray")
    order(pool, "plain")
    pool.closeall()
    assert shop.items() == ["base", "base", "plain"]
    assert shop.items(database=shop.gray) == ["shadow", "shadow", "gray"]


def test_a_connection_goes_back_where_it_came_from(shop: Shop, pool):
    """Also when the work that gives it back is on another lane, or on none."""
    with serving("gray"):
        gray = pool.getconn()
    base = pool.getconn()
    pool.putconn(gray)
    with serving("gray"):
        pool.putconn(base)
        assert pool.getconn() is gray
    assert pool.getconn() is base


def test_closing_closes_the_twins(shop: Shop, pool):
    """Nothing is left open at the server."""
    with serving("gray"):
        gray = pool.getconn()
    pool.closeall()
    assert gray.closed
    with serving("gray"), pytest.raises(pools.PoolError, match="closed"):
        pool.getconn()


def test_a_pool_of_another_database_has_no_twin(shop: Shop):
    """Connections cost the server memory."""
    plane = Plane(shop.databases())
    with hooked(plane, "psycopg2"):
        dsn = shop.dsn.replace(f"/{shop.base}", "/postgres")
        pool = pools.SimpleConnectionPool(1, 2, dsn)
        base = pool.getconn()
        pool.putconn(base)
        with serving("gray"):
            assert pool.getconn() is base
        pool.closeall()


def test_rules_that_are_gone_close_the_twin(shop: Shop):
    """What is in use is closed when it is put back."""
    plane = Plane(shop.databases())
    with hooked(plane, "psycopg2"):
        pool = pools.ThreadedConnectionPool(1, 4, shop.dsn)
        with serving("gray"):
            used, idle = pool.getconn(), pool.getconn()
            pool.putconn(idle)
            plane.engine.apply(shop.databases(user=shop.server.user))
            other = pool.getconn()
            assert other is not idle
            assert idle.closed
            pool.putconn(used)
            assert used.closed
        pool.closeall()


def test_threads_never_share_across_sides(shop: Shop, databases):
    """Thousands of statements, sides by turns."""
    pool = pools.ThreadedConnectionPool(1, 8, shop.dsn)
    errors: list[BaseException] = []

    def work(lane: str) -> None:
        try:
            for _ in range(150):
                with serving(lane):
                    connection = pool.getconn()
                    with connection, connection.cursor() as cursor:
                        for _ in range(2):
                            cursor.execute(INSERT, (lane or "plain",))
                    pool.putconn(connection)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(lane,)) for lane in ("gray", "") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.closeall()

    assert errors == []
    assert shop.items()[2:] == ["plain"] * 1200
    assert shop.items(database=shop.gray)[2:] == ["gray"] * 1200


def test_one_pool_serves_lanes_with_shadow_tables(shop: Shop, tables):
    """There the statement differs, not the connection."""
    pool = pools.SimpleConnectionPool(1, 1, shop.dsn)
    with serving("gray"):
        order(pool, "gray")
    order(pool, "plain")
    assert shop.items() == ["base", "base", "plain"]
    assert shop.items("orders_gray") == ["shadow", "shadow", "gray"]
    pool.closeall()
    assert psycopg2.paramstyle == "pyformat"
