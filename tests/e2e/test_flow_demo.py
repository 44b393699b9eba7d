"""The demo of flow governance sees what its policies say, on a live server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "examples/02-flow-governance/flow_demo.py"


@pytest.mark.parametrize("plays", ["rate,concurrency,hot", "failing,callers,redirect,trial"])
def test_every_play_is_answered_as_its_policy_says(plays: str, tmp_path: Path) -> None:
    """S0-04: one policy and live requests for each behaviour; the rest is played by `make demo`."""
    words = [sys.executable, str(DEMO), "--only", plays, "--work", str(tmp_path / "work")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WRONG" not in done.stdout
    assert done.stdout.count("$ fairlead apply") == plays.count(",") + 1
