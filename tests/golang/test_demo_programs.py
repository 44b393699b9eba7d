"""The Go programs of the demo are what strangers would write, and the oldest Go builds them."""

from __future__ import annotations

import re
from pathlib import Path

APPS = Path(__file__).resolve().parents[2] / "examples" / "05-go" / "apps"
SOURCES = sorted([*APPS.rglob("*.go"), APPS / "go.mod", APPS / "go.sum"])


def test_no_program_mentions_us():
    """What a program would have to import or call, its owner would have to write."""
    assert len(SOURCES) > 6
    assert [str(path) for path in SOURCES if "fairlead" in path.read_text().lower()] == []


def test_the_oldest_go_of_the_matrix_can_build_them():
    """A version of a module that asks for more would leave older toolchains out."""
    lines = (APPS.parents[2] / "requirements" / "go-matrix.txt").read_text().splitlines()
    oldest = min(tuple(map(int, line.split("==1.")[1].split("."))) for line in lines[1:])
    wanted = re.search(r"^go 1\.(\d+)$", (APPS / "go.mod").read_text(), re.MULTILINE)
    assert wanted
    assert int(wanted[1]) <= oldest[0]
