"""Fixtures of all MySQL drivers that block; their folders have `driver`, `shop` and `connect`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.instruments.mysql.drivers import Driver
from tests.instruments.mysql.shop import Shop
from tests.instruments.plane import Plane, hooked


@pytest.fixture
def plane(driver: Driver, shop: Shop) -> Iterator[Plane]:
    """Lane gray has a shadow beside each table."""
    plane = shop.plane(shop.tables())
    with hooked(plane, driver.library):
        yield plane


@pytest.fixture
def connection(plane: Plane, connect: Any) -> Any:
    return connect()
