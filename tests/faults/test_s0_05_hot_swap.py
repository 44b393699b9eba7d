"""S0-05: the process behind a service is replaced under load; a long request in flight finishes."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.faults.replicas import GRANIAN, GUNICORN, HYPERCORN, UVICORN, mesh, requests, some
from tests.faults.servers import until

ALONE = {
    "uvicorn": UVICORN,
    "gunicorn-threads": (*GUNICORN, "--threads", "8", "target_wsgi:app"),
    "hypercorn": (*HYPERCORN, "--graceful-timeout", "10"),
    "granian-asgi": (*GRANIAN, "asgi", "target_asgi:app"),
}


@pytest.mark.parametrize("name", some(ALONE, "uvicorn"))
def test_s0_05_an_instance_is_replaced_by_another(name: str, tmp_path: Path) -> None:
    """One at a time, the new one first: what every orchestrator does, here with a single one."""
    with mesh(tmp_path) as it:
        old = it.replica(ALONE[name])
        before = it.pids(old)
        caller = it.caller()
        (long,) = requests(old.url("/slow?seconds=3"))
        new = it.replica(ALONE[name])
        failed = caller.until_served(before, it.pids(new))
        old.process.stop()

        failed += caller.until_only(it.pids(new))
        assert failed == []
        assert long.wait().isdigit()


ON_SIGHUP = {
    "gunicorn-sync": (*GUNICORN, "-w", "2", "target_wsgi:app"),
    "gunicorn-threads": (*GUNICORN, "-w", "2", "--threads", "4", "target_wsgi:app"),
    "gunicorn-uvicorn": (
        *GUNICORN, "-w", "2", "-k", "uvicorn_worker.UvicornWorker", "target_asgi:app",
    ),
    "gunicorn-aiohttp": (
        *GUNICORN, "-w", "2", "-k", "aiohttp.GunicornWebWorker", "target_aiohttp:app",
    ),
    "uvicorn-workers": (*UVICORN, "--workers", "2"),
    "granian-workers": (
        *GRANIAN, "asgi", "--workers", "2", "--respawn-interval", "1", "target_asgi:app",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", some(ON_SIGHUP, "gunicorn-threads", "gunicorn-uvicorn"))
def test_s0_05_the_workers_of_an_instance_are_replaced(name: str, tmp_path: Path) -> None:
    """The same address, other processes: callers must not even notice that they could."""
    with mesh(tmp_path) as it:
        replica = it.replica(ON_SIGHUP[name], workers=2)
        before = it.pids(replica)
        caller = it.caller()
        (long,) = requests(replica.url("/slow?seconds=2"))
        replica.process.signal(signal.SIGHUP)

        def replaced() -> bool:
            there = set(it.pids(replica))
            assert there, "nobody was registered for a moment"
            return len(there - set(before)) == len(before)

        until(replaced, "both workers are new")
        new = sorted(set(it.pids(replica)) - set(before))
        failed = caller.until_only(new)
        assert failed == []
        assert long.wait().isdigit()
