"""A shop on PostgreSQL, and psycopg2 hooked to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.instruments.plane import Plane, hooked
from tests.instruments.postgres.shop import Shop

if TYPE_CHECKING:
    from scripts.databases import Server

Connect = Callable[..., Any]


@pytest.fixture(scope="module")
def _shop(postgres: Server) -> Iterator[Shop]:
    shop = Shop(postgres, "psycopg2")
    yield shop
    shop.close()


@pytest.fixture
def shop(_shop: Shop) -> Shop:
    _shop.reset()
    return _shop


@pytest.fixture
def tables(shop: Shop) -> Iterator[Plane]:
    """Hook psycopg2 where lane gray has shadow tables."""
    plane = Plane(shop.tables())
    with hooked(plane, "psycopg2"):
        yield plane


@pytest.fixture
def databases(shop: Shop) -> Iterator[Plane]:
    """Hook psycopg2 where lane gray has a shadow database."""
    plane = Plane(shop.databases())
    with hooked(plane, "psycopg2"):
        yield plane


@pytest.fixture
def connect(shop: Shop) -> Iterator[Connect]:
    """Connect as the application does."""
    import psycopg2

    with contextlib.ExitStack() as made:

        def connect(dsn: str | None = shop.dsn, **settings: Any) -> Any:
            connection = psycopg2.connect(dsn, **settings)
            made.callback(connection.close)
            return connection

        yield connect


@pytest.fixture
def connection(tables: Plane, connect: Connect) -> Any:
    """A connection that the application opened on base."""
    return connect()
