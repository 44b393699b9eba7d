"""Go programs follow the control plane, and do without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.servers import Control, until
from tests.golang.wired import Wired, Wires


def node(control: Control, app: str) -> dict[str, Any]:
    """Return what the control plane knows of the only process of `app`."""
    found = [one for one in control.get("/fairlead/v1/nodes")["nodes"] if one["app"] == app]
    return dict(found[0]) if found else {}


def in_force(control: Control, app: str) -> int:
    """Return the revision that the process of `app` has acknowledged, 0 for none."""
    known = node(control, app)
    return int(known["enforces"]["revision"]) if known.get("source") == "live" else 0


def start(wires: Wires, control: str, name: str = "shop", **env: str) -> Wired:
    """Start a process of the app `name`."""
    return wires.start(name, FAIRLEAD_CONTROL=control, FAIRLEAD_APP=name, **env)


def test_a_program_without_settings_runs_as_it_was_written(wires: Wires) -> None:
    """Settings that are wrong, or switch it off, leave a program as it is."""
    assert wires.start("plain").get() == "ungoverned"
    away = "http://127.0.0.1:1"
    for name, value in (("ENABLED", "off"), ("DISABLE", "1"), ("DISABLE", "all")):
        one = start(wires, away, **{f"FAIRLEAD_{name}": value})
        assert one.get() == "ungoverned"
        assert one.said() == []
    one = start(wires, away, FAIRLEAD_DRAIN="a while")
    assert one.get() == "ungoverned"
    (line,) = one.said()
    assert line.startswith("fairlead: switched off in this process: FAIRLEAD_DRAIN='a while': ")


def test_a_snapshot_is_followed_and_acknowledged(wires: Wires, control: Control) -> None:
    """What is in force is what the control plane says, from the first request on."""
    start(wires, control.url, FAIRLEAD_LABELS="gray", FAIRLEAD_ZONE="eu/a")
    until(lambda: in_force(control, "shop"), "a snapshot is acknowledged")
    known = node(control, "shop")
    assert (known["zone"], known["error"]) == ("eu/a", None)


def test_a_program_goes_on_without_its_control_plane(wires: Wires, control: Control) -> None:
    """It keeps what is in force, and connects again; a revision does not go back."""
    one = start(wires, control.url, FAIRLEAD_LANE="gray")
    before = until(lambda: in_force(control, "shop"), "a snapshot is acknowledged")
    control.kill()
    assert one.get() == 'shop "gray"'
    control.start()
    assert until(lambda: in_force(control, "shop"), "it is connected again") >= before
    assert one.get() == 'shop "gray"'


def test_a_cold_start_takes_the_last_known_good(wires: Wires, control: Control) -> None:
    """A program that starts while the control plane is away knows what it knew, after a second."""
    first = start(wires, control.url)
    until(lambda: in_force(control, "shop"), "a snapshot is acknowledged")
    first.process.kill()
    control.kill()
    second = start(wires, control.url)
    assert second.get() == 'shop ""'
    (line,) = until(second.said, "it says so")
    assert "fairlead: the last known good, of " in line
    control.start()
    until(lambda: in_force(control, "shop"), "it is connected again")


def test_a_file_may_say_what_is_in_force(wires: Wires, control: Control, tmp_path: Path) -> None:
    """No control plane is needed then, and what is wrong in it changes nothing."""
    first = start(wires, control.url, FAIRLEAD_LANE="gray")
    until(lambda: in_force(control, "shop"), "a snapshot is acknowledged")
    first.process.kill()
    (kept,) = (tmp_path / "state").rglob("gray.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    path = tmp_path / "policies.json"
    path.write_text("{}")
    one = wires.start("file", FAIRLEAD_SOURCE=f"file:{path}", FAIRLEAD_APP="file")
    assert one.get() == 'file ""'
    (line,) = (line for line in one.said() if "what was in force stays" in line)
    assert f"{path}: digest: does not name the content" in line


@pytest.mark.parametrize("name", ["gray", "base"])
def test_python_reads_what_go_has_kept(
    wires: Wires, control: Control, tmp_path: Path, name: str
) -> None:
    """Both agents keep the last known good in one form, at one place."""
    from fairlead.agent.identity import Identity
    from fairlead.agent.last_good import LastGood
    from fairlead.agent.settings import Settings

    env = {"FAIRLEAD_LANE": name, "FAIRLEAD_LABELS": "version=v2"}
    start(wires, control.url, **env)
    until(lambda: in_force(control, "shop"), "a snapshot is acknowledged")
    settings = Settings.from_env(
        {**env, "FAIRLEAD_APP": "shop", "FAIRLEAD_STATE": str(tmp_path / "state")}
    )
    kept = LastGood(settings.state, Identity.of(settings)).load()
    assert kept is not None
    assert kept.snapshot.workload.app == "shop"
