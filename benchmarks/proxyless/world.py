"""A control plane, and the three services of one library in each of the three modes."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.proxyless.rules import HOPS, LANE, USER, rules

DIRECT, AGENT, ENVOYS = "direct", "agent", "sidecars"
MODES = (DIRECT, AGENT, ENVOYS)
PATIENCE = 60.0
FAIRLEAD = str(Path(sys.executable).parent / "fairlead")


@dataclass(frozen=True, slots=True)
class Running:
    """The services of one mode."""

    port: int
    """Where the first is called."""
    apps: tuple[int, ...]
    """Processes of the services."""
    envoys: tuple[int, ...]
    """And of what is beside them."""


class World:
    """What runs; `stack` ends it."""

    def __init__(self, stack: ExitStack, folder: Path, library: str) -> None:
        self._stack, self._folder, self._library = stack, folder, library
        (folder / "bin").mkdir(exist_ok=True)
        (folder / "bin" / "envoy").symlink_to(os.environ["ENVOY"])
        log = (folder / "log").open("wb")
        self._log = stack.enter_context(log)
        words = ["serve", "--data-dir", str(folder / "data"), "--listen", "127.0.0.1:0"]
        plane = self._start([FAIRLEAD, *words, "--xds", "127.0.0.1:0"], stdout=subprocess.PIPE)
        assert plane.stdout is not None
        found = re.search(rb"http://([^\s,]+)", plane.stdout.readline())
        if found is None:
            raise SystemExit("the control plane did not start")
        self._plane = found[1].decode()
        self._xds = until(lambda: self._get("/fairlead/v1/xds").get("port"))
        for namespace in (AGENT, ENVOYS):
            for one in rules():
                self._post(namespace, one)

    def run(self) -> dict[str, Running]:
        """Start the services in every mode; return them once lanes are followed."""
        found = {mode: self._mode(mode) for mode in MODES}
        for one in found.values():
            until(lambda one=one: answer(one.port) == 200)
        time.sleep(2)  # what starts a process is over
        return found

    def _mode(self, mode: str) -> Running:
        ports = {app: free_port() for app in HOPS}
        started = [self._hop(mode, app, ports) for app in HOPS]
        if mode != ENVOYS:
            return Running(ports["a"], tuple(one.pid for one in started), ())
        apps, envoys = [], []
        for one in started:
            below = until(lambda one=one: both(one.pid))
            apps.append(below[0])
            envoys.append(below[1])
        return Running(self._inbound["a"], tuple(apps), tuple(envoys))

    _inbound: dict[str, int]

    def _hop(self, mode: str, app: str, ports: dict[str, int]) -> subprocess.Popen[bytes]:
        after = HOPS[HOPS.index(app) + 1 :][:1]
        command = [sys.executable, "-m", "benchmarks.proxyless.service"]
        command += [self._library, str(ports[app])]
        lane = [] if app == "a" else ["--lane", LANE]
        who = ["--app", app, "--namespace", mode, *lane, "--control", f"http://{self._plane}"]
        environ = {}
        if mode == AGENT:
            command = [FAIRLEAD, "run", *who, "--", *command]
            environ = {"HOP_URL": f"http://{after[0]}/work"} if after else {}
        elif mode == ENVOYS:
            capture, inbound = free_port(), free_port()
            self._inbound = {**getattr(self, "_inbound", {}), app: inbound}
            own = ["--port", str(ports[app]), "--capture", str(capture)]
            own += ["--inbound", f"127.0.0.1:{inbound}", "--xds", f"127.0.0.1:{self._xds}"]
            command = [FAIRLEAD, "sidecar", *who, *own, "--", *command]
            url = f"http://127.0.0.1:{capture}/work"
            environ = {"HOP_URL": url, "HOP_HOST": after[0], "HOP_FORWARD": "1"} if after else {}
        elif after:
            url = f"http://127.0.0.1:{ports[after[0]]}/work"
            environ = {"HOP_URL": url, "HOP_FORWARD": "1"}
        return self._start(command, environ)

    def _start(
        self, command: list[str], environ: dict[str, str] | None = None, **more: Any
    ) -> subprocess.Popen[bytes]:
        own = {"PATH": f"{self._folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self._folder)}
        child = subprocess.Popen(command, env={**own, **(environ or {})}, stderr=self._log, **more)
        self._stack.callback(ended, child)
        return child

    def _get(self, path: str) -> Any:
        connection = http.client.HTTPConnection(self._plane, timeout=10)
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())

    def _post(self, namespace: str, plain: dict[str, Any]) -> None:
        path = f"/apis/{plain['apiVersion']}/namespaces/{namespace}/{plain['kind'].lower()}s"
        connection = http.client.HTTPConnection(self._plane, timeout=10)
        connection.request("POST", path, json.dumps(plain), {"content-type": "application/json"})
        response = connection.getresponse()
        text = response.read()
        if response.status // 100 != 2:
            raise SystemExit(f"{path}: {response.status} {text!r}")


def ended(child: subprocess.Popen[bytes]) -> None:
    """End a process."""
    child.terminate()
    try:
        child.wait(15)
    except subprocess.TimeoutExpired:
        child.kill()


def both(pid: int) -> tuple[int, int] | None:
    """Return the service and the Envoy below a process, once both are there."""
    below = list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()))
    envoys = [one for one in below if b"envoy.json" in Path(f"/proc/{one}/cmdline").read_bytes()]
    apps = [one for one in below if one not in envoys]
    return (apps[0], envoys[0]) if apps and envoys else None


def answer(port: int) -> int:
    """Return the status of a request on the lane, 0 where nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/work", headers={"x-user": USER})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def until(condition: Any) -> Any:
    """Return what `condition` returns once it is true."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        if time.monotonic() > end:
            raise SystemExit("the services did not start; see docs/benchmarks.md")
        time.sleep(0.1)
    return found


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as opened:
        return int(opened.getsockname()[1])
