"""F42: processes that are forked after the agent of their parent has started."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from tests.faults.replicas import GUNICORN, mesh
from tests.faults.servers import until

WORKERS, REQUESTS = 2, 40
ENTRY = {
    "apiVersion": "traffic.opensergo.io/v1alpha1",
    "kind": "TrafficLabelRule",
    "metadata": {"name": "entry"},
    "spec": {
        "selector": {"app": "target"},
        "trafficLabel": "gray",
        "match": [{"condition": "==", "type": "header", "key": "x-user", "value": "1"}],
    },
}


def connections(pid: int) -> set[str]:
    """Return the sockets of a process that lead to somebody: tcp(7) in /proc, state 01."""
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    established = {fields[9] for line in lines if (fields := line.split())[3] == "01"}
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        target = os.readlink(f"/proc/{pid}/fd/{name}")
        if target.startswith("socket:[") and target[8:-1] in established:
            found.add(target)
    return found


def test_f42_every_worker_has_an_agent_of_its_own(tmp_path: Path) -> None:
    """Threads do not survive a fork, and two processes on one connection would garble it."""
    words = (*GUNICORN, "-w", "2", "--preload", "-k", "uvicorn_worker.UvicornWorker")
    with mesh(tmp_path, renew=0.3) as it:
        replica = it.replica((*words, "target_preloaded:app"), workers=WORKERS)
        it.control.apply(ENTRY)

        def nodes() -> list[dict[str, Any]]:
            found = it.control.get("/fairlead/v1/nodes")["nodes"]
            return [node for node in found if node["address"] == replica.address]

        until(
            lambda: (
                len(nodes()) == WORKERS
                and all(node["connected"] and node["state"] == "live" for node in nodes())
            ),
            "every worker follows the control plane",
        )
        assert len({node["node"] for node in nodes()}) == WORKERS
        first, second = (connections(pid) for pid in it.pids(replica))
        assert first
        assert second
        assert first & second == set()

        served: Counter[str] = Counter()
        with httpx.Client(trust_env=False, headers={"connection": "close"}) as http:
            for _ in range(REQUESTS):
                served[http.get(replica.url("/who")).raise_for_status().text] += 1
        assert {int(pid) for pid in served} <= set(it.pids(replica))

        def counted() -> int:
            apps = it.control.get("/fairlead/v1/traffic")["apps"]
            return sum(app["requests"] for app in apps if app["app"] == "target")

        until(lambda: counted() == REQUESTS, "the counts of all workers are put together")
