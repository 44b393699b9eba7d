"""Replicas of one app behind a real control plane, a caller that calls them by name, and clients.

Every process is one that a test started, and is ended by its id.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.control.serving import Server, serving

APPS = Path(__file__).parent / "apps"
BIN = Path(sys.executable).parent
PATIENCE = 20.0

UVICORN = ("uvicorn", "target_asgi:app", "--port", "0", "--log-level", "warning")
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:0", "--log-level", "warning", "--no-control-socket")
HYPERCORN = ("hypercorn", "--bind", "127.0.0.1:0", "target_asgi:app")
GRANIAN = ("granian", "--port", "{port}", "--log-level", "warning", "--interface")


def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Return what `condition` returns as soon as it is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.02)
    return found


def free_port() -> int:
    """Return a port that was free a moment ago, for servers that each worker opens one for."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Running:
    """A process below ``fairlead run``, in a session of its own."""

    def __init__(self, app: str, words: Sequence[str], mesh: Mesh, **env: str) -> None:
        self.log = mesh.work / f"{app}-{len(mesh.started)}.log"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FAIRLEAD_")}
        settings = {
            "FAIRLEAD_APP": app,
            "FAIRLEAD_CONTROL": mesh.control.url,
            "FAIRLEAD_STATE": str(mesh.work / "state"),
            "PYTHONPATH": str(APPS),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": f"{BIN}:{kept['PATH']}",
        }
        with self.log.open("wb") as output:
            self.popen = subprocess.Popen(
                [str(BIN / "fairlead"), "run", "--", str(BIN / words[0]), *words[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if app == "caller" else output,
                stderr=output,
                env={**kept, **settings, **env},
                start_new_session=True,
            )
        self.pid = self.popen.pid
        mesh.started.append(self)

    def text(self) -> str:
        """Return what it has printed."""
        return self.log.read_text(errors="replace")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.popen.send_signal(number)
        return self.wait()

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return the exit status."""
        return self.popen.wait(seconds)

    def close(self) -> None:
        """End what is left of its session."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait(PATIENCE)
        for stream in (self.popen.stdin, self.popen.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


@dataclass(frozen=True, kw_only=True)
class Replica:
    """One instance of the app ``target``."""

    process: Running
    address: str

    def url(self, path: str) -> str:
        """Return where a path of it is, for a client that nobody governs."""
        return f"http://{self.address}{path}"


class Caller:
    """A process that calls ``target`` by name for as long as it lives."""

    def __init__(self, process: Running) -> None:
        self._process = process

    def seen(self) -> tuple[dict[int, int], list[str]]:
        """Return who has served how many calls since the last time, and which calls failed."""
        stdin, stdout = self._process.popen.stdin, self._process.popen.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(b"?\n")
        stdin.flush()
        readable, _, _ = select.select([stdout], [], [], PATIENCE)
        assert readable, self._process.text()
        told = json.loads(stdout.readline())
        return {int(pid): calls for pid, calls in told["served"].items()}, told["failed"]

    def until_served(self, by: Sequence[int], least: int = 1) -> list[str]:
        """Wait until every one of `by`, and nobody else, has served calls; return failures."""
        failed: list[str] = []
        wanted = set(by)

        def settled() -> bool:
            time.sleep(0.1)
            served, more = self.seen()
            failed.extend(more)
            return served.keys() == wanted and min(served.values()) >= least

        until(settled, f"calls are served by {sorted(wanted)}")
        return failed


class Mesh:
    """A control plane and what runs under it."""

    def __init__(self, work: Path, control: Server) -> None:
        self.work, self.control = work, control
        self.started: list[Running] = []

    def instances(self, app: str = "target") -> dict[str, list[int]]:
        """Return the pids at each address of an app."""
        with self.control.client() as http:
            items = http.get("/apis/fairlead.io/v1alpha1/instances").raise_for_status().json()
        specs = [item["spec"] for item in items["items"] if item["spec"]["app"] == app]
        return {spec["address"]: sorted(p["pid"] for p in spec["processes"]) for spec in specs}

    def launch(self, words: Sequence[str], **env: str) -> Running:
        """Start an instance of ``target``; it need not serve yet."""
        port = free_port() if "{port}" in words else 0
        return Running("target", [word.format(port=port) for word in words], self, **env)

    def replica(self, words: Sequence[str], workers: int = 1, **env: str) -> Replica:
        """Start an instance of ``target`` and wait until all its workers are registered."""
        before = self.instances()
        process = self.launch(words, **env)

        def registered() -> str | None:
            assert process.popen.poll() is None, process.text()
            new = {k: v for k, v in self.instances().items() if k not in before}
            return next((k for k, pids in new.items() if len(pids) == workers), None)

        address = until(registered, f"{' '.join(words)} is registered")
        return Replica(process=process, address=address)

    def pids(self, replica: Replica) -> list[int]:
        """Return the processes of a replica, none once it has left."""
        return self.instances().get(replica.address, [])

    def caller(self) -> Caller:
        """Start a caller and wait until it calls."""
        process = Running("caller", ("python", str(APPS / "caller.py")), self)
        caller = Caller(process)
        until(lambda: sum(caller.seen()[0].values()), "the caller calls")
        return caller


@contextmanager
def mesh(work: Path) -> Iterator[Mesh]:
    """Run a control plane, and end what was started under it."""
    with serving(work / "data") as control:
        made = Mesh(work, control)
        try:
            yield made
        finally:
            for process in reversed(made.started):
                process.close()


class Request:
    """A request under way, on a connection and a thread of its own."""

    def __init__(self, url: str) -> None:
        self.answer, self.error = "", ""
        self.headers: dict[str, str] = {}
        self._url = url
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self) -> str:
        """Return the whole body."""
        self._thread.join(PATIENCE)
        assert not self.error, self.error
        return self.answer

    def failed(self) -> bool:
        """Wait until it is over, and tell whether that was for the worse."""
        self._thread.join(PATIENCE)
        return bool(self.error)

    def _run(self) -> None:
        try:
            with httpx.Client(timeout=PATIENCE, trust_env=False) as http:
                answer = http.get(self._url).raise_for_status()
                self.headers, self.answer = dict(answer.headers), answer.text
        except httpx.HTTPError as error:
            self.error = f"{type(error).__name__}: {error}"


@contextmanager
def requests(*urls: str) -> Iterator[list[Request]]:
    """Send requests and wait until the server has taken them all."""
    with ExitStack():
        sent = [Request(url) for url in urls]
        time.sleep(0.3)  # nothing tells from outside that a server has begun with one
        yield sent
