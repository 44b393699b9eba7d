"""A shop on MariaDB, and PyMySQL as the tests of all drivers know it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pymysql
import pytest
from pymysql.cursors import DictCursor, SSCursor

from tests.instruments.mysql.drivers import Driver
from tests.instruments.mysql.fixtures import connection, made, plane, shop
from tests.instruments.mysql.shop import Shop

for module in ("behaviour", "elsewhere", "sessions", "sight"):
    pytest.register_assert_rewrite(f"tests.instruments.mysql.{module}")

__all__ = ["connection", "made", "plane", "shop"]


@pytest.fixture
def driver() -> Driver:
    return Driver(
        library="pymysql",
        errors=pymysql.err,
        connect=pymysql.connect,
        dictionaries=lambda connection: connection.cursor(DictCursor),
        stream=lambda connection: connection.cursor(SSCursor),
        autocommit=lambda connection, on: connection.autocommit(on),
        select=lambda connection, name: connection.select_db(name),
        raw=lambda connection, statement: connection.query(statement),
        warnings=lambda cursor: getattr(cursor, "warning_count", 0),
    )


@pytest.fixture
def connect(shop: Shop) -> Iterator[Any]:
    """Connect to the shop's base as an application does."""
    opened = []

    def connect(**settings: Any) -> Any:
        opened.append(pymysql.connect(**{**shop.args, "database": shop.base, **settings}))
        return opened[-1]

    yield connect
    for one in opened:
        if one.open:
            one.close()
