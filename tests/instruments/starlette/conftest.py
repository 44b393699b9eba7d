"""A data plane, with Starlette hooked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.instruments.plane import Plane, hooked


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "starlette"):
        yield plane
