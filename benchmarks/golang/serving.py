"""One process of `program/`, and the snapshot that an agent in it follows."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple, Self

from fairlead.compiler import Instance, World
from fairlead.kinds import load_documents
from fairlead.policy.encode import seal, to_plain

APP = "bench"
RULES = """
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FlowControl
metadata: {name: three, labels: {app: bench}}
spec:
  targets:
  - targetResourceName: GET:/work
  strategies:
  - rateLimit: {threshold: 1000000, statDuration: 1s}
  - concurrencyLimit: {maxConcurrency: 1000}
  - circuitBreaker:
      strategy: ErrorRequestRatio
      triggerRatio: '50%'
      statDuration: 10s
      recoveryTimeout: 5s
      minRequestAmount: 20
"""


class Cost(NamedTuple):
    """Of one request."""

    nanoseconds: float
    allocations: float
    bytes: float


class Followed(NamedTuple):
    """What an agent follows: a folder for its snapshot and what it keeps, and rules."""

    folder: Path
    rules: str


class Server:
    """A program that serves and measures itself."""

    def __init__(self, folder: Path, follows: Followed | None = None) -> None:
        """Run that in `folder`, governed where it follows anything."""
        plain = {name: value for name, value in os.environ.items() if "FAIRLEAD" not in name}
        self._program = folder / "bench"
        self._env = plain | (_governed(follows) if follows else {})

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [self._program],
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def ask(self, case: str, number: int) -> Cost:
        """Make `number` requests; return what one costs."""
        assert self._process.stdin
        self._process.stdin.write(f"{case} {number}\n")
        self._process.stdin.flush()
        return Cost(*map(float, self._line().split()))

    def _line(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


def _governed(follows: Followed) -> dict[str, str]:
    resources = load_documents(follows.rules, "rules")
    instance = Instance(namespace="default", app=APP, address="127.0.0.1:80")
    snapshot = World.of(resources, [instance], 1).snapshot("default", APP)
    file = follows.folder / "snapshot.json"
    file.write_text(json.dumps(to_plain(seal(snapshot))))
    return {
        "FAIRLEAD_APP": APP,
        "FAIRLEAD_SOURCE": f"file:{file}",
        "FAIRLEAD_STATE": str(follows.folder / "state"),
    }
