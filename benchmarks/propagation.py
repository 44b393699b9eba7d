"""How long a change takes: from the API's 2xx to the swap of the plan in the last of six agents.

A real control plane, six real agents in processes of their own, one change after another. Times are
of the machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

from benchmarks.measure import Figure

AGENTS, CHANGES = 6, 100
TARGET_MS = 200.0
PATIENCE = 30.0
FAIRLEAD = Path(sys.executable).parent / "fairlead"

_COLLECTION = "/apis/traffic.opensergo.io/v1alpha1/namespaces/default/trafficlanes"
_NAME = "lane-gray"


class Swap(NamedTuple):
    """One agent's swap of its plan."""

    agent: int
    revision: int
    at: int
    """Nanoseconds of the monotonic clock."""


def run() -> Iterator[Figure]:
    """Make the changes and give the latencies of every agent's swap."""
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fairlead-bench-")))
        url = _serve(stack, work)
        host = url.removeprefix("http://")
        api = http.client.HTTPConnection(host, timeout=PATIENCE)
        stack.callback(api.close)
        revision, _ = _write(api, "POST", _COLLECTION, lane_of(0))
        swaps = _agents(stack, url, work)
        _wait(swaps, revision)
        latencies = [ms for number in range(1, CHANGES + 1) for ms in _change(api, swaps, number)]
    yield from _figures(latencies)


def _figures(latencies: list[float]) -> Iterator[Figure]:
    percentiles = statistics.quantiles(latencies, n=100, method="inclusive")
    note = f"{CHANGES} changes × {AGENTS} agents, most {max(latencies):.0f} ms"  # noqa: RUF001
    yield Figure(name="propagation_p50_ms", value=round(percentiles[49], 2), note=note)
    yield Figure(name="propagation_p99_ms", value=round(percentiles[98], 2), target=TARGET_MS)


def _change(api: http.client.HTTPConnection, swaps: SimpleQueue[Swap], number: int) -> list[float]:
    # At no fixed distance, or every change would meet the same phase of somebody's timer.
    time.sleep(random.uniform(0.01, 0.06))
    revision, answered = _write(api, "PATCH", f"{_COLLECTION}/{_NAME}", lane_of(number))
    # A swap before the answer has arrived here is a latency of nothing, not less.
    return [max(0, at - answered) / 1e6 for at in _wait(swaps, revision).values()]


def _wait(swaps: SimpleQueue[Swap], revision: int) -> dict[int, int]:
    """Return by agent when it first enforced `revision` or a later one."""
    first: dict[int, int] = {}
    deadline = time.monotonic() + PATIENCE
    while len(first) < AGENTS:
        try:
            swap = swaps.get(timeout=max(0.01, deadline - time.monotonic()))
        except Empty:
            missing = sorted(set(range(AGENTS)) - first.keys())
            raise RuntimeError(f"agents {missing} did not swap to revision {revision}") from None
        if swap.revision >= revision:
            first.setdefault(swap.agent, swap.at)
    return first


def lane_of(number: int) -> dict[str, Any]:
    """Return a lane whose rule and baggage key differ each time: it concerns every app."""
    headers = {"x-user-uuid": {"exact": str(number)}}
    return {
        "apiVersion": "traffic.opensergo.io/v1alpha1",
        "kind": "TrafficLane",
        "metadata": {"name": _NAME, "namespace": "default"},
        "spec": {
            "selector": {"app": "web-0"},
            "rules": {
                "traffic": {"http": {"headers": headers}},
                "lane": {"name": "gray"},
                "traceIdBaggage": f"x-lane-{number}",
            },
        },
    }


def _write(
    api: http.client.HTTPConnection, method: str, path: str, body: dict[str, Any]
) -> tuple[int, int]:
    """Send a change; return its revision and when the answer was there."""
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    api.request(method, path, json.dumps(body), {"content-type": kind})
    response = api.getresponse()
    answered = time.monotonic_ns()
    text = response.read()
    if response.status // 100 != 2:
        raise RuntimeError(f"{method} {path} was answered {response.status}: {text!r}")
    return int(json.loads(text)["metadata"]["resourceVersion"]), answered


def _serve(stack: ExitStack, work: Path) -> str:
    """Start the control plane on a free loopback port; return its URL."""
    argv = [str(FAIRLEAD), "serve", "--data-dir", str(work / "data"), "--listen", "127.0.0.1:0"]
    child = _start(stack, argv, {})
    assert child.stdout is not None
    line = child.stdout.readline()
    found = re.search(r"http://[^\s,]+", line)
    if found is None:
        raise RuntimeError(f"the control plane did not start: {line!r}")
    return found[0]


def _agents(stack: ExitStack, url: str, work: Path) -> SimpleQueue[Swap]:
    """Start six agents, each of an app of its own; return where their swaps arrive."""
    swaps: SimpleQueue[Swap] = SimpleQueue()
    argv = [str(FAIRLEAD), "run", "--", sys.executable, "-m", "benchmarks.stamper"]
    for number in range(AGENTS):
        settings = {
            "FAIRLEAD_CONTROL": url,
            "FAIRLEAD_APP": f"web-{number}",
            "FAIRLEAD_STATE": str(work / "state"),
        }
        child = _start(stack, argv, settings)
        Thread(target=_listen, args=(number, child, swaps), daemon=True).start()
    return swaps


def _listen(agent: int, child: subprocess.Popen[str], swaps: SimpleQueue[Swap]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        revision, at = line.split()
        swaps.put(Swap(agent, int(revision), int(at)))


def _start(stack: ExitStack, argv: list[str], settings: dict[str, str]) -> subprocess.Popen[str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("FAIRLEAD_")}
    child = stack.enter_context(
        subprocess.Popen(
            argv,
            env={**inherited, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    )
    stack.callback(child.terminate)
    return child
