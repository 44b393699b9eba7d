"""``fairlead get -w`` while the server is killed and started again: it misses nothing.

    python -m tests.faults.watching --seconds 600 --restarts 3

One client writes, and tries again while the server is away; what it was told is held against what
the watch printed: every revision that was acknowledged, in order.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.control.serving import API, Server, ready, rule, start

RULES = f"{API}/namespaces/default/trafficlabelrules"
FAIRLEAD = Path(sys.executable).parent / "fairlead"
MERGE = {"content-type": "application/merge-patch+json"}
NAMES, EVERY = 8, 0.05


class Writer:
    """Writes now and then, and keeps what was acknowledged."""

    def __init__(self, url: str, dice: random.Random) -> None:
        self._url, self._dice = url, dice
        self.acknowledged: list[int] = []
        self._there: set[str] = set()

    def write(self, until: float) -> None:
        """Write until the time `until`; a server that is away ends it, too."""
        with httpx.Client(base_url=self._url, timeout=10, trust_env=False) as http:
            listed = http.get(RULES).json()
            self._there = {one["metadata"]["name"] for one in listed["items"]}
            while time.monotonic() < until:
                self._write_one(http)
                time.sleep(EVERY)

    def _write_one(self, http: httpx.Client) -> None:
        name = f"r{self._dice.randrange(NAMES)}"
        label = f"l{self._dice.randrange(10**9)}"
        if name not in self._there:
            answer = http.post(RULES, json=rule(name, label=label))
            self._there.add(name)
        elif self._dice.random() < 0.2:
            http.delete(f"{RULES}/{name}").raise_for_status()
            self._there.discard(name)
            return
        else:
            body = json.dumps({"spec": {"trafficLabel": label}})
            answer = http.patch(f"{RULES}/{name}", content=body, headers=MERGE)
        answer.raise_for_status()
        self.acknowledged.append(int(answer.json()["metadata"]["resourceVersion"]))


def watching(work: Path, seconds: float, restarts: int, dice: random.Random) -> tuple[int, str]:
    """Return how many writes were acknowledged, and what the watch missed, ``""`` for nothing."""
    data = work / "data"
    server = ready(start(data), data)
    listen = server.url.removeprefix("http://")
    writer = Writer(server.url, dice)
    with (work / "printed").open("w+") as printed:
        watch = subprocess.Popen(
            [FAIRLEAD, "get", "tlr", "-w", "-o", "json", "--output-watch-events"],
            stdout=printed,
            env={**os.environ, "FAIRLEAD_CONTROL": server.url},
        )
        try:
            with server.client() as http:
                http.post(RULES, json=rule("r0")).raise_for_status()
            _wait(lambda: (work / "printed").stat().st_size > 0)
            for turn in range(restarts + 1):
                writer.write(time.monotonic() + seconds / (restarts + 1))
                if turn < restarts:
                    server = _restarted(server, data, listen)
            problem = _compared(server, work / "printed", writer)
        finally:
            watch.terminate()
            watch.wait(10)
            server.stop()
    return len(writer.acknowledged), problem


def _wait(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        if time.monotonic() > end:
            raise RuntimeError("the watch does not begin")
        time.sleep(0.02)


def _restarted(server: Server, data: Path, listen: str) -> Server:
    server.stop(signal.SIGKILL)
    server.process.communicate()
    return ready(start(data, listen), data)


def _compared(server: Server, printed: Path, writer: Writer) -> str:
    with server.client() as http:
        listed = http.get(RULES).json()["items"]
    wanted = {one["metadata"]["name"]: one["spec"]["trafficLabel"] for one in listed}
    end = time.monotonic() + 20
    while True:
        events = list(_events(printed.read_text()))
        problem = _problem(events, writer.acknowledged, wanted)
        if not problem or time.monotonic() > end:
            return problem
        # What was written last is on its way.
        time.sleep(0.2)


def _problem(events: list[Any], acknowledged: list[int], wanted: dict[str, str]) -> str:
    state: dict[str, str] = {}
    revisions = []
    for event in events:
        found = event["object"]
        name = found["metadata"]["name"]
        revisions.append(int(found["metadata"]["resourceVersion"]))
        if event["type"] == "DELETED":
            state.pop(name, None)
        else:
            state[name] = found["spec"]["trafficLabel"]
    if missed := sorted(set(acknowledged) - set(revisions)):
        return f"{len(missed)} acknowledged writes were not shown, the first {missed[0]}"
    if revisions != sorted(set(revisions)):
        return "something was shown twice, or out of order"
    return "" if state == wanted else f"shown at the end: {state}, there: {wanted}"


def _events(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    place = 0
    while (place := text.find("{", place)) >= 0:
        try:
            event, place = decoder.raw_decode(text, place)
        except ValueError:
            return  # it is being printed
        yield event


def main() -> int:
    """Run what the command line asks for; return 1 where something was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="fairlead-watching-") as folder:
        writes, problem = watching(Path(folder), options.seconds, options.restarts, dice)
    said = problem or "all shown once, in order"
    sys.stdout.write(f"{writes} writes acknowledged, {options.restarts} restarts: {said}\n")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
