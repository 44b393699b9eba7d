"""The control plane is away for longer than a lease: no service is emptied, the dead are given up.

``AWAY_SECONDS=30 LEASE_SECONDS=10 make test ARGS=tests/faults/test_leases_over_restarts.py`` is the
same at full length.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.faults.servers import Apps, Control, Load, control_plane, until

LEASE = float(os.environ.get("LEASE_SECONDS", "2"))
AWAY = float(os.environ.get("AWAY_SECONDS", "5"))


@contextmanager
def looking(control: Control, app: str) -> Iterator[list[int]]:
    """Note how many instances the registry lists, as often as it can be asked."""
    counts: list[int] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.05):
            try:
                counts.append(len(control.instances(app)))
            except httpx.TransportError:
                continue

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield counts
    finally:
        stop.set()
        thread.join()


def test_leases_are_kept_over_a_kill_and_the_dead_are_given_up(tmp_path: Path) -> None:
    """It must not take for dead whom it could not hear, nor keep for good who died meanwhile."""
    with control_plane(tmp_path, lease=LEASE, renew=LEASE / 4) as control:
        apps = Apps(tmp_path)
        try:
            away(control, apps)
        finally:
            apps.stop()


def away(control: Control, apps: Apps) -> None:
    backs = [apps.start("back", control.url) for _ in range(3)]
    front = apps.start("front", control.url)
    until(lambda: len(control.instances("back")) == 3, "every back is registered")
    until(front.connected, "the front is connected")
    with looking(control, "back") as counts, Load(f"{front.url}/") as load:
        load.more()
        control.kill()
        load.more()
        seen = len(load.failures)
        backs[0].process.kill()
        time.sleep(AWAY)
        control.start()
        until(
            lambda: len(control.instances("back")) == 2, "the dead one is given up", 2 * LEASE + 10
        )
        load.more()
    # A request that was under way in the process that was killed is lost, and no other.
    assert len(load.failures) - seen <= 2
    assert min(counts) == 2
    living = {f"back {back.process.pid}" for back in backs[1:]}
    assert {" ".join(answer.split()[-2:]) for answer in load.answers[-10:]} <= living
    assert control.alarms() == []
