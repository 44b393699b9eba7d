"""Shadow tables need no hook here: what Django's ORM writes is rewritten by the driver."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from django.db import NotSupportedError, connection, transaction

from tests.instruments.django import site
from tests.instruments.django.site import MODELS, Location, ready, work
from tests.instruments.plane import Plane, serving
from tests.instruments.sqlalchemy.shop import Shop, plane, table

pytest.importorskip("sqlglot")

TABLES = [model._meta.db_table for model in MODELS]


@pytest.fixture
def shop(tmp_path) -> Shop:
    shop = Shop(tmp_path)
    shop.prepare(site.schema(), site.schema("_gray"), lanes=())
    return shop


@pytest.fixture
def agent(shop: Shop) -> Iterator[Plane]:
    agent = plane(*(table("gray", name) for name in TABLES))
    with ready(agent, "sqlite3", NAME=str(shop.file), CONN_MAX_AGE=60):
        yield agent


def half(shop: Shop, suffix: str) -> list[Any]:
    """Return what is in the tables of one side."""
    with closing(sqlite3.connect(shop.file)) as plain:
        return [
            plain.execute(f"SELECT * FROM {name}{suffix} ORDER BY 1").fetchall() for name in TABLES
        ]


def test_the_orm_reaches_only_the_shadow_tables(shop: Shop, agent: Plane) -> None:
    """Nothing that it says is refused, and gray leaves the tables of base as they were."""
    assert work("base") == ["base-new"]
    before = half(shop, "")
    with serving("gray"):
        assert work("gray") == ["gray-new"]
    assert half(shop, "") == before
    gray = half(shop, "_gray")
    assert [len(rows) for rows in gray] == [1, 1, 1]
    site.Customer.objects.all().delete()
    Location.objects.all().delete()
    assert work("again") == ["again-new"]
    assert half(shop, "_gray") == gray
    assert agent.counted("sql_refused") == {}


def test_one_connection_serves_both_sides_but_not_in_one_transaction(
    shop: Shop, agent: Plane
) -> None:
    """Rows of both sides in one transaction could not be told apart any more."""
    with serving("gray"):
        block = transaction.atomic()
        block.__enter__()
        one = connection.connection
        Location.objects.create(location="gray")
    with pytest.raises(NotSupportedError, match="a transaction that has written on gray"):
        Location.objects.create(location="base")
    block.__exit__(None, None, None)  # which rolls back, after an error
    Location.objects.create(location="base")
    with serving("gray"), transaction.atomic():
        Location.objects.create(location="gray")
        assert connection.connection is one
    assert (shop.rows(), shop.rows("mse_demo_table_gray")) == (["base"], ["gray"])


def test_migrations_are_for_base(agent: Plane) -> None:
    """The error says what to do instead."""
    with (
        serving("gray"),
        pytest.raises(NotSupportedError, match="run migrations in a base instance"),
        connection.schema_editor() as editor,
    ):
        editor.delete_model(Location)


def test_looking_at_the_schema_on_a_lane(agent: Plane) -> None:
    """Django looks into SQLite's catalogue by its own ways, at start-up and in checks."""
    with serving("gray"), connection.cursor() as cursor:
        names = [one.name for one in connection.introspection.get_table_list(cursor)]
        assert set(TABLES) <= set(names)
        columns = connection.introspection.get_table_description(cursor, "orders")
        assert [column.name for column in columns][:2] == ["id", "item"]
        assert connection.introspection.get_relations(cursor, "orders") != {}
        connection.check_constraints()
