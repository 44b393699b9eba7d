"""What workers share is closed after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flow.virtual import close_arenas


@pytest.fixture(autouse=True)
def _closed_arenas() -> Iterator[None]:
    yield
    close_arenas()
