"""`fairlead doctor` asks Go programs as it asks Python ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from fairlead.agent.inspect import ask
from tests.faults.servers import Control, plain_environment, until
from tests.golang.wired import Wired, Wires


def asked(one: Wired, work: Path) -> str:
    """Return what doctor says of a process."""
    words = [sys.executable, "-m", "fairlead.cli.main", "doctor", str(one.process.pid)]
    env = plain_environment(FAIRLEAD_STATE=str(work / "state"))
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False).stdout


def test_doctor_says_what_a_program_enforces(
    wires: Wires, control: Control, tmp_path: Path
) -> None:
    """Live, and after a start without the control plane, though nobody has asked it anything."""
    env = {"FAIRLEAD_CONTROL": control.url, "FAIRLEAD_APP": "shop"}
    one = wires.start("shop", FAIRLEAD_LANE="gray", **env)
    socket = tmp_path / "state" / f"{one.process.pid}.sock"
    assert socket.stat().st_mode & 0o777 == 0o600
    until(lambda: ask(socket)["standing"]["registered"], "it is registered")
    said = asked(one, tmp_path)
    assert "lane        gray (set)" in said
    assert f"address     {one.address}" in said
    assert "  counting    alone" in said
    assert "  snapshot    live, in force for" in said
    assert ", go1." in said
    assert "!" not in said
    one.process.stop()
    assert not socket.exists()
    control.kill()
    again = wires.start("again", FAIRLEAD_LANE="gray", **env)
    socket = tmp_path / "state" / f"{again.process.pid}.sock"
    until(lambda: ask(socket)["snapshot"]["origin"] == "last known good", "it has given up")
    said = asked(again, tmp_path)
    assert "  snapshot    last known good, saved " in said
    assert "! not connected to" in said


def test_a_socket_of_ours_is_no_server(wires: Wires, control: Control) -> None:
    """A program with an address that was said is registered when it listens itself."""
    env = {"FAIRLEAD_CONTROL": control.url, "FAIRLEAD_APP": "shop"}
    wires.start("shop", "late", FAIRLEAD_ADDRESS="shop.example:80", **env)
    until(lambda: control.instances("shop"), "it is registered")
