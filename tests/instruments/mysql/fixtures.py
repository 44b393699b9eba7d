"""Fixtures of all MySQL drivers; the folders of those that block have `driver` and `connect`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.instruments.mysql.drivers import Driver
from tests.instruments.mysql.shop import Shop, shop_for
from tests.instruments.plane import Plane, hooked

if TYPE_CHECKING:
    from scripts.databases import Server


@pytest.fixture(scope="module")
def made(mariadb: Server, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Keep the databases of one module, named like its folder."""
    with shop_for(mariadb, request.path.parent.name) as shop:
        yield shop


@pytest.fixture
def shop(made: Shop) -> Shop:
    made.reset()
    return made


@pytest.fixture
def plane(driver: Driver, shop: Shop) -> Iterator[Plane]:
    """Lane gray has a shadow beside each table."""
    plane = shop.plane(shop.tables())
    with hooked(plane, driver.library):
        yield plane


@pytest.fixture
def connection(plane: Plane, connect: Any) -> Any:
    return connect()
