"""Each Go from 1.21 on builds the programs of the demo with every hook, and they pass it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.golang.asking import TOOLCHAINS
from tests.golang.building import fairlead_go

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "05-go"
SCENARIOS = "no-gray-b,header-gray,fallback,rate-limit,mixed-requests,control-plane-killed"
SCENARIOS += ",between-header-gray"
PLAYS = "rate,concurrency,failing,slow,hot"

pytestmark = [
    pytest.mark.skipif(not TOOLCHAINS, reason="make test-go-matrix tries it"),
    pytest.mark.timeout(900),
    pytest.mark.parametrize("go", TOOLCHAINS, ids=lambda path: path.name),
]


def asked(go: Path, *words: str, **settings: str) -> str:
    """Return what `fairlead go` says in the folder of the programs."""
    known = {"GOOS": "linux", "CGO_ENABLED": "0", **settings}
    return fairlead_go(go, EXAMPLE / "apps", *words, **known)


def test_every_hook_matches(go: Path) -> None:
    """A function that has changed its shape is told when it is built, not when it is missed."""
    said = asked(go, "build", "--strict", "--dry-run", "./...")
    assert "net/http" in said


@pytest.mark.parametrize(("arch", "machine"), [("amd64", 62), ("arm64", 183)])
def test_one_machine_builds_for_others(go: Path, tmp_path: Path, arch: str, machine: int) -> None:
    """Looked at, not run: the number of a machine is in the head of a program."""
    program = tmp_path / "b"
    asked(go, "build", "-buildvcs=false", "-o", str(program), "./b", GOARCH=arch)
    head = program.read_bytes()[:20]
    assert (head[:4], int.from_bytes(head[18:20], "little")) == (b"\x7fELF", machine)
    built = asked(go, "version", "-m", str(program))
    assert f"GOARCH={arch}" in built
    assert "github.com/gin-gonic/gin\tv1.10.1\th1:" in built


@pytest.mark.parametrize("modules", ["go.mod", "newest.mod"])
def test_the_demo_passes(go: Path, modules: str, tmp_path: Path) -> None:
    """Lanes, rules and a lost control plane, short; with old modules and with those of today."""
    wanted = re.search(r"^go 1\.(\d+)", (EXAMPLE / "apps" / modules).read_text(), re.MULTILINE)
    if not wanted or int(go.name.split(".")[1]) < int(wanted[1]):
        pytest.skip(f"{modules} asks for a newer Go")
    report = tmp_path / "report.json"
    chosen = ("--scale", "0.01", "--scenarios", SCENARIOS, "--plays", PLAYS, "--go", go)
    program = (sys.executable, EXAMPLE / "go_demo.py", f"--flags=-modfile={modules}")
    done = subprocess.run(
        [*program, *chosen, "--work", tmp_path / "work", "--json", report],
        capture_output=True,
        text=True,
        timeout=850,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(report.read_text())
    assert figures["ok"]
    for scenario in figures["scenarios"]:
        assert (scenario["failed"], scenario["leaks"]) == (0, 0), scenario
    assert all(figures["plays"].values())
