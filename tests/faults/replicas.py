"""Replicas of one app behind a real control plane, a caller that calls them by name, and clients.

Every process is one that a test started, and is ended by its id.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scripts.servers.ports import free_port
from tests.faults.servers import (
    APPS,
    BIN,
    PATIENCE,
    Control,
    Process,
    control_plane,
    plain_environment,
    until,
)

UVICORN = ("uvicorn", "target_asgi:app", "--port", "0", "--log-level", "warning")
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:0", "--log-level", "warning", "--no-control-socket")
HYPERCORN = ("hypercorn", "--bind", "127.0.0.1:0", "target_asgi:app")
AIOHTTP = ("python", str(APPS / "target_aiohttp.py"))
GRANIAN = ("granian", "--port", "{port}", "--log-level", "warning", "--interface")


def some(servers: Mapping[str, Any], *names: str) -> list[str]:
    """Return `names`, or those of all `servers` where the environment says ``FAULTS=full``."""
    return list(servers) if os.environ.get("FAULTS") == "full" else list(names)


@dataclass(frozen=True, kw_only=True)
class Replica:
    """One instance of the app ``target``."""

    process: Process
    address: str

    def url(self, path: str) -> str:
        """Return where a path of it is, for a client that nobody governs."""
        return f"http://{self.address}{path}"


class Caller:
    """A process that calls ``target`` by name for as long as it lives."""

    def __init__(self, mesh: Mesh) -> None:
        words = [str(BIN / "fairlead"), "run", "--", "python", str(APPS / "caller.py")]
        self._log = mesh.work / "caller.log"
        with self._log.open("wb") as errors:
            self._popen = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=mesh.environment("caller"),
            )

    def close(self) -> None:
        """End it."""
        self._popen.kill()
        self._popen.communicate(timeout=PATIENCE)

    def seen(self) -> tuple[dict[int, int], list[str]]:
        """Return who has served how many calls since the last time, and which calls failed."""
        stdin, stdout = self._popen.stdin, self._popen.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(b"?\n")
        stdin.flush()
        with selectors.DefaultSelector() as ready:
            ready.register(stdout, selectors.EVENT_READ)
            assert ready.select(PATIENCE), self._log.read_text()
        told = json.loads(stdout.readline())
        return {int(pid): calls for pid, calls in told["served"].items()}, told["failed"]

    def until_served(self, *groups: Sequence[int]) -> list[str]:
        """Wait until one process of each group has served a call; return calls that failed."""
        failed: list[str] = []
        seen: set[int] = set()

        def reached() -> bool:
            time.sleep(0.1)
            served, more = self.seen()
            failed.extend(more)
            seen.update(served)
            return all(seen & set(group) for group in groups)

        until(reached, f"calls are served by {groups}")
        return failed

    def until_only(self, pids: Sequence[int], least: int = 20) -> list[str]:
        """Wait until `least` calls in a row are served by `pids`; return calls that failed."""
        failed: list[str] = []
        total = 0

        def settled() -> bool:
            nonlocal total
            time.sleep(0.1)
            served, more = self.seen()
            failed.extend(more)
            total = total + sum(served.values()) if served.keys() <= set(pids) else 0
            return total >= least

        until(settled, f"calls are served by {pids} alone")
        return failed


class Mesh:
    """A control plane and what runs under it."""

    def __init__(self, work: Path, control: Control) -> None:
        self.work, self.control = work, control
        self.replicas: list[Process] = []
        self.callers: list[Caller] = []
        self.wrap: Callable[[Sequence[str]], Sequence[str]] = list
        """Makes the command that is run of the one that serves."""

    def environment(self, app: str, **env: str) -> dict[str, str]:
        """Return the environment of a process of `app`."""
        settings = {
            "FAIRLEAD_APP": app,
            "FAIRLEAD_CONTROL": self.control.url,
            "FAIRLEAD_STATE": str(self.work / "state"),
            "PYTHONPATH": str(APPS),
        }
        plain = plain_environment(**{**settings, **env})
        return {**plain, "PATH": f"{BIN}:{plain['PATH']}"}

    def instances(self, app: str = "target") -> dict[str, list[int]]:
        """Return the pids at each address of an app."""
        specs = [item["spec"] for item in self.control.instances(app)]
        return {spec["address"]: sorted(p["pid"] for p in spec["processes"]) for spec in specs}

    def launch(self, words: Sequence[str], **env: str) -> Process:
        """Start an instance of ``target``; it need not serve yet."""
        port = free_port() if "{port}" in words else 0
        argv = [word.format(port=port) for word in words]
        log = self.work / f"target-{len(self.replicas)}.log"
        run = [str(BIN / "fairlead"), "run", "--", str(BIN / argv[0]), *argv[1:]]
        process = Process(self.wrap(run), log, self.environment("target", **env))
        self.replicas.append(process)
        return process

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
        caller = Caller(self)
        self.callers.append(caller)
        until(lambda: sum(caller.seen()[0].values()), "the caller calls")
        return caller


@contextmanager
def mesh(work: Path, **settings: Any) -> Iterator[Mesh]:
    """Run a control plane, with a lease of ten seconds, and end what was started under it."""
    with control_plane(work, **{"lease": 10.0, "renew": 3.0, **settings}) as control:
        made = Mesh(work, control)
        try:
            yield made
        finally:
            for caller in made.callers:
                caller.close()
            for process in reversed(made.replicas):
                process.kill()


class Request:
    """A request that has been sent, on a connection of its own; its answer is read on a thread."""

    def __init__(self, url: str) -> None:
        self.answer, self.error = "", ""
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.netloc, timeout=PATIENCE)
        self._connection.request("GET", f"{parts.path}?{parts.query}")
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self) -> str:
        """Return the whole body."""
        self._thread.join(PATIENCE)
        assert not self.error, self.error
        return self.answer

    def under_way(self) -> bool:
        """Tell whether it has not been answered yet."""
        return self._thread.is_alive()

    def failed(self) -> bool:
        """Wait until it is over, and tell whether that was for the worse."""
        self._thread.join(PATIENCE)
        return bool(self.error)

    def _run(self) -> None:
        try:
            answer = self._connection.getresponse()
            self.answer = answer.read().decode()
            self.error = "" if answer.status == 200 else f"{answer.status}"
        except (OSError, HTTPException) as error:
            self.error = f"{type(error).__name__}: {error}"
        finally:
            self._connection.close()


def requests(*urls: str) -> list[Request]:
    """Send requests; return them when the server can be expected to have begun with all."""
    sent = [Request(url) for url in urls]
    time.sleep(0.3)  # nothing tells from outside
    return sent
