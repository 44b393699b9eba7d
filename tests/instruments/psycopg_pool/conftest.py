"""A shop on PostgreSQL, and psycopg and its pool hooked to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.instruments.plane import Plane, hooked
from tests.instruments.postgres.shop import Shop

if TYPE_CHECKING:
    from scripts.databases import Server


@pytest.fixture(scope="module")
def _shop(postgres: Server) -> Iterator[Shop]:
    shop = Shop(postgres, "psycopg_pool")
    yield shop
    shop.close()


@pytest.fixture
def shop(_shop: Shop) -> Shop:
    _shop.reset()
    return _shop


@pytest.fixture
def databases(shop: Shop) -> Iterator[Plane]:
    """Hook both where lane gray has a shadow database."""
    plane = Plane(shop.databases())
    with hooked(plane, "psycopg", "psycopg_pool"):
        yield plane


@pytest.fixture
def tables(shop: Shop) -> Iterator[Plane]:
    """Hook both where lane gray has shadow tables."""
    plane = Plane(shop.tables())
    with hooked(plane, "psycopg", "psycopg_pool"):
        yield plane
