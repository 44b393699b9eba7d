"""An instance joins under load: not before it can answer, and with few calls at first."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from tests.faults.replicas import AIOHTTP, GRANIAN, GUNICORN, HYPERCORN, UVICORN, mesh, some
from tests.faults.servers import until

SERVERS = {
    "uvicorn": UVICORN,
    "gunicorn-uvicorn": (*GUNICORN, "-k", "uvicorn_worker.UvicornWorker", "target_asgi:app"),
    "gunicorn-asgi": (*GUNICORN, "-k", "asgi", "target_asgi:app"),
    "hypercorn": HYPERCORN,
    "granian-asgi": (*GRANIAN, "asgi", "target_asgi:app"),
    "aiohttp": AIOHTTP,
    "gunicorn-aiohttp": (*GUNICORN, "-k", "aiohttp.GunicornWebWorker", "target_aiohttp:app"),
}
STARTING = 2.0


@pytest.mark.parametrize("name", some(SERVERS, "gunicorn-uvicorn", "hypercorn", "gunicorn-aiohttp"))
def test_an_application_that_starts_up_slowly_is_not_called_before(
    name: str, tmp_path: Path
) -> None:
    """It may connect to its database, or load a model, for as long as it likes."""
    with mesh(tmp_path) as it:
        began = time.monotonic()
        process = it.launch(SERVERS[name], START_SECONDS=str(STARTING))
        (address,) = until(lambda: list(it.instances()), process.text() or "registered")
        assert time.monotonic() - began > STARTING
        # At the very moment that callers hear of it.
        answer = httpx.get(f"http://{address}/who", trust_env=False, timeout=2)
        assert answer.status_code == 200


def test_a_new_instance_is_given_few_calls_at_first(tmp_path: Path) -> None:
    """`FAIRLEAD_WARMUP`: from none to an equal share, and nobody fails for it."""
    with mesh(tmp_path) as it:
        it.replica(UVICORN)
        it.replica(UVICORN)
        caller = it.caller()
        new = it.replica(UVICORN, FAIRLEAD_WARMUP="4s")
        (pid,) = it.pids(new)
        caller.seen()
        time.sleep(1.0)
        served, failed = caller.seen()
        assert failed == []
        assert served.get(pid, 0) < sum(served.values()) / 9

        def equal() -> bool:
            time.sleep(0.5)
            served, failed = caller.seen()
            assert failed == []
            return served.get(pid, 0) > sum(served.values()) / 4

        until(equal, "it has as many calls as the others")
        until(lambda: "warmup" not in spec(it.control.instances("target"), new.address), "warm")


def spec(items: list[dict[str, object]], address: str) -> dict[str, object]:
    """Return the spec of the instance at `address`."""
    specs = [item["spec"] for item in items]
    return next(one for one in specs if isinstance(one, dict) and one["address"] == address)
