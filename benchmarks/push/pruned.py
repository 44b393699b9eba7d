"""`make bench-prune`: what one Envoy is pushed and keeps of 1,000 apps when its own calls two.

Three ways: all there is, what the app is seen to call (`--xds-prune`), what a Sidecar names. A
real Envoy follows our server; bytes are those that it received, memory is what it has then.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from fairlead.compiler.compile import World
from fairlead.compiler.instance import Instance
from fairlead.control.called import Called
from fairlead.control.publish import Publisher
from fairlead.control.xds import Xds
from fairlead.kinds import parse
from fairlead.protocols.xds.server import Door

SERVICES, INSTANCES, CHANGED = 1000, 10, 100
CALLED = ("service-0", "service-1")
FOLDER = Path("build/bench")
PATIENCE = 60.0
SIDECAR = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "Sidecar",
    "metadata": {"name": "default", "namespace": "shop"},
    "spec": {"egress": [{"hosts": [f"./{app}.shop.svc.cluster.local" for app in CALLED]}]},
}


class Plane:
    """A server in a thread, with a World that is changed by hand."""

    def __init__(self, upstream: int, *, pruned: bool, sidecar: bool) -> None:
        self._upstream, self._objects = upstream, [parse(SIDECAR)] if sidecar else []
        self.world = self._made(0)
        self._news = asyncio.Event()
        self.port = free_port()
        called = Called(lambda namespaces: ()) if pruned else None
        self._xds = Xds(cast(Publisher, self), {"port": Door(f"127.0.0.1:{self.port}")}, called)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run, daemon=True).start()

    async def published_next(self) -> None:
        """Return when there is another World."""
        await self._news.wait()

    def change(self) -> None:
        """Move the instances of some apps that nobody calls here."""
        self.world = self._made(1)
        self._loop.call_soon_threadsafe(self._news.set)
        self._news = asyncio.Event()

    def _run(self) -> None:
        self._loop.run_until_complete(self._xds.run())

    def _made(self, turn: int) -> World:
        instances = [
            Instance(namespace="shop", app=f"service-{app}", address=self._address(app, one, turn))
            for app in range(SERVICES)
            for one in range(1, (1 if app < len(CALLED) else INSTANCES) + 1)
        ]
        return World.of(self._objects, instances, turn + 1)

    def _address(self, app: int, one: int, turn: int) -> str:
        if app < len(CALLED):
            return f"127.0.0.1:{self._upstream}"
        moved = turn and app < CHANGED + len(CALLED)
        return f"10.{app // 250}.{app % 250}.{one}:{8080 + bool(moved)}"


class Envoy:
    """An Envoy that follows a server."""

    def __init__(self, program: str, server: int, folder: Path) -> None:
        self.capture, self._admin = free_port(), free_port()
        words = ["--envoy", "--app", "cart", "--xds", f"127.0.0.1:{server}", "--namespace", "shop"]
        words += ["--admin", f"127.0.0.1:{self._admin}", "--capture", str(self.capture)]
        config = folder / "envoy.json"
        config.write_text(json.dumps(bootstrap(options_parser().parse_args(words), {})))
        command = [program, "--config-path", str(config), "--concurrency", "1"]
        self._process = subprocess.Popen(
            [*command, "--disable-hot-restart", "--log-level", "error"], stderr=subprocess.DEVNULL
        )

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def received(self) -> int:
        """Return the bytes that the server has sent."""
        name = "cluster.fairlead-xds.upstream_cx_rx_bytes_total"
        text = ask(self._admin, f"/stats?filter=^{name}$")[1]
        return int(text.rpartition(":")[2] or 0)

    def ready(self) -> bool:
        """Tell whether it takes calls."""
        try:
            return ask(self.capture, "/", f"{CALLED[0]}.shop.svc.cluster.local")[0] == 200
        except OSError:
            return False

    def megabytes(self) -> float:
        """Return the memory that it has."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


class Answer(BaseHTTPRequestHandler):
    """The apps that are called."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def ask(port: int, path: str, host: str = "") -> tuple[int, str]:
    """Return status and body of a GET of this machine. Raises OSError."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def free_port() -> int:
    """Return a port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def until(condition: Callable[[], bool]) -> None:
    """Return when it is so."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("an Envoy was not ready in time")
        time.sleep(0.02)


def quiet(envoy: Envoy) -> int:
    """Return the bytes that were received when no more come."""
    before = -1
    while (now := envoy.received()) != before:
        before = now
        time.sleep(1)
    return now


@contextmanager
def upstream() -> Iterator[int]:
    """Serve the apps that are called; yield their port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()


def measure(program: str, way: str) -> dict[str, Any]:
    """Return the figures of one way."""
    with upstream() as port, tempfile.TemporaryDirectory() as folder:
        plane = Plane(port, pruned=way == "seen calls", sidecar=way == "Sidecar")
        envoy = Envoy(program, plane.port, Path(folder))
        try:
            until(envoy.ready)
            began = time.perf_counter()
            assert ask(envoy.capture, "/", CALLED[1])[0] == 200
            first = time.perf_counter() - began
            start, memory = quiet(envoy), envoy.megabytes()
            plane.change()
            time.sleep(2)
            changed = quiet(envoy) - start
        finally:
            envoy.stop()
    return {
        "way": way,
        "start_kb": start / 1024,
        "change_kb": changed / 1024,
        "rss_mb": memory,
        "first_call_ms": 1000 * first,
    }


def main() -> None:
    """Measure each way, print a table, and write build/bench/prune.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("envoy", help="path of an Envoy")
    program = parser.parse_args().envoy
    found = [measure(program, way) for way in ("all", "seen calls", "Sidecar")]
    print("given       KB at start  KB of a change  Envoy MB  first call")
    for one in found:
        print(
            f"{one['way']:10}  {one['start_kb']:11.0f}  {one['change_kb']:14.0f}"
            f"  {one['rss_mb']:8.1f}  {one['first_call_ms']:7.1f} ms"
        )
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "prune.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
