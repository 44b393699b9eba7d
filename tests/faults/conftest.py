"""Apps that are stopped at the end of their test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.servers import Apps, Control, control_plane


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    """A control plane whose leases last two seconds."""
    with control_plane(tmp_path) as running:
        yield running


@pytest.fixture
def apps(tmp_path: Path) -> Iterator[Apps]:
    """Starts apps; comes after the control plane, so that they can say goodbye."""
    apps = Apps(tmp_path)
    try:
        yield apps
    finally:
        apps.stop()
