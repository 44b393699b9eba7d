"""A real server process on a free loopback port, and what tests ask of it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

GROUP = "traffic.opensergo.io"
API = f"/apis/{GROUP}/v1alpha1"
START = """
import sys
from fairlead.cli.serve import serve
sys.exit(serve(sys.argv[1], sys.argv[2], {}, governance=sys.argv[3] or None))
"""


@dataclass(frozen=True)
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    url: str
    data_dir: Path

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=10, trust_env=False)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(10)


def start(
    data_dir: Path, listen: str = "127.0.0.1:0", governance: str = ""
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", START, str(data_dir), listen, governance],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(data_dir.parent)},
    )


def ready(process: subprocess.Popen[str], data_dir: Path) -> Server:
    """Wait for the line that says the server is ready."""
    assert process.stdout is not None
    assert process.stderr is not None
    readable, _, _ = select.select([process.stdout], [], [], 20)
    line = process.stdout.readline() if readable else ""
    if not line.startswith("fairlead: serving on "):
        process.kill()
        raise AssertionError(f"no server: {line!r} {process.stderr.read()!r}")
    url = line.removeprefix("fairlead: serving on ").partition(",")[0]
    return Server(process=process, url=url, data_dir=data_dir)


@contextmanager
def serving(data_dir: Path, listen: str = "127.0.0.1:0", governance: str = "") -> Iterator[Server]:
    """Run a server; it must not have complained when it ends."""
    process = start(data_dir, listen, governance)
    try:
        yield ready(process, data_dir)
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            _, errors = process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert "Traceback" not in errors, errors


def rule(name: str = "vip", *, label: str = "gray", value: Any = "cn-shenzhen") -> dict[str, Any]:
    """A TrafficLabelRule."""
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": "TrafficLabelRule",
        "metadata": {"name": name},
        "spec": {
            "selector": {"app": "gateway"},
            "trafficLabel": label,
            "match": [{"condition": "==", "type": "header", "key": "location", "value": value}],
        },
    }


def lane(name: str = "blue", *, app: str = "gateway") -> dict[str, Any]:
    """A TrafficLane whose name is the lane's."""
    http = {"headers": {"x-tenant": {"exact": "acme"}}}
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": "TrafficLane",
        "metadata": {"name": name},
        "spec": {
            "selector": {"app": app},
            "rules": {"traffic": {"http": http}, "lane": {"name": name}},
        },
    }
