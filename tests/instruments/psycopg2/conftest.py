"""A shop on PostgreSQL, and psycopg2 hooked to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.instruments.plane import Plane
from tests.instruments.postgres.fixtures import databases, shop, shops, tables
from tests.instruments.postgres.shop import Shop

__all__ = ["databases", "shop", "shops", "tables"]

Connect = Callable[..., Any]


@pytest.fixture
def libraries() -> tuple[str, ...]:
    return ("psycopg2",)


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
