"""A shop on PostgreSQL, and psycopg hooked to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.instruments.plane import Plane, hooked
from tests.instruments.postgres.shop import Shop

if TYPE_CHECKING:
    from scripts.databases import Server


@pytest.fixture(scope="module")
def _shop(postgres: Server) -> Iterator[Shop]:
    shop = Shop(postgres, "psycopg")
    yield shop
    shop.close()


@pytest.fixture
def shop(_shop: Shop) -> Shop:
    _shop.reset()
    return _shop


@pytest.fixture
def tables(shop: Shop) -> Iterator[Plane]:
    """Hook psycopg where lane gray has shadow tables."""
    plane = Plane(shop.tables())
    with hooked(plane, "psycopg"):
        yield plane


@pytest.fixture
def databases(shop: Shop) -> Iterator[Plane]:
    """Hook psycopg where lane gray has a shadow database."""
    plane = Plane(shop.databases())
    with hooked(plane, "psycopg"):
        yield plane


@pytest.fixture
def connection(shop: Shop, tables: Plane) -> Iterator[Any]:
    """A connection that the application opened on base."""
    import psycopg

    with psycopg.connect(shop.dsn) as connection:
        yield connection
        connection.rollback()
