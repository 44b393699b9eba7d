"""SIGKILL at random moments while clients write: what was acknowledged is there afterwards.

    python -m tests.faults.kills --count 200 --seed 1

Each writer has names of its own, and writes one after the other: of each name it is known what was
acknowledged last, and at most one write is under way, which may have been done or not.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.control.serving import API, Server, ready, rule, start

RULES = f"{API}/namespaces/default/trafficlabelrules"
WRITERS, NAMES = 4, 12
LONGEST = 1.0
"""Seconds between the first write and the kill, at most."""

MERGE = {"content-type": "application/merge-patch+json"}


@dataclass(slots=True)
class Writer:
    """A client, and what it knows of its names."""

    number: int
    known: dict[str, str] = field(default_factory=dict)
    """The label of each object that was acknowledged last."""
    doubt: tuple[str, str | None] | None = None
    """The write that was never answered: a name, and its label, None for a deletion."""
    acknowledged: int = 0
    revision: int = 0

    def write(self, url: str, dice: random.Random) -> None:
        """Write until the server is gone."""
        with httpx.Client(base_url=url, timeout=10, trust_env=False) as http:
            while self._write_one(http, dice):
                self.acknowledged += 1

    def _write_one(self, http: httpx.Client, dice: random.Random) -> bool:
        name = f"w{self.number}-{dice.randrange(NAMES)}"
        label: str | None = f"l{dice.randrange(10**9)}"
        if name in self.known and dice.random() < 0.3:
            label = None
        self.doubt = (name, label)
        try:
            if label is None:
                answer = http.delete(f"{RULES}/{name}")
            elif name in self.known:
                body = f'{{"spec": {{"trafficLabel": "{label}"}}}}'
                answer = http.patch(f"{RULES}/{name}", content=body, headers=MERGE)
            else:
                answer = http.post(RULES, json=rule(name, label=label))
        except httpx.TransportError:
            return False
        if answer.is_error:
            raise RuntimeError(f"{name}: {answer.status_code} {answer.text}")
        self.doubt = None
        if label is None:
            del self.known[name]
        else:
            self.known[name] = label
            revision = int(answer.json()["metadata"]["resourceVersion"])
            if revision <= self.revision:
                raise RuntimeError(f"{name}: revision {revision} after {self.revision}")
            self.revision = revision
        return True

    def settle(self, found: dict[str, str]) -> list[str]:
        """Return what is not in `found` as it should be, and take that for the truth."""
        mine = {name: label for name, label in found.items() if name.startswith(f"w{self.number}-")}
        expected = dict(self.known)
        if self.doubt is not None:
            name, label = self.doubt
            # Done or not, but nothing else.
            if mine.get(name) == label:
                expected.pop(name, None)
                expected |= {} if label is None else {name: label}
        wrong = [
            f"{name}: {expected.get(name)} expected, {mine.get(name)} found"
            for name in sorted(expected.keys() | mine.keys())
            if expected.get(name) != mine.get(name)
        ]
        self.known, self.doubt = mine, None
        return wrong


@dataclass(slots=True)
class Outcome:
    """What came of all kills."""

    kills: int = 0
    acknowledged: int = 0
    wrong: list[str] = field(default_factory=list)


def kills(data: Path, count: int, dice: random.Random) -> Outcome:
    """Start a server on `data` and kill it, `count` times; it has to start every time."""
    outcome = Outcome()
    writers = [Writer(number) for number in range(WRITERS)]
    for turn in range(count + 1):
        server = ready(start(data), data)
        outcome.wrong += [f"kill {turn}: {one}" for one in _check(server, writers)]
        if turn == count:
            server.stop()
            break
        _work(server, writers, dice)
        outcome.kills += 1
    outcome.acknowledged = sum(writer.acknowledged for writer in writers)
    return outcome


def _check(server: Server, writers: list[Writer]) -> list[str]:
    with server.client() as http:
        listed = http.get(RULES).json()
    found = {one["metadata"]["name"]: one["spec"]["trafficLabel"] for one in listed["items"]}
    newest = max(writer.revision for writer in writers)
    wrong = [problem for writer in writers for problem in writer.settle(found)]
    if int(listed["metadata"]["resourceVersion"]) < newest:
        wrong.append(f"revision {listed['metadata']['resourceVersion']} after {newest}")
    return wrong


def _work(server: Server, writers: list[Writer], dice: random.Random) -> None:
    with ThreadPoolExecutor(len(writers)) as pool:
        busy = [
            pool.submit(writer.write, server.url, random.Random(dice.random()))
            for writer in writers
        ]
        # The moment is chance's: nothing is waited for.
        time.sleep(dice.uniform(0.0, LONGEST))
        server.stop(signal.SIGKILL)
        for one in busy:
            one.result(30)
    server.process.communicate()


def main() -> int:
    """Run what the command line asks for; return 1 where something acknowledged was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fairlead-kills-") as folder:
        outcome = kills(Path(folder) / "data", options.count, random.Random(options.seed))
    sys.stdout.writelines(f"{wrong}\n" for wrong in outcome.wrong)
    sys.stdout.write(
        f"{outcome.kills} kills, {outcome.acknowledged} writes acknowledged,"
        f" {len(outcome.wrong)} wrong afterwards\n"
    )
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
