"""Dashboards, held against the schema that Grafana publishes for programs that write them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from deploy.observability.dashboards import FOLDER

DASHBOARDS = os.environ.get("DASHBOARDS", "")
FILES = sorted(str(path) for path in FOLDER.glob("*.json"))

pytestmark = pytest.mark.skipif(not DASHBOARDS, reason="DASHBOARDS names no program")


def check(*files: str) -> tuple[int, str]:
    done = subprocess.run([DASHBOARDS, *files], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_grafana_knows_every_field_of_the_dashboards():
    """What it does not know it drops without a word, and a panel looks otherwise than meant."""
    assert FILES
    assert check(*FILES) == (0, "")


def test_a_field_that_grafana_does_not_know_would_be_found(tmp_path: Path):
    """A check that finds nothing wrong may look at nothing."""
    text = Path(FILES[0]).read_text("utf-8").replace('"legendFormat"', '"legendFormt"')
    (tmp_path / "one.json").write_text(text)

    status, said = check(str(tmp_path / "one.json"))

    assert status == 1
    assert "legendFormt" in said
