"""Connector/Python: a pool has a twin on a lane with a shadow database."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from mysql.connector import errors, pooling

from tests.instruments.mysql.drivers import Driver
from tests.instruments.mysql.elsewhere import current
from tests.instruments.mysql.shop import Shop
from tests.instruments.plane import Plane, hooked, serving


@pytest.fixture
def plane(driver: Driver, shop: Shop) -> Iterator[Plane]:
    """Lane gray has a shadow of the whole database."""
    plane = shop.plane(shop.database())
    with hooked(plane, driver.library):
        yield plane


@pytest.fixture
def pool(plane: Plane, shop: Shop, pure: bool) -> Iterator[Any]:
    """A pool made on the lane: what is in it is base's all the same."""
    with serving("gray"):
        pool = pooling.MySQLConnectionPool(
            pool_name="shop", pool_size=2, use_pure=pure, database=shop.base, **shop.args
        )
    yield pool
    pool._remove_connections()


def test_a_pool_has_a_twin_on_the_lane(pool: Any, shop: Shop) -> None:
    """It is as large, has the same name, and opens connections when they are asked for."""
    with serving("gray"):
        first, second = pool.get_connection(), pool.get_connection()
        assert (current(first), current(second)) == (shop.gray, shop.gray)
        assert first.pool_name == "shop"
        with pytest.raises(errors.PoolError):
            pool.get_connection()
    with closing(pool.get_connection()) as connection:
        assert current(connection) == shop.base
    first.close()
    with serving("gray"), closing(pool.get_connection()) as connection:
        assert current(connection) == shop.gray
    second.close()


def test_a_connection_that_was_lost_is_opened_to_its_side(pool: Any, shop: Shop) -> None:
    """The pool opens it again, with its own settings."""
    with serving("gray"):
        connection = pool.get_connection()
        connection._cnx.close()
        connection._cnx_pool.add_connection(connection._cnx)
        again = pool.get_connection()
        assert current(again) == shop.gray
        again.close()
    base = [pool.get_connection() for _ in range(2)]
    for one in base:
        one._cnx.close()
        pool.add_connection(one._cnx)
    with closing(pool.get_connection()) as connection:
        assert current(connection) == shop.base


def test_new_settings_of_a_pool_are_those_of_its_twin(pool: Any, shop: Shop, pure: bool) -> None:
    """They are told to the pool that the application knows."""
    with serving("gray"):
        pool.get_connection().close()
    pool.set_config(**shop.args, database=shop.other)
    with serving("gray"), closing(pool.get_connection()) as connection:
        assert current(connection) == shop.other
    with closing(pool.get_connection()) as connection:
        assert current(connection) == shop.other


def test_a_twin_ends_with_its_rule(pool: Any, plane: Plane, shop: Shop) -> None:
    """The lane is served by what its rules say now."""
    with serving("gray"):
        pool.get_connection().close()
    rules = shop.database()
    (rule,) = rules.shadow_databases
    other = replace(rule, shadow=replace(rule.shadow, name=shop.other))
    plane.engine.apply(replace(rules, shadow_databases=(other,)))
    with serving("gray"), closing(pool.get_connection()) as connection:
        assert current(connection) == shop.other
    plane.engine.apply(replace(rules, shadow_databases=()))
    with serving("gray"), closing(pool.get_connection()) as connection:
        assert current(connection) == shop.base


def test_a_pool_never_serves_two_sides(plane: Plane, shop: Shop, pure: bool) -> None:
    """Eight threads, ten connections, in no order."""
    pool = pooling.MySQLConnectionPool(
        pool_size=10, pool_name="many", use_pure=pure, database=shop.base, **shop.args
    )
    shares = random.Random(11)
    lanes = [shares.choice(["", "gray"]) for _ in range(1000)]

    def work(lane: str) -> None:
        with serving(lane), closing(pool.get_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("INSERT INTO orders (item) VALUES (%s)", (lane or "base",))
            cursor.execute("SELECT DISTINCT item FROM orders WHERE id > 2")
            assert cursor.fetchall() == [(lane or "base",)]
            connection.commit()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, lanes))
    pool._remove_connections()
    assert shop.count("orders") == 2 + lanes.count("")
    assert shop.count("orders", shop.gray) == 2 + lanes.count("gray")
