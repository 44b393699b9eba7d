"""An app to call, and urllib3 hooked."""

from __future__ import annotations

import pytest

from tests.instruments.called import base, gray, plane

__all__ = ["base", "gray", "plane"]


@pytest.fixture
def libraries() -> tuple[str, ...]:
    return ("urllib3",)
