"""A shop on PostgreSQL, and asyncpg's pools hooked to it."""

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
    shop = Shop(postgres, "asyncpg_pool")
    yield shop
    shop.close()


@pytest.fixture
def shop(_shop: Shop) -> Shop:
    _shop.reset()
    return _shop


@pytest.fixture
def databases(shop: Shop) -> Iterator[Plane]:
    """Hook asyncpg where lane gray has a shadow database."""
    plane = Plane(shop.databases())
    with hooked(plane, "asyncpg_pool", "asyncpg"):
        yield plane


@pytest.fixture
def tables(shop: Shop) -> Iterator[Plane]:
    """Hook asyncpg where lane gray has shadow tables."""
    plane = Plane(shop.tables())
    with hooked(plane, "asyncpg_pool", "asyncpg"):
        yield plane
