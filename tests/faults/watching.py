"""Who watches through kills of the control plane misses nothing.

    python -m tests.faults.watching --seconds 600 --restarts 3 --with fairlead,kubectl,informer

One client writes, and tries again while the server is away; what it was told is held against what
each watch showed: every revision that was acknowledged, once, and in order for each object.
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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.control.serving import Server, ready, rule, start
from tests.faults.watchers import RULES, Kubectl, Watcher, fairlead, informer

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
MERGE = {"content-type": "application/merge-patch+json"}
NAMES, EVERY = 8, 0.05
WATCHERS = ("fairlead", "kubectl", "informer")


class Writer:
    """Writes now and then, and keeps what was acknowledged."""

    def __init__(self, url: str, dice: random.Random) -> None:
        self._url, self._dice = url, dice
        self.acknowledged: list[int] = []
        self._there: set[str] = set()

    def write(self, until: float) -> None:
        """Write until the time `until`; a server that is away ends it, too."""
        with httpx.Client(base_url=self._url, timeout=60, trust_env=False) as http:
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


def watching(
    work: Path, seconds: float, restarts: int, dice: random.Random, names: Sequence[str]
) -> tuple[int, dict[str, str]]:
    """Return how many writes were acknowledged, and what each watch missed, ``""`` for nothing."""
    data = work / "data"
    server = ready(start(data), data)
    listen = server.url.removeprefix("http://")
    writer = Writer(server.url, dice)
    watchers = [_watcher(name, server.url, work) for name in names]
    try:
        for watcher in watchers:
            watcher.start()
        with server.client() as http:
            http.post(RULES, json=rule("r0")).raise_for_status()
        _wait(lambda: all(watcher.events() for watcher in watchers))
        for turn in range(restarts + 1):
            writer.write(time.monotonic() + seconds / (restarts + 1))
            if turn < restarts:
                server = _restarted(server, data, listen)
        problems = {watcher.name: _compared(server, watcher, writer) for watcher in watchers}
    finally:
        for watcher in watchers:
            watcher.stop()
        server.stop()
    return len(writer.acknowledged), problems


def program(name: str) -> str:
    """Return the path of kubectl or of the informer, built where it has to be."""
    if name == "kubectl":
        return os.environ.get("KUBECTL") or _made("kubectl.sh")
    return _made("golang.sh", str(Path(__file__).parent / "informer"))


def _made(script: str, *words: str) -> str:
    made = subprocess.run([SCRIPTS / script, *words], check=True, stdout=subprocess.PIPE, text=True)
    return made.stdout.strip()


def _watcher(name: str, url: str, work: Path) -> Watcher:
    if name == "fairlead":
        return fairlead(url, work)
    maker = Kubectl if name == "kubectl" else informer
    return maker(program(name), url, work)


def _wait(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        if time.monotonic() > end:
            raise RuntimeError("the watch does not begin")
        time.sleep(0.02)


def _restarted(server: Server, data: Path, listen: str) -> Server:
    server.stop(signal.SIGKILL)
    server.process.communicate()
    return ready(start(data, listen), data, patience=120)


def _compared(server: Server, watcher: Watcher, writer: Writer) -> str:
    with server.client() as http:
        listed = http.get(RULES).json()["items"]
    wanted = {one["metadata"]["name"]: one["spec"]["trafficLabel"] for one in listed}
    end = time.monotonic() + 20
    while True:
        problem = _problem(watcher.events(), writer.acknowledged, wanted)
        if not problem or time.monotonic() > end:
            return problem
        # What was written last is on its way.
        time.sleep(0.2)


def _problem(events: list[Any], acknowledged: list[int], wanted: dict[str, str]) -> str:
    state: dict[str, str] = {}
    shown: dict[str, list[int]] = {}
    for event in events:
        found = event["object"]
        name = found["metadata"]["name"]
        shown.setdefault(name, []).append(int(found["metadata"]["resourceVersion"]))
        if event["type"] == "DELETED":
            state.pop(name, None)
        else:
            state[name] = found["spec"]["trafficLabel"]
    if missed := sorted(set(acknowledged).difference(*shown.values())):
        return f"{len(missed)} acknowledged writes were not shown, the first {missed[0]}"
    for name, revisions in shown.items():
        # An informer hands out what it was told object by object: it promises no more order.
        if revisions != sorted(set(revisions)):
            return f"{name} was shown twice at one revision, or out of order"
    return "" if state == wanted else f"shown at the end: {state}, there: {wanted}"


def main() -> int:
    """Run what the command line asks for; return 1 where something was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--restarts", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--with", dest="names", default="fairlead,kubectl,informer")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    names = options.names.split(",")
    if unknown := set(names) - set(WATCHERS):
        parser.error(f"nobody watches by {', '.join(sorted(unknown))}: {', '.join(WATCHERS)}")
    with tempfile.TemporaryDirectory(prefix="fairlead-watching-") as folder:
        found = watching(Path(folder), options.seconds, options.restarts, dice, names)
    writes, problems = found
    sys.stdout.write(f"{writes} writes acknowledged, {options.restarts} kills\n")
    for name, problem in problems.items():
        sys.stdout.write(f"{name}: {problem or 'each shown once, in order'}\n")
    return 1 if any(problems.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
