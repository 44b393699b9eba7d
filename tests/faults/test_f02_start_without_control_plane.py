"""F02: the control plane is away, and an app is started."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from tests.faults.servers import Apps, Control, until


def test_an_app_starts_from_its_last_known_good_and_says_how_old_it_is(
    control: Control, apps: Apps
) -> None:
    """A crash of one thing must not become a crash of two."""
    back, front = (apps.start(name, control.url) for name in ("back", "front"))
    until(lambda: control.instances("back") and front.connected(), "both are there")
    until(lambda: front.doctor()["snapshot"]["services"] == 2, "the front knows the back")
    control.kill()
    front.process.stop()
    again = apps.start("front", control.url)
    assert httpx.get(again.url, timeout=10).text.endswith(f"back {back.process.pid}")
    snapshot = again.doctor()["snapshot"]
    assert snapshot["origin"] == "last known good"
    assert snapshot["saved_ago"] > 0
    told = [line for line in again.process.text().splitlines() if line.startswith("fairlead:")]
    assert len(told) == 1
    assert "the last known good, of " in told[0]
    assert " s ago, is in force: " in told[0]
    control.start()
    until(lambda: again.doctor()["snapshot"]["origin"] == "live", "it is live again")


def test_without_a_last_known_good_it_serves_without_us_and_never_hangs(
    tmp_path: Path, apps: Apps
) -> None:
    """Fail open: plain discovery, as if fairlead were not there."""
    front = apps.start("front", "http://127.0.0.1:9", FAIRLEAD_STATE=str(tmp_path / "new"))
    assert httpx.get(f"{front.url}/alone", timeout=10).text == f"front {front.process.pid}"
    began = time.monotonic()
    # The name is for DNS to find, which does not know it: the application's own error.
    assert httpx.get(front.url, timeout=10).status_code == 500
    assert time.monotonic() - began < 10
    assert "no app is known by name until the control plane answers" in front.process.text()
    until(lambda: "ConnectError" in front.process.text(), "the error is logged")
