"""F09: the disk of the control plane is full, or takes five seconds.

Reads go on, a write fails with a clear error and leaves nothing behind, and the fleet notices
nothing. Full is a tmpfs of two megabytes where the user may mount, else a limit of file sizes;
slow is the lock of the database, held by another process's connection as a backup would.
"""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.control.serving import API, rule
from tests.faults.disks import Disk, Limit, SmallDisk, mountable
from tests.faults.servers import Apps, Control, Load, control_plane, until

RULES = f"{API}/namespaces/default/trafficlabelrules"


LEASE = 8.0
"""Seconds: a machine that is busy must not look like agents that are gone."""


def small(data: Path) -> Disk:
    if not mountable():
        pytest.skip("this user may not mount: the limit of file sizes is tried alone")
    return SmallDisk(data)


def limited(data: Path) -> Disk:
    del data
    return Limit()


@pytest.fixture(params=[small, limited])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Disk:
    """Return a disk of the control plane's data that can be filled."""
    made: Disk = request.param(tmp_path / "data")
    return made


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    """A control plane on a disk as any other."""
    with control_plane(tmp_path, lease=LEASE) as running:
        yield running


@pytest.fixture
def plane(tmp_path: Path, disk: Disk) -> Iterator[Control]:
    """A control plane on that disk."""
    control = Control(tmp_path, lease=LEASE)
    control.wrap = disk.argv
    control.start()
    try:
        yield control
    finally:
        control.kill()


def pid_of(control: Control) -> int:
    assert control.process is not None
    return control.process.pid


def names(control: Control) -> list[str]:
    return [item["metadata"]["name"] for item in control.get(RULES)["items"]]


def write(control: Control, name: str) -> httpx.Response:
    with control.client() as http:
        return http.post(RULES, json=rule(name))


def refused(control: Control, name: str) -> dict[str, Any] | None:
    """Return the error of a write, None where it was taken."""
    answer = write(control, name)
    return dict(answer.json()) if answer.is_error else None


def test_a_full_disk_refuses_writes_and_keeps_everything_else(
    plane: Control, apps: Apps, disk: Disk
) -> None:
    """The operator is told; callers, agents and readers have no part in it."""
    assert write(plane, "before").status_code == 201
    back, front = apps.start("back", plane.url), apps.start("front", plane.url)
    until(lambda: back.registered() and front.registered(), "both apps are registered")
    url = front.url
    until(lambda: httpx.get(url, trust_env=False).is_success, "the call by name arrives")

    with Load(url) as load:
        disk.fill(pid_of(plane))
        kept = names(plane)
        errors = [refused(plane, f"full{number}") for number in range(30)]
        while errors[-1] is None:  # room that the database had allocated already
            errors.append(refused(plane, f"full{len(errors)}"))
        error = errors[-1]
        assert error["kind"] == "Status"
        assert error["code"] >= 500
        assert "could not be made durable" in error["message"]

        taken = [f"full{number}" for number, one in enumerate(errors) if one is None]
        assert sorted(names(plane)) == sorted([*kept, *taken])
        load.more()
        # Statuses depend on who is there; it enforces rules, and is registered when it can be.
        late = apps.start("back", plane.url)
        until(late.connected, "an app that comes meanwhile is sent its snapshot")
        assert plane.process is not None
        said = plane.process.text
        if isinstance(disk, SmallDisk):  # with a limit of sizes no log is written, either
            until(lambda: "statuses could not be written" in said(), "a status cannot be written")
        load.more()
        assert front.registered()
        assert not late.registered()

    assert load.failures == []
    disk.free(pid_of(plane))
    until(lambda: refused(plane, "after") is None, "a write is taken again")
    assert sorted(names(plane)) == sorted([*kept, *taken, "after"])
    until(late.registered, "who came meanwhile is registered")
    assert "Traceback" not in said()


def test_what_a_full_disk_refused_is_not_there_after_a_crash(
    tmp_path: Path, control: Control
) -> None:
    """Half a write, seen only after a restart, would be the worst of all."""
    disk = Limit()
    assert write(control, "before").status_code == 201
    disk.fill(pid_of(control))
    assert refused(control, "full") is not None
    assert control.process is not None
    control.process.signal(signal.SIGKILL)
    control.kill()

    control.start()

    assert names(control) == ["before"]
    assert write(control, "full").status_code == 201


def test_reads_do_not_wait_for_a_slow_disk_and_writes_are_done_or_refused(
    control: Control, apps: Apps
) -> None:
    """Five seconds of a busy disk are five seconds for who writes, and for nobody else."""
    assert write(control, "before").status_code == 201
    back, front = apps.start("back", control.url), apps.start("front", control.url)
    until(lambda: back.registered() and front.registered(), "both apps are registered")
    url = front.url
    until(lambda: httpx.get(url, trust_env=False).is_success, "the call by name arrives")
    file = control.data / "fairlead.db"

    with Load(url) as load, ThreadPoolExecutor() as pool:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            slow = pool.submit(write, control, "slow")
            reads, calls = 0, len(load.answers)
            while not slow.done():  # SQLite waits for five seconds
                assert names(control) == ["before"]
                reads += 1
            assert reads > 2
            assert len(load.answers) > calls
            answer = slow.result()
            other.execute("ROLLBACK")
        assert answer.status_code >= 500
        assert "database is locked" in answer.json()["message"]
        assert names(control) == ["before"]
        until(lambda: refused(control, "after") is None, "a write is taken again")
        load.more()

    assert load.failures == []
    assert names(control) == ["after", "before"]
