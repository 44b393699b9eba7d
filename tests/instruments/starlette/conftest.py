"""A data plane, with Starlette hooked, in both forms of what every request comes by."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.instruments.plane import Plane, hooked


@pytest.fixture(autouse=True)
def both(form: str) -> None:
    """Run every test in both."""


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "starlette"):
        yield plane
