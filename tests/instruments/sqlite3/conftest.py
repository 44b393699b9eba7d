"""A shop in a file: a base table, its shadow, and a database beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from fairlead.policy.encode import seal
from fairlead.policy.snapshot import Snapshot
from tests.instruments.plane import Plane, hooked

ORDERS = ShadowTable(
    rule="WorkloadLabelRule/orders",
    lane="gray",
    database="shop",
    table="orders",
    shadow="orders_gray",
)
SHOP = ShadowDatabase(
    rule="WorkloadLabelRule/shop",
    lane="gray",
    source=Database(name="shop"),
    shadow=Database(name="shop_gray"),
)
SCHEMA = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, what);
CREATE TABLE orders_gray (id INTEGER PRIMARY KEY, what);
CREATE TABLE countries (code);
INSERT INTO orders (what) VALUES ('base');
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return the file of the shop, with its shadow database beside it."""
    for name in ("shop", "shop_gray"):
        connection = sqlite3.connect(tmp_path / f"{name}.db")
        connection.executescript(SCHEMA)
        connection.close()
    return tmp_path / "shop.db"


@pytest.fixture
def tables() -> Iterator[Plane]:
    """Hook sqlite3 where lane gray has a shadow table."""
    plane = Plane(seal(Snapshot(shadow_tables=(ORDERS,))))
    with hooked(plane, "sqlite3"):
        yield plane


@pytest.fixture
def databases() -> Iterator[Plane]:
    """Hook sqlite3 where lane gray has a shadow database."""
    plane = Plane(seal(Snapshot(shadow_databases=(SHOP,))))
    with hooked(plane, "sqlite3"):
        yield plane
