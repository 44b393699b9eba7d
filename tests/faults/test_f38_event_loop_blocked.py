"""F38: user code blocks the event loop for longer than a lease lasts."""

from __future__ import annotations

import time
from pathlib import Path

from tests.faults.replicas import UVICORN, mesh, requests


def test_f38_an_instance_whose_loop_is_blocked_stays_registered(tmp_path: Path) -> None:
    """It is slow, and comes back; taking it out would send its load to the next one."""
    with mesh(tmp_path, lease=2.0, renew=0.5) as it:
        blocked = it.replica(UVICORN)
        (request,) = requests(blocked.url("/blocked?seconds=5"))
        until, seen = time.monotonic() + 4.5, 0
        while time.monotonic() < until:
            assert it.pids(blocked), "deregistered while its loop was blocked"
            assert request.under_way()
            seen += 1
            time.sleep(0.1)
        assert seen > 5
        assert request.wait() == str(it.pids(blocked)[0])
