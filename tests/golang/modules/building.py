"""Programs with modules of the proxy in them, built with hooks, and told their rules.

Each is built with modules of some years ago by the oldest toolchain at hand, and with the newest
ones by the newest. They follow a file in the place of a control plane.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from fairlead.policy.encode import seal, to_plain
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.golang.building import fairlead_go, run

HERE = Path(__file__).parent

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

    def go(self, *words: str, plain: bool = False) -> str:
        """Return what `go`, with hooks or without, says; it must succeed."""
        if not plain:
            return fairlead_go(self.toolchain, self.folder, *words)
        done = run(self.toolchain, self.folder, "go", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def program(self, *flags: str) -> Path:
        """Build it; return where it is."""
        made = self.folder / "program"
        said = self.go("build", *flags, "-o", str(made), ".")
        assert "no hook" not in said, said
        return made


def build_of(name: str, toolchain: Path, folder: Path) -> Build:
    """Return where a program of this folder's can be built, with modules that fit."""
    for path in [HERE / name / "main.go", *(HERE / name / versions(toolchain)).iterdir()]:
        shutil.copy(path, folder)
    return Build(toolchain, folder)


def told(program: Path, **parts: Any) -> dict[str, str]:
    """Return the environment of a program in the app `front`, or as `parts` say, of a snapshot.

    It follows a file beside the program.
    """
    lane = parts.pop("lane", "")
    parts["flow"] = FlowRules.of(parts.get("flow", ()))
    workload = Workload(namespace="default", app="front", lane=lane)
    snapshot = seal(Snapshot(workload=workload, **parts))
    file = program.with_name(f"{snapshot.digest}.json")
    file.write_text(json.dumps(to_plain(snapshot)))
    known = {"FAIRLEAD_SOURCE": f"file:{file}", "FAIRLEAD_APP": "front"}
    return {**os.environ, **known, "FAIRLEAD_STATE": str(program.with_name("state"))}
