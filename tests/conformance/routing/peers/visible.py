"""`make bench-visible`: how soon calls go by a rule that has changed.

A VirtualService sends all calls of an app to the one subset, then to the other one, and so on. One
data plane after the other calls all the time. Counted is from the answer of the control plane,
which has kept the change, to the first call that begins then and behind which none goes the old
way.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

from tests.conformance.routing.peers.corpus import GRPC, HTTP, Policies, group_of
from tests.conformance.routing.peers.plane import Plane, standing
from tests.conformance.routing.peers.runners import (
    Runner,
    by_agent,
    by_envoy,
    missing,
    stock,
)
from tests.control.fleet import until

FOLDER = Path("build/bench")
SETTLED = 0.06
"""Seconds that all calls have to go the new way before the next change."""
PATIENCE = 20.0
MERGE = {"content-type": "application/merge-patch+json"}
NAMES = {
    "envoy": "Envoy beside the application",
    "python": "gRPC Python by itself",
    "node": "gRPC Node by itself",
    "go": "gRPC Go by itself",
    "java": "gRPC Java by itself",
    "agent httpx": "agent, httpx",
    "agent grpc": "agent, gRPC",
}
Call = tuple[float, str]
"""When it began, and whom it reached."""


def group(protocol: str) -> Policies:
    """Return the app, its two subsets, and the rule that changes."""
    call = {"ask": "/a.B/C" if protocol == GRPC else "/", "to": "orders-v1"}
    route = [{"destination": {"host": "orders", "subset": "v1"}}]
    plain = {"group": protocol, "needs": "order", "rule": "changes", "protocol": protocol}
    return group_of("visible", {**plain, "http": [{"route": route}], "cases": [call]})


def turned(plane: Plane, one: Policies, subset: str) -> float:
    """Send all calls to a subset; return when the control plane has answered."""
    route = [{"destination": {"host": "orders", "subset": subset}}]
    content = json.dumps({"spec": {"http": [{"route": route}]}})
    path = f"/apis/networking.istio.io/v1/namespaces/{one.namespace}/virtualservices/orders"
    with plane.server.client() as http:
        answer = http.patch(path, content=content, headers=MERGE)
        at = time.monotonic()
    answer.raise_for_status()
    return at


def seen_after(calls: Sequence[Call], at: float, to: str) -> float | None:
    """Return when the first call began that is behind all that went another way than `to`.

    None while that is not long enough ago to be sure of it.
    """
    later = [one for one in list(calls) if one[0] >= at]
    new: float | None = None
    for begun, reached in later:
        new = None if reached != to else begun if new is None else new
    return new if new is not None and later[-1][0] - new >= SETTLED else None


def measured(
    plane: Plane, one: Policies, runner: Runner, changes: int
) -> tuple[list[float], Counter[bool]]:
    """Return how long each change took to be seen, in seconds, and how many calls failed or not."""
    calls: list[Call] = []
    failed: Counter[bool] = Counter()
    stopped = threading.Event()
    (case,) = one.cases

    def calling() -> None:
        while not stopped.is_set():
            begun = time.monotonic()
            (outcome,) = runner.ask(one, case)
            calls.append((begun, outcome.to or ""))
            failed[outcome.code not in ("OK", None) or outcome.status not in (200, None)] += 1

    thread = threading.Thread(target=calling)
    thread.start()
    found = []
    try:
        for number in range(changes + 2):
            subset = ("v2", "v1")[number % 2]
            calls.clear()
            at = turned(plane, one, subset)
            seen = until(partial(seen_after, calls, at, f"orders-{subset}"), PATIENCE)
            found.append(seen - at)
    finally:
        stopped.set()
        thread.join()
    return found[2:], failed  # the first ones start things


def planes(plane: Plane, folder: Path) -> Iterator[tuple[str, AbstractContextManager[Runner], str]]:
    """Yield the data planes that are there, with the protocol that they are called by."""
    for name, title in NAMES.items():
        kind, _, library = name.partition(" ")
        if why := missing(name):
            sys.stdout.write(f"{title}: {why}\n")
        elif kind == "envoy":
            yield name, by_envoy(plane, folder), HTTP
        elif kind == "agent":
            yield name, by_agent(plane, library, folder), GRPC if library == "grpc" else HTTP
        else:
            yield name, stock(plane, kind, folder), GRPC


def figures(times: Sequence[float]) -> dict[str, float]:
    """Return median, 99th of a hundred and longest, in ms."""
    ordered = sorted(1000 * one for one in times)
    at = {"p50": 0.5, "p99": 0.99, "most": 1.0}
    return {key: ordered[min(len(ordered) - 1, int(len(ordered) * q))] for key, q in at.items()}


def main() -> None:
    """Measure, print and keep the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=200)
    parser.add_argument("--only", default="", help="a data plane")
    told = parser.parse_args()
    groups = {protocol: group(protocol) for protocol in (GRPC, HTTP)}
    found: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        standing(Path(folder), list(groups.values())) as plane,
    ):
        for name, running, protocol in planes(plane, Path(folder)):
            if told.only in ("", name):
                with running as runner:
                    times, failed = measured(plane, groups[protocol], runner, told.changes)
                found[name] = {**figures(times), "calls": failed.total(), "failed": failed[True]}
                sys.stdout.write(f"{NAMES[name]}: {json.dumps(found[name])}\n")
                sys.stdout.flush()
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "visible.json").write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
