"""Fixtures of libraries that call: an app `b` with an instance on base and one on lane gray.

Their folders say what `libraries` are hooked.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.instruments.backend import Backend, backend
from tests.instruments.plane import Plane, hooked, inner

Libraries = tuple[str, ...]


@pytest.fixture
def base() -> Iterator[Backend]:
    """The instance on base."""
    with backend("b") as one:
        yield one


@pytest.fixture
def gray() -> Iterator[Backend]:
    """The instance on lane gray."""
    with backend("b-gray") as one:
        yield one


@pytest.fixture
def plane(base: Backend, gray: Backend, libraries: Libraries) -> Iterator[Plane]:
    """Hook the libraries where app `b` has both instances, and app `empty` has none."""
    plane = Plane(inner({"b": {base.address: "", gray.address: "gray"}, "empty": {}}))
    with hooked(plane, *libraries):
        yield plane
