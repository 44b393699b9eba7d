"""Both forms of what every request comes by."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def both(form: str) -> None:
    """Run every test in both."""
