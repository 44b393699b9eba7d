"""A shop on MariaDB, and both sorts of connections as the tests of all drivers know them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mysql.connector
import pytest
from mysql.connector import errors

from tests.instruments.mysql.drivers import Driver
from tests.instruments.mysql.fixtures import connection, made, plane, shop
from tests.instruments.mysql.shop import Shop

for module in ("behaviour", "elsewhere", "sessions", "sight"):
    pytest.register_assert_rewrite(f"tests.instruments.mysql.{module}")

__all__ = ["connection", "made", "plane", "shop"]


def send(connection: Any, statement: Any) -> None:
    connection.cmd_query(statement)


def select(connection: Any, name: str) -> None:
    connection.database = name


def autocommit(connection: Any, on: bool) -> None:
    connection.autocommit = on


@pytest.fixture(params=[True, False], ids=["pure", "compiled"])
def pure(request: pytest.FixtureRequest) -> bool:
    if not request.param and not mysql.connector.HAVE_CEXT:
        pytest.skip("the C extension does not load: test_compiled.py tries it by itself")
    return bool(request.param)


@pytest.fixture
def driver() -> Driver:
    return Driver(
        library="mysqlconnector",
        errors=errors,
        connect=mysql.connector.connect,
        dictionaries=lambda connection: connection.cursor(dictionary=True),
        stream=lambda connection: connection.cursor(),
        autocommit=autocommit,
        select=select,
        raw=send,
        warnings=lambda cursor: cursor.warning_count,
    )


@pytest.fixture
def connect(shop: Shop, pure: bool) -> Iterator[Any]:
    """Connect to the shop's base as an application does."""
    opened = []

    def connect(**settings: Any) -> Any:
        settings = {**shop.args, "database": shop.base, "use_pure": pure, **settings}
        opened.append(mysql.connector.connect(**settings))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()
