"""A shop on MariaDB, and aiomysql hooked to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.instruments.mysql.fixtures import made, shop
from tests.instruments.mysql.shop import Shop
from tests.instruments.plane import Plane, hooked

__all__ = ["made", "shop"]


@pytest.fixture
def plane(shop: Shop) -> Iterator[Plane]:
    """Lane gray has a shadow beside each table."""
    plane = shop.plane(shop.tables())
    with hooked(plane, "aiomysql"):
        yield plane
