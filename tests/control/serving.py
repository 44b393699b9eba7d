"""A real server process on a free loopback port, and what tests ask of it."""

from __future__ import annotations

import json
import os
import select
import signal
import ssl
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
import json, logging, sys
from dataclasses import replace
from fairlead.cli.serve import serve, serve_with
from fairlead.control.access.load import Limits
from fairlead.control.settings import Settings
{before}
options, fixed = json.loads(sys.argv[3]), json.loads(sys.argv[4])
if not fixed:
    sys.exit(serve(sys.argv[1], sys.argv[2], {}, **options))
if "limits" in fixed:
    fixed["limits"] = Limits(**fixed["limits"])
logging.basicConfig(level=logging.WARNING, format="fairlead: %(message)s")
settings = Settings.read({}, data_dir=sys.argv[1], listen=sys.argv[2], **options)
sys.exit(serve_with(replace(settings, **fixed)))
"""
TOLD = "fairlead: admin token, shown this once: "


@dataclass(frozen=True)
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    url: str
    data_dir: Path
    token: str = ""
    """The admin's, where the server told one."""
    ca: str = ""
    """File of the certificate that the server shows, where it shows one."""

    def client(self, token: str = "") -> httpx.Client:
        """A client, with a token where one is given."""
        return httpx.Client(
            base_url=self.url,
            timeout=10,
            trust_env=False,
            headers={"authorization": f"Bearer {token}"} if token else {},
            verify=ssl.create_default_context(cafile=self.ca) if self.ca else False,
        )

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def start(
    data_dir: Path,
    listen: str = "127.0.0.1:0",
    governance: str = "",
    *,
    fixed: dict[str, Any] | None = None,
    before: str = "",
    **options: Any,
) -> subprocess.Popen[str]:
    """Start a server with options of `serve`.

    `fixed` are settings that only tests choose, `before` is a line of Python that it runs first.
    """
    words = [json.dumps({**options, "governance": governance or None}), json.dumps(fixed or {})]
    return subprocess.Popen(
        [sys.executable, "-c", START.replace("{before}", before), str(data_dir), listen, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(data_dir.parent)},
    )


def ready(
    process: subprocess.Popen[str], data_dir: Path, ca: str = "", patience: float = 60
) -> Server:
    """Wait for the line that says the server is ready, and for the token it tells the first time.

    `ca` is the file of the certificate that it shows; it is waited for `patience` seconds.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    readable, _, _ = select.select([process.stdout], [], [], patience)
    line, token = process.stdout.readline() if readable else "", ""
    if line.startswith(TOLD):
        line, token = process.stdout.readline(), line.removeprefix(TOLD).strip()
    if not line.startswith("fairlead: serving on "):
        process.kill()
        raise AssertionError(f"no server: {line!r} {process.stderr.read()!r}")
    url = line.removeprefix("fairlead: serving on ").partition(",")[0]
    return Server(process=process, url=url, data_dir=data_dir, token=token, ca=ca)


@contextmanager
def serving(
    data_dir: Path, listen: str = "127.0.0.1:0", governance: str = "", **more: Any
) -> Iterator[Server]:
    """Run a server; it must not have complained when it ends."""
    process = start(data_dir, listen, governance, **more)
    try:
        yield ready(process, data_dir, str(more.get("tls_cert", "")))
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            _, errors = process.communicate(timeout=60)
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
