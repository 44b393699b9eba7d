"""A shop on PostgreSQL, and asyncpg's pools hooked to it."""

from __future__ import annotations

import pytest

from tests.instruments.postgres.fixtures import databases, shop, shops, tables

__all__ = ["databases", "shop", "shops", "tables"]


@pytest.fixture
def libraries() -> tuple[str, ...]:
    return ("asyncpg_pool", "asyncpg")
