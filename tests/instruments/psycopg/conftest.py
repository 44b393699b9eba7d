"""A shop on PostgreSQL, and psycopg hooked to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.instruments.plane import Plane
from tests.instruments.postgres.fixtures import databases, shop, shops, tables
from tests.instruments.postgres.shop import Shop

__all__ = ["databases", "shop", "shops", "tables"]


@pytest.fixture
def libraries() -> tuple[str, ...]:
    return ("psycopg",)


@pytest.fixture
def connection(shop: Shop, tables: Plane) -> Iterator[Any]:
    """A connection that the application opened on base."""
    import psycopg

    with psycopg.connect(shop.dsn) as connection:
        yield connection
        connection.rollback()
