"""What a demo starts: a control plane, and apps by ``fairlead run``; all end with it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
PATIENCE = 60.0
"""Seconds that anything may take on a busy machine."""

INSTANCES = "/apis/fairlead.io/v1alpha1/namespaces/default/instances"

T = TypeVar("T")


class DemoFailed(Exception):
    """The demo cannot go on."""


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Instance:
    """A registered instance of an app: its address, and the process to ask ``doctor`` about."""

    address: str
    pid: int


class Stand:
    """A control plane, and apps beside it."""

    OPTIONS: tuple[str, ...] = ()
    """More of the control plane's."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._processes: list[subprocess.Popen[bytes]] = []
        self._control = ""

    def __enter__(self) -> Self:
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(parents=True)
        try:
            serve = ("fairlead", "serve", "--data-dir", str(self._work / "data"))
            log = self._start("serve", (*serve, "--listen", "127.0.0.1:0", *self.OPTIONS))
            self._control = self.until(lambda: _address(log, r"http://(127\.0\.0\.1:\d+)"), bool)
            self.begin()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def begin(self) -> None:
        """Start what belongs to it, once there is a control plane."""

    def serve(self, app: str, *command: str, **settings: str) -> Instance:
        """Start an instance of `app` by ``fairlead run``, and return it when it is registered."""
        program, *arguments = command
        words = ("fairlead", "run", "--", str(BIN / program), *arguments)
        return self.serve_as_is(app, *words, **settings)

    def serve_as_is(self, app: str, *words: str, **settings: str) -> Instance:
        """Start an instance of `app` that has its agent already; return it when it is there."""
        before = {one["address"] for one in self._instances(app)}
        name = f"{app}-{len(self._processes)}"
        known = {"FAIRLEAD_CONTROL": f"http://{self._control}", "FAIRLEAD_APP": app}
        self._start(name, words, **known, **settings)
        found = self.until(
            lambda: [one for one in self._instances(app) if one["address"] not in before], bool
        )
        return Instance(found[0]["address"], found[0]["processes"][0]["pid"])

    @contextmanager
    def running(self) -> Iterator[Self]:
        """End what is started meanwhile, so that the next to come begins anew."""
        before = len(self._processes)
        try:
            yield self
        finally:
            _end(self._processes[before:])
            del self._processes[before:]

    @contextmanager
    def enforced(self, policy: Path, *, among: Mapping[str, str] | None = None) -> Iterator[None]:
        """Have apps enforce what is in `policy` for the time being, whoever it is for.

        `among` are texts to put in the place of others before it is applied.
        """
        text = policy.read_text()
        for old, new in (among or {}).items():
            text = text.replace(old, new)
        file = self._work / policy.name
        file.write_text(text)
        self._fairlead("apply", "-f", str(file))
        wait = ("wait", "-f", str(file), "--for", "condition=Live", "--timeout", f"{PATIENCE:g}s")
        self._fairlead(*wait)
        try:
            yield
        finally:
            self._fairlead("delete", "-f", str(file))

    def xds(self) -> str:
        """Return where it serves xDS."""
        port = json.loads(ask(self._control, "/fairlead/v1/xds").body)["port"]
        return f"127.0.0.1:{port}"

    def doctor(self, pid: int) -> list[str]:
        """Return what ``fairlead doctor`` says of a process, by line."""
        return self._fairlead("doctor", str(pid)).splitlines()

    def until(self, ask: Callable[[], T], enough: Callable[[T], object]) -> T:
        """Ask again and again; return the first answer that is `enough`."""
        deadline = time.monotonic() + PATIENCE
        while not enough(answer := ask()):
            if time.monotonic() > deadline:
                raise DemoFailed(f"not within {PATIENCE:g} s; the logs are in {self._work}")
            time.sleep(0.05)
        return answer

    def _instances(self, app: str) -> list[Any]:
        items = json.loads(ask(self._control, INSTANCES).body)["items"]
        return [one["spec"] for one in items if one["spec"]["app"] == app]

    def _start(self, name: str, words: Sequence[str], **settings: str) -> Path:
        program, *arguments = words
        log = self._work / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(BIN / program), *arguments],
                cwd=HERE,
                env=self._environment(**settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)
        return log

    def _fairlead(self, *words: str) -> str:
        # `doctor` exits 1 where it has anything to say.
        env = self._environment(FAIRLEAD_CONTROL=f"http://{self._control}")
        done = subprocess.run(
            [str(BIN / "fairlead"), *words],
            env=env,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if done.returncode and words[0] != "doctor":
            raise DemoFailed(f"fairlead {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def _environment(self, **settings: str) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if "FAIRLEAD" not in name}
        fixed = {"FAIRLEAD_STATE": str(self._work / "state"), "PYTHONDONTWRITEBYTECODE": "1"}
        return {**plain, **fixed, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", **settings}

    def _stop(self) -> None:
        _end(self._processes)
        self._processes.clear()


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in reversed(processes):
        process.send_signal(signal.SIGTERM)
    for process in reversed(processes):
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(log: Path, pattern: str) -> str:
    found = re.search(pattern, log.read_text(errors="replace"))
    return found[1] if found else ""


def ask(
    address: str, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Answer:
    """Send a request; return its answer as it is, without following a redirect."""
    connection = HTTPConnection(urlsplit(f"//{address}").netloc, timeout=PATIENCE)
    try:
        connection.request(method, path, headers=dict(headers or {}))
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read().decode())
    finally:
        connection.close()
