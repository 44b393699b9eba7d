"""A shop on MariaDB, and Connector/Python on asyncio hooked to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.instruments.mysql.shop import Shop, shop_for
from tests.instruments.plane import Plane, hooked

if TYPE_CHECKING:
    from scripts.databases import Server


@pytest.fixture(scope="module")
def made(mariadb: Server) -> Iterator[Shop]:
    with shop_for(mariadb, "connector_aio") as shop:
        yield shop


@pytest.fixture
def shop(made: Shop) -> Shop:
    made.reset()
    return made


@pytest.fixture
def plane(shop: Shop) -> Iterator[Plane]:
    """Lane gray has a shadow beside each table."""
    plane = shop.plane(shop.tables())
    with hooked(plane, "mysqlconnector_aio"):
        yield plane
