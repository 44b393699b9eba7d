"""A shop of real services in six frameworks, below ``fairlead run``, and people who buy there."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.architecture.tree import ROOT
from tests.control.serving import Server, serving
from tests.faults.servers import BIN, Process, plain_environment, until

APPS = ROOT / "examples" / "03-one-topology" / "shop"
GUNICORN = ("--bind", "127.0.0.1:0", "--threads", "8", "--no-control-socket")
SERVED: dict[str, tuple[str, ...]] = {
    "gateway": ("uvicorn", "gateway:app", "--port", "0", "--no-access-log"),
    "catalog": ("gunicorn", "catalog:app", *GUNICORN),
    "cart": ("uvicorn", "cart:app", "--port", "0", "--no-access-log"),
    "orders": ("gunicorn", "orders:application", *GUNICORN),
    "payment": ("python", "payment.py"),
    "pricing": ("python", "pricing.py"),
    "stock": ("uvicorn", "stock:app", "--port", "0", "--no-access-log"),
}
"""The apps, and by what each is served."""

VISITED = tuple(app for app in SERVED if app != "stock")
"""Those that people reach."""

PATIENCE = 60.0


class Shop:
    """The running services."""

    def __init__(self, server: Server, work: Path) -> None:
        self.server, self.url = server, server.url
        self._work = work
        self._started: list[Process] = []

    def get(self, path: str) -> Any:
        """Return what the control plane answers."""
        with self.server.client() as http:
            return http.get(path).raise_for_status().json()

    def instances(self, app: str) -> list[Any]:
        """Return the registered instances of an app."""
        found = self.get("/apis/fairlead.io/v1alpha1/instances")["items"]
        return [one for one in found if one["spec"]["app"] == app]

    def start(self, app: str, **env: str) -> Process:
        """Start an instance of an app."""
        environ = plain_environment(
            FAIRLEAD_CONTROL=self.url,
            FAIRLEAD_APP=app,
            FAIRLEAD_STATE=str(self._work / "state"),
            PYTHONUNBUFFERED="1",
            PYTHONPATH=str(APPS),
            **env,
        )
        program, *words = SERVED[app]
        command = [sys.executable if program == "python" else str(BIN / program)]
        words = [str(APPS / word) if word.endswith(".py") else word for word in words]
        log = self._work / f"{app}-{len(self._started)}.log"
        run = [str(BIN / "fairlead"), "run", "--", *command, *words]
        process = Process(run, log, environ)
        self._started.append(process)
        return process

    def wait(self, app: str, count: int = 1) -> None:
        """Wait until so many instances of an app are registered."""
        logs = "\n".join(one.text()[-500:] for one in self._started)
        until(lambda: len(self.instances(app)) >= count, f"{app} registers: {logs}", PATIENCE)

    def entry(self) -> str:
        """Return the address of the gateway."""
        return f"http://{self.instances('gateway')[0]['spec']['address']}"

    def apply(self, plain: dict[str, Any]) -> None:
        """Create an object."""
        with self.server.client() as http:
            http.post(_path(plain), json=plain).raise_for_status()

    def delete(self, plain: dict[str, Any]) -> None:
        """Delete it again."""
        with self.server.client() as http:
            http.delete(f"{_path(plain)}/{plain['metadata']['name']}").raise_for_status()

    def stop(self) -> None:
        """Stop every service."""
        for process in self._started:
            process.popen.terminate()
        for process in self._started:
            process.kill()


def _path(plain: dict[str, Any]) -> str:
    plural = f"{plain['kind']}s".lower()
    return f"/apis/{plain['apiVersion']}/namespaces/default/{plural}"


@contextmanager
def shop(work: Path, apps: tuple[str, ...] = VISITED) -> Iterator[Shop]:
    """Run a control plane and one instance of each of `apps`."""
    with serving(work / "data") as server:
        running = Shop(server, work)
        try:
            for app in apps:
                running.start(app)
            for app in apps:
                running.wait(app)
            yield running
        finally:
            running.stop()


@contextmanager
def visitors(
    url: str, *, a_second: float, headers: dict[str, str] | None = None
) -> Iterator[list[int]]:
    """Ask `url` again and again; give the statuses of the answers."""
    statuses: list[int] = []
    stop = threading.Event()

    def visit() -> None:
        with httpx.Client(timeout=20, trust_env=False, headers=headers) as http:
            while not stop.is_set():
                began = time.monotonic()
                with suppress(httpx.HTTPError):
                    statuses.append(http.get(url).status_code)
                stop.wait(max(0.0, 1 / a_second - (time.monotonic() - began)))

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        yield statuses
    finally:
        stop.set()
        thread.join(30)
