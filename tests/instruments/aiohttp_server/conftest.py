"""A data plane, with aiohttp's server hooked, in both forms of gates."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fairlead.instruments import closing
from tests.instruments.plane import Plane, hooked


@pytest.fixture(autouse=True)
def both(form: str) -> None:
    """Run every test in both."""


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have servers of tests, whose clients are known, close without the time for strangers."""
    monkeypatch.setattr(closing, "SPEAK", 0.02)


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "aiohttp_server"):
        yield plane
