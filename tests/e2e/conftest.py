"""Real processes, from outside: the demo's own modules start and stop them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.servers import Apps, Control, control_plane

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "01-full-link-gray"

sys.path.insert(0, str(EXAMPLE))


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    """A control plane."""
    with control_plane(tmp_path) as running:
        yield running


@pytest.fixture
def apps(control: Control, tmp_path: Path) -> Iterator[Apps]:
    """Starts apps that are governed by it."""
    apps = Apps(tmp_path)
    try:
        yield apps
    finally:
        apps.stop()
