"""Programs that watch the rules, each in its own way to go on behind a restart of the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from tests.control.kubectl import CONFIG
from tests.control.serving import API

RULES = f"{API}/namespaces/default/trafficlabelrules"
FAIRLEAD = Path(sys.executable).parent / "fairlead"
EVENTS = ("-o", "json", "--output-watch-events")


class Watcher(Protocol):
    """One that watches."""

    name: str

    def start(self) -> None:
        """Begin to watch."""

    def events(self) -> list[Any]:
        """Return what it has shown so far, each event once it is whole."""

    def stop(self) -> None:
        """End it."""


class Program:
    """A program that never ends by itself, and prints what it is told."""

    def __init__(self, name: str, command: Sequence[str], env: dict[str, str], work: Path):
        self.name = name
        self._command, self._env, self._work = command, env, work
        self._printed = work / f"{name}.printed"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._printed.open("wb") as out, (self._work / f"{self.name}.said").open("wb") as said:
            self._process = subprocess.Popen(
                self._command, stdout=out, stderr=said, env={**os.environ, **self._env}
            )

    def events(self) -> list[Any]:
        return list(_events(self._printed.read_text()))

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)


def fairlead(url: str, work: Path) -> Watcher:
    """``fairlead get -w``, which goes on by itself."""
    command = [str(FAIRLEAD), "get", "tlr", "-w", *EVENTS]
    return Program("fairlead", command, {"FAIRLEAD_CONTROL": url}, work)


def informer(program: str, url: str, work: Path) -> Watcher:
    """client-go's informer, what every controller is built on."""
    return Program("informer", [program, url, "default"], {}, work)


class Kubectl:
    """``kubectl get -w``, which ends with the server, begun again where it was.

    It has no option for a resourceVersion; its ``get --raw`` sends any.
    """

    name = "kubectl"

    def __init__(self, program: str, url: str, work: Path) -> None:
        self._program, self._work = program, work
        home = work / "home"
        home.mkdir()
        (home / "config").write_text(CONFIG.format(url=url, namespace="default"))
        self._env = {**os.environ, "HOME": str(home), "KUBECONFIG": str(home / "config")}
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._turns: list[Path] = []
        self._thread = threading.Thread(target=self._follow)

    @property
    def turns(self) -> int:
        """How often it was begun."""
        return len(self._turns)

    def start(self) -> None:
        self._thread.start()

    def events(self) -> list[Any]:
        return [event for turn in list(self._turns) for event in _events(turn.read_text())]

    def stop(self) -> None:
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join(10)

    def _follow(self) -> None:
        self._run("get", "tlr", "-w", *EVENTS)
        while not self._stopping.wait(0.1):
            last = self.events()[-1]["object"]["metadata"]["resourceVersion"]
            self._run("get", "--raw", f"{RULES}?watch=1&resourceVersion={last}")

    def _run(self, *words: str) -> None:
        printed = self._work / f"kubectl.{len(self._turns)}.printed"
        with printed.open("wb") as out:
            self._turns.append(printed)
            self._process = subprocess.Popen(
                [self._program, *words], stdout=out, stderr=subprocess.DEVNULL, env=self._env
            )
            self._process.wait()


def _events(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    place = 0
    while (place := text.find("{", place)) >= 0:
        try:
            event, place = decoder.raw_decode(text, place)
        except ValueError:
            return  # it is being printed, or was cut off
        yield event
