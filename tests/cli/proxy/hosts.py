"""Services beside sidecars, or with the agent, and their control plane."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from scripts.servers.ports import free_port
from tests.cli.proxy.following import xds_port
from tests.cli.proxy.test_gateway import PATIENCE, until
from tests.control.serving import Server

ENVOY = os.environ.get("ENVOY", "")
HERE = str(Path(__file__).parent)


class Hosts:
    """A control plane, and what runs below it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder
        self._more: dict[str, str] = {}
        (folder / "bin").mkdir()
        (folder / "bin" / "envoy").symlink_to(ENVOY)
        self.xds = f"127.0.0.1:{xds_port(server)}"

    def environ(self, **more: str) -> dict[str, str]:
        """Return variables of what is started."""
        own = {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self.folder)}
        own |= {"FAIRLEAD_CONTROL": self.server.url, "FAIRLEAD_DRAIN": "5s", **self._more}
        return {**own, **{f"HOP_{name.upper()}": text for name, text in more.items()}}

    @contextmanager
    def logging(self, path: str) -> Iterator[None]:
        """Have what is started until the block ends write requests to a file."""
        self._more = {"FAIRLEAD_ACCESS_LOG": path}
        try:
            yield
        finally:
            self._more = {}

    @contextmanager
    def hop(self, app: str, *words: str, agent: bool = False, **more: str) -> Iterator[Started]:
        """Run a service of hop.py until the block ends: beside a sidecar, or with the agent."""
        port = free_port()
        server = ["uvicorn", "--app-dir", HERE, "hop:app", "--port", str(port), "--lifespan", "off"]
        own = ["--app", app, *words]
        if not agent:
            own += ["--port", str(port), "--xds", self.xds]
        command = [sys.executable, "-m", *server, "--log-level", "error"]
        environ = self.environ(name=more.pop("name", app), **more)
        with self.ran(["run" if agent else "sidecar", *own, "--", *command], environ) as process:
            yield Started(process, port)

    @contextmanager
    def ran(self, words: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
        """Run `fairlead` until the block ends."""
        program = [sys.executable, "-m", "fairlead.cli.main", *words]
        with subprocess.Popen(
            program, env=environ, stderr=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(PATIENCE)
                finally:
                    process.kill()

    def declare(self, lane: str, **rules: Any) -> None:
        """Have the control plane know a lane."""
        spec = {"selector": {"app": "door"}, "rules": rules, "lane": {"name": lane}}
        self.rule("traffic.opensergo.io/v1alpha1", "TrafficLane", lane, "door", spec)

    def rule(self, version: str, kind: str, name: str, app: str, spec: dict[str, Any]) -> None:
        """Have the control plane keep an object that is about an app."""
        metadata = {"name": name, "labels": {"app": app}}
        plain = {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
        plural = {"y": f"{kind[:-1]}ies"}.get(kind[-1], f"{kind}s").lower()
        with self.server.client() as http:
            path = f"/apis/{version}/namespaces/default/{plural}"
            http.post(path, json=plain).raise_for_status()

    def condition(self, version: str, kinds: str, name: str, type_: str) -> tuple[str, str]:
        """Return the status and the message of an object's condition."""
        with self.server.client() as http:
            found = http.get(f"/apis/{version}/namespaces/default/{kinds}/{name}").json()
        conditions = found.get("status", {}).get("conditions", ())
        told = ((one["status"], one["message"]) for one in conditions if one["type"] == type_)
        return next(told, ("", ""))

    def instances(self, app: str) -> list[str]:
        """Return where an app is called."""
        with self.server.client() as http:
            items = http.get("/apis/fairlead.io/v1alpha1/instances").json()["items"]
        return [one["spec"]["address"] for one in items if one["spec"]["app"] == app]


class Started:
    """A service that runs."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port


def get(address: str, path: str = "/", baggage: str = "") -> str:
    """Return what a service says."""
    headers = {"baggage": baggage} if baggage else {}
    return httpx.get(f"http://{address}{path}", headers=headers, trust_env=False, timeout=10).text


def address(hosts: Hosts, app: str) -> str:
    """Return where the first instance of an app is called, once there is one."""
    until(lambda: hosts.instances(app))
    return hosts.instances(app)[0]
