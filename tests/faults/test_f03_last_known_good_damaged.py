"""F03: what was kept on disk is not what was saved, and the control plane is away."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.faults.servers import App, Apps, Control, until

OTHER_USER = 65534


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    # In the middle of a hash: still JSON, still of the right shape.
    place = content.index(b'"digest":"') + len(b'"digest":"')
    content[place] ^= 1
    path.write_bytes(content)


def of_an_older_format(path: Path) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 0}))


def open_to_others(path: Path) -> None:
    path.chmod(0o644)


def of_another_user(path: Path) -> None:
    os.chown(path, OTHER_USER, OTHER_USER)


DAMAGES: dict[Callable[[Path], None], str] = {
    truncated: "JSONDecodeError",
    flipped: "the checksum does not match",
    of_an_older_format: "format 0 is not read by this version",
    open_to_others: "mode 0644 lets others in",
    of_another_user: f"belongs to user {OTHER_USER}",
}


def test_each_is_refused_with_its_reason_and_the_app_serves(
    control: Control, apps: Apps, tmp_path: Path
) -> None:
    """A file that cannot be trusted must neither be enforced nor keep an app from starting."""
    first = apps.start("front", control.url)
    kept = first.state / "default" / "front" / "base.json"
    until(lambda: first.connected() and kept.exists(), "a snapshot is kept")
    first.process.stop()
    control.kill()
    damages = [one for one in DAMAGES if one is not of_another_user or os.geteuid() == 0]
    started = [damaged(apps, control, kept, tmp_path / one.__name__, one) for one in damages]
    intact = damaged(apps, control, kept, tmp_path / "intact", lambda path: None)
    for app, damage in zip(started, damages, strict=True):
        assert httpx.get(f"{app.url}/alone", timeout=10).is_success
        assert app.doctor()["snapshot"]["origin"] == "none"
        (line,) = [one for one in app.process.text().splitlines() if one.startswith("fairlead:")]
        assert "the last known good is not used: " in line
        assert DAMAGES[damage] in line
    assert httpx.get(f"{intact.url}/alone", timeout=10).is_success
    assert intact.doctor()["snapshot"]["origin"] == "last known good"


def damaged(
    apps: Apps, control: Control, kept: Path, state: Path, damage: Callable[[Path], None]
) -> App:
    """Start the app on a copy of its state that `damage` has been at."""
    path = state / kept.relative_to(kept.parents[2])
    path.parent.mkdir(parents=True, mode=0o700)
    shutil.copy2(kept, path)
    damage(path)
    return apps.start("front", control.url, FAIRLEAD_STATE=str(state))


def test_a_new_snapshot_takes_the_place_of_a_damaged_file(
    control: Control, apps: Apps, tmp_path: Path
) -> None:
    """One bad file must not stay a bad file."""
    first = apps.start("front", control.url)
    kept = first.state / "default" / "front" / "base.json"
    until(lambda: first.connected() and kept.exists(), "a snapshot is kept")
    good = kept.read_bytes()
    first.process.stop()
    truncated(kept)
    again = apps.start("front", control.url)
    until(lambda: len(kept.read_bytes()) >= len(good), "it is whole again")
    assert again.doctor()["snapshot"]["origin"] == "live"
