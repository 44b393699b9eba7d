"""A shop on PostgreSQL, and psycopg and its pool hooked to it."""

from __future__ import annotations

import pytest

from tests.instruments.postgres.fixtures import databases, shop, shops, tables

__all__ = ["databases", "shop", "shops", "tables"]


@pytest.fixture
def libraries() -> tuple[str, ...]:
    return ("psycopg", "psycopg_pool")
