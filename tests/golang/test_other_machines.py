"""One machine builds programs for others, with the agent in them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest

from fairlead.golang.carried import carried
from fairlead.policy.encode import seal, to_plain
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import RateLimit, Window
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.golang.building import Project
from tests.golang.wired import Wired

PROGRAM = Path(__file__).parent / "programs" / "greets" / "main.go"
QEMU = os.environ.get("GO_QEMU", "")

pytestmark = pytest.mark.timeout(900)

HEADS = {
    "linux/arm64": (b"\x7fELF\x02", 18, b"\xb7\x00"),
    "darwin/arm64": (b"\xcf\xfa\xed\xfe", 4, b"\x0c\x00\x00\x01"),
    "windows/amd64": (b"MZ", -1, b"\x64\x86"),
}
"""What a program of a system begins with, and where it says its processor."""


def built(go: Path, folder: Path, target: str) -> Path:
    """Return a server that was built for another machine."""
    project = Project(go, folder)
    project.write("main.go", PROGRAM.read_text())
    system, _, processor = target.partition("/")
    known = {"GOOS": system, "GOARCH": processor, "CGO_ENABLED": "0"}
    assert "no hook" not in project.fairlead("build", "--strict", "-o", "made", ".", **known).stderr
    return folder / "made"


@pytest.mark.parametrize("target", HEADS)
def test_a_program_is_for_the_machine_that_it_was_built_for(
    go: Path, tmp_path: Path, target: str
) -> None:
    program = built(go, tmp_path / "hello", target)
    text = program.read_bytes()
    begins, place, processor = HEADS[target]
    if place < 0:  # of Windows: behind the letters PE, whose place stands at 60
        place = int.from_bytes(text[60:64], "little") + 4
    assert text.startswith(begins)
    assert text[place : place + len(processor)] == processor
    inside = carried(program)
    assert inside is not None
    assert {"net/http", "runtime"} <= set(inside.hooks)


def governed(file: Path) -> dict[str, str]:
    """Return the settings of a process that greets once in an hour."""
    windows = (Window(threshold=1, window_ms=3_600_000),)
    rule = RateLimit(rule="RateLimit/one", strategy="one", resource="GET:/greet", windows=windows)
    snapshot = seal(Snapshot(workload=Workload(app="shop"), flow=FlowRules(rate_limits=(rule,))))
    file.write_text(json.dumps(to_plain(snapshot)))
    return {"FAIRLEAD_SOURCE": f"file:{file}", "FAIRLEAD_APP": "shop"}


@pytest.mark.skipif(not QEMU, reason="make test-go runs it, with qemu of Debian's")
def test_a_program_for_arm64_is_governed_there(go: Path, tmp_path: Path) -> None:
    program = built(go, tmp_path / "hello", "linux/arm64")
    settings = governed(tmp_path / "snapshot.json")
    wired = Wired(Path(QEMU), tmp_path / "log", str(program), listen="127.0.0.1:0", **settings)
    try:
        url = f"http://{wired.address}/greet"
        answers = [httpx.get(url, trust_env=False, timeout=60) for _ in range(2)]
        assert [one.status_code for one in answers] == [200, 429]
        assert answers[0].text == "hello"
    finally:
        wired.process.stop()
