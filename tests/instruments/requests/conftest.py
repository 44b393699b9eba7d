"""An app to call, and requests hooked, with what it calls by."""

from __future__ import annotations

import pytest

from tests.instruments.called import base, gray, plane

__all__ = ["base", "gray", "plane"]


@pytest.fixture
def libraries() -> tuple[str, ...]:
    return ("urllib3", "requests")
