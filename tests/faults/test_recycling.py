"""Workers that end by themselves after so many requests, at full traffic."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults.replicas import GUNICORN, HYPERCORN, UVICORN, mesh, some

LIMIT = ("--max-requests", "40", "--max-requests-jitter", "20")
SERVERS = {
    "gunicorn-sync": (*GUNICORN, "-w", "2", *LIMIT, "target_wsgi:app"),
    "gunicorn-sync-alone": (*GUNICORN, *LIMIT, "target_wsgi:app"),
    "gunicorn-threads": (*GUNICORN, "-w", "2", "--threads", "4", *LIMIT, "target_wsgi:app"),
    "gunicorn-uvicorn": (
        *GUNICORN, "-w", "2", "-k", "uvicorn_worker.UvicornWorker", *LIMIT, "target_asgi:app",
    ),
    "gunicorn-aiohttp": (
        *GUNICORN, "-w", "2", "-k", "aiohttp.GunicornWebWorker", *LIMIT, "target_aiohttp:app",
    ),
    "uvicorn-workers": (*UVICORN, "--workers", "2", "--limit-max-requests", "40"),
    "hypercorn-workers": (*HYPERCORN, "-w", "2", *LIMIT),
}  # fmt: skip
GENERATIONS = 3


@pytest.mark.parametrize(
    "name", some(SERVERS, "gunicorn-sync-alone", "gunicorn-uvicorn", "gunicorn-aiohttp")
)
def test_no_call_fails_while_workers_are_recycled(name: str, tmp_path: Path) -> None:
    """A limit of requests is a remedy for leaks: it must not be paid for with errors."""
    words = SERVERS[name]
    with mesh(tmp_path) as it:
        replica = it.replica(words, workers=2 if "2" in words else 1)
        caller = it.caller()
        seen: set[int] = set()
        failed: list[str] = []
        deadline = time.monotonic() + 60
        while len(seen) < 2 + GENERATIONS and time.monotonic() < deadline:
            time.sleep(0.2)
            served, more = caller.seen()
            seen |= served.keys()
            failed += more
            left = len(it.pids(replica))
            assert left <= 2, "who was replaced is still waited for when the instance stops"
        assert failed == []
        assert len(seen) >= 2 + GENERATIONS
