"""At the door of a Go program that is busy: who counts as inside, and for how long."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import httpx
import pytest

from fairlead.policy.encode import seal, to_plain
from fairlead.policy.overload import OverloadProtection
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.faults.servers import until
from tests.golang.building import Project
from tests.golang.wired import Wires, begun

SOURCE = Path(__file__).parent / "programs" / "door" / "main.go"
RULE = OverloadProtection(rule="AdaptiveOverloadProtectionStrategy/x", strategy="x", threshold=0.05)
"""One at a time."""

pytestmark = pytest.mark.timeout(600)  # it builds


def test_who_goes_on_for_as_long_as_he_likes_is_not_inside(few: Path, tmp_path: Path) -> None:
    """A websocket lasts for hours: a busy process still has room for a request beside it."""
    project = Project(few, tmp_path / "door")
    project.write("main.go", SOURCE.read_text())
    project.fairlead("build", "--strict", "-o", "door", ".")
    snapshot = seal(Snapshot(revision=1, workload=Workload(app="door"), overload=RULE))
    said = project.write("snapshot.json", json.dumps(to_plain(snapshot)))
    wires = Wires(project.folder / "door", tmp_path)
    try:
        app = wires.start("door", FAIRLEAD_SOURCE=f"file:{said}", FAIRLEAD_APP="door")
        work = f"http://127.0.0.1:{app.port}/work"

        def status() -> int:
            return httpx.get(work, trust_env=False).status_code

        with _asked(app.port, "/stay", begins=False):
            until(lambda: status() == 429, "the program is too busy for two requests at once")
        until(lambda: status() == 200, "the one that stayed has gone")
        for path in ("/hold", "/stream"):
            with _asked(app.port, path):
                assert [status() for _ in range(20)] == [200] * 20
    finally:
        wires.stop()


def _asked(port: int, path: str, *, begins: bool = True) -> socket.socket:
    """Ask for `path`, and have the beginning of an answer."""
    caller = socket.create_connection(("127.0.0.1", port))
    caller.sendall(f"GET {path} HTTP/1.1\r\nHost: door\r\n\r\n".encode())
    if begins:
        begun(caller)
    return caller
