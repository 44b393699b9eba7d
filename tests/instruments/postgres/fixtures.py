"""Fixtures of all PostgreSQL drivers; their folders say what `libraries` are hooked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.instruments.plane import Plane, hooked
from tests.instruments.postgres.shop import Shop

if TYPE_CHECKING:
    from scripts.databases import Server

Libraries = tuple[str, ...]


@pytest.fixture(scope="module")
def shops(postgres: Server, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Keep the databases of one module, named like its folder."""
    shop = Shop(postgres, request.path.parent.name)
    yield shop
    shop.close()


@pytest.fixture
def shop(shops: Shop) -> Shop:
    shops.reset()
    return shops


@pytest.fixture
def tables(shop: Shop, libraries: Libraries) -> Iterator[Plane]:
    """Hook the driver where lane gray has shadow tables."""
    plane = Plane(shop.tables())
    with hooked(plane, *libraries):
        yield plane


@pytest.fixture
def databases(shop: Shop, libraries: Libraries) -> Iterator[Plane]:
    """Hook the driver where lane gray has a shadow database."""
    plane = Plane(shop.databases())
    with hooked(plane, *libraries):
        yield plane
