"""What the demo starts: a control plane, and the app by ``fairlead run``; both end with it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
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

RULES = "/apis/fault-tolerance.opensergo.io/v1alpha1/namespaces/default/flowcontrols"
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


class Demo:
    """A control plane and the app."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._processes: list[subprocess.Popen[bytes]] = []
        self._control = self.shop = ""
        self._pid = 0

    def __enter__(self) -> Self:
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(parents=True)
        try:
            serve = ("fairlead", "serve", "--data-dir", str(self._work / "data"))
            log = self._start("serve", *serve, "--listen", "127.0.0.1:0")
            self._control = self.until(lambda: _address(log, r"http://(127\.0\.0\.1:\d+)"), bool)
            shop = ("fairlead", "run", "--", str(BIN / "uvicorn"), "shop:app", "--port", "0")
            self._start("shop", *shop, FAIRLEAD_CONTROL=f"http://{self._control}")
            spec = self.until(self._instance, bool)
            self.shop, self._pid = spec["address"], spec["processes"][0]["pid"]
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def ask(
        self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send the app a request; return its answer as it is, without following a redirect."""
        return _ask(self.shop, path, method, headers)

    @contextmanager
    def enforced(self, policy: Path) -> Iterator[None]:
        """Have the app enforce `policy` for the time being."""
        self._fairlead("apply", "-f", str(policy))
        self.until(lambda: self._live(policy.stem), bool)
        try:
            yield
        finally:
            self._fairlead("delete", "-f", str(policy))

    def doctor(self) -> list[str]:
        """Return what ``fairlead doctor`` says of the app, by line."""
        return self._fairlead("doctor", str(self._pid)).splitlines()

    def until(self, ask: Callable[[], T], enough: Callable[[T], object]) -> T:
        """Ask again and again; return the first answer that is `enough`."""
        deadline = time.monotonic() + PATIENCE
        while not enough(answer := ask()):
            if time.monotonic() > deadline:
                raise DemoFailed(f"not within {PATIENCE:g} s; the logs are in {self._work}")
            time.sleep(0.05)
        return answer

    def _instance(self) -> Any:
        items = json.loads(_ask(self._control, INSTANCES).body)["items"]
        return items[0]["spec"] if items else None

    def _live(self, name: str) -> bool:
        """Tell whether the app has what is applied, and no more what was deleted before."""
        status = json.loads(_ask(self._control, f"{RULES}/{name}").body).get("status", {})
        return any(
            one["type"] == "Live" and one["status"] == "True"
            for one in status.get("conditions", ())
        )

    def _start(self, name: str, program: str, *arguments: str, **settings: str) -> Path:
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
        fixed = {"FAIRLEAD_APP": "shop", "FAIRLEAD_STATE": str(self._work / "state")}
        quiet = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
        return {**plain, **fixed, **quiet, **settings}

    def _stop(self) -> None:
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()


def _address(log: Path, pattern: str) -> str:
    found = re.search(pattern, log.read_text(errors="replace"))
    return found[1] if found else ""


def _ask(
    address: str, path: str, method: str = "GET", headers: Mapping[str, str] | None = None
) -> Answer:
    connection = HTTPConnection(urlsplit(f"//{address}").netloc, timeout=PATIENCE)
    try:
        connection.request(method, path, headers=dict(headers or {}))
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read().decode())
    finally:
        connection.close()
