"""Programs with modules of the proxy in them, built with hooks, and told their rules.

Each is built with modules of some years ago by the oldest toolchain at hand, and with the newest
ones by the newest. `ADMIT` joins the agent in the place of a control plane.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from fairlead.policy.encode import seal, to_plain
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.golang.asking import TOOLCHAINS

HERE = Path(__file__).parent

ADMIT = """\
package fairlead

import "os"

func init() {
	text := os.Getenv("TEST_SNAPSHOT")
	if text == "" {
		return
	}
	s, refused, err := readSnapshot([]byte(text))
	if err != nil {
		refused = append(refused, err.Error())
	}
	for _, why := range refused {
		println(why)
		os.Exit(2)
	}
	active.Store(true)
	apply(s)
}
"""

NEWEST_NEEDS = (1, 26)


def minor(toolchain: Path) -> tuple[int, int]:
    major, minor, *_ = toolchain.name.split(".")
    return int(major), int(minor)


def versions(toolchain: Path) -> str:
    return "newest" if minor(toolchain) >= NEWEST_NEEDS else "older"


class Build(NamedTuple):
    """Where and by what a program is built."""

    toolchain: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        own = {"PATH": f"{self.toolchain / 'bin'}:{os.environ['PATH']}", "GOTOOLCHAIN": "local"}
        return {**os.environ, **own, "GOFLAGS": "-buildvcs=false"}

    def go(self, *words: str, plain: bool = False) -> str:
        """Return what `go`, with hooks or without, says; it must succeed."""
        fairlead = [str(Path(sys.executable).parent / "fairlead"), "go"]
        done = subprocess.run(
            [*(["go"] if plain else fairlead), *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def program(self, *flags: str) -> Path:
        """Build it, so that it reads its snapshot from the environment; return where it is."""
        goroot = self.go("env", "GOROOT", plain=True).strip()
        admit = self.folder / "admit.txt"
        admit.write_text(ADMIT)
        overlay = self.folder / "overlay.json"
        replace = {f"{goroot}/src/index/fairlead_zz_test_admit.go": str(admit)}
        overlay.write_text(json.dumps({"Replace": replace}))
        made = self.folder / "program"
        said = self.go("build", f"-overlay={overlay}", *flags, "-o", str(made), ".")
        assert "no hook" not in said, said
        return made


def build_of(name: str, toolchain: Path, folder: Path) -> Build:
    """Return where a program of this folder's can be built, with modules that fit."""
    for path in [HERE / name / "main.go", *(HERE / name / versions(toolchain)).iterdir()]:
        shutil.copy(path, folder)
    return Build(toolchain, folder)


def told(**parts: Any) -> dict[str, str]:
    """Return the environment of a program in the app `front`, or as `parts` say."""
    lane = parts.pop("lane", "")
    parts["flow"] = FlowRules.of(parts.get("flow", ()))
    workload = Workload(namespace="default", app="front", lane=lane)
    text = json.dumps(to_plain(seal(Snapshot(workload=workload, **parts))))
    return {**os.environ, "TEST_SNAPSHOT": text}


PARAMS: list[Path | None] = [*TOOLCHAINS] or [None]


def each_toolchain(request: pytest.FixtureRequest) -> Path:
    """Return the toolchain of this run, or skip."""
    if request.param is None:
        pytest.skip("make test-go builds programs with modules")
    return Path(request.param)
