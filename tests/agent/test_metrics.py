"""Prometheus reads an instance's metrics at the port that FAIRLEAD_METRICS names."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from scripts.servers.ports import free_port
from tests.agent.program import SERVE, STAY, await_registered
from tests.agent.wire import PATIENCE, WireServer, snapshot, until

parser: Any = import_module("prometheus_client.parser")

GUARDED = """
import fairlead
@fairlead.guard("work")
def work(): pass
for _ in range(5): work()
"""

APP = """
import os
from flask import Flask
import fairlead

app = Flask(__name__)

@fairlead.guard("work")
def work(): pass

@app.get("/work")
def serve():
    work()
    return str(os.getpid())
"""


@pytest.fixture
def port() -> int:
    return free_port()


def page(port: int, path: str = "/metrics") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text: str = response.read().decode()
        return text


def metrics(port: int) -> dict[tuple[str, str], float]:
    """Return the values of a page by name and interface, {} where nobody serves one yet."""
    try:
        text = page(port)
    except OSError:
        return {}
    return {
        (sample.name, sample.labels.get("interface", "")): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels.get("side", "function") == "function"
    }


def calls(port: int) -> float:
    return metrics(port).get(("fairlead_interface_passed_total", "work"), 0.0)


def await_calls(port: int, total: int) -> None:
    """Wait until so many are counted, by whoever has the port."""
    until(lambda: calls(port) == total, PATIENCE)


def test_off_by_default(launch, wire, port):
    """Nobody listens who was not asked to."""
    wire.publish(snapshot(1))
    program = launch(SERVE + STAY)
    await_registered(wire, program.line())
    with pytest.raises(urllib.error.URLError):
        page(port)


def test_a_process_serves_what_it_counts(launch, wire, port):
    """To this machine alone where only a port is named; and it stays registered at its own port."""
    wire.publish(snapshot(1))
    program = launch(SERVE + GUARDED + STAY, FAIRLEAD_METRICS=str(port))
    await_registered(wire, program.line())
    until(lambda: calls(port) == 5)

    found = metrics(port)
    assert found["fairlead_function_duration_seconds_count", "work"] == 5
    assert found["fairlead_processes", ""] == 1
    assert found["process_memory_usage_bytes", ""] > 1 << 20
    assert 'service_name="shop",service_namespace="default"' in page(port)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        page(port, "/")
    assert {entry["address"].rpartition(":")[2] for entry in wire.registrations} != {str(port)}


@pytest.mark.parametrize(
    "sent", [b"", b"\r\n\r\n", b"GET /metrics\r\n\r\n", b"x" * 10000, b"GET /metrics HTTP/1.1\r\n"]
)
def test_who_does_not_speak_http_is_hung_up_on(launch, port, sent):
    """And whoever comes next is served."""
    program = launch(SERVE + GUARDED + STAY, FAIRLEAD_METRICS=f"127.0.0.1:{port}")
    program.line()
    until(lambda: calls(port))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(sent)
        with suppress(ConnectionResetError):
            assert client.recv(100) == b""

    assert calls(port) == 5


def test_a_setting_that_names_no_port_is_refused(launch):
    """The program runs without an agent, and says why."""
    program = launch("print('runs', flush=True)\n" + STAY, FAIRLEAD_METRICS="here")
    assert program.line() == "runs"


class Gunicorn:
    """A server with three workers, whose metrics are read at a port."""

    def __init__(self, folder: Path, port: int, wire: WireServer) -> None:
        (folder / "app.py").write_text(APP)
        self.errors = (folder / "errors").open("w")
        self.port = port
        environ = os.environ | {
            "FAIRLEAD_ENABLED": "1",
            "FAIRLEAD_APP": "shop",
            "FAIRLEAD_CONTROL": wire.url,
            "FAIRLEAD_STATE": str(folder / "state"),
            "FAIRLEAD_METRICS": str(port),
            "PYTHONPATH": str(folder),
        }
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "app:app", "--workers", "3"),
                *("--bind", "127.0.0.1:0", "--log-level", "info"),
            ],
            env=environ, cwd=folder, stderr=self.errors,
        )  # fmt: skip
        self.address = until(self._address, PATIENCE)

    def _address(self) -> str:
        text = Path(self.errors.name).read_text()
        return next(
            (
                line.split("http://")[1].split()[0]
                for line in text.splitlines()
                if "http://" in line
            ),
            "",
        )

    def work(self, times: int) -> set[int]:
        """Make calls on connections of their own; return the workers that served them."""
        return {
            int(urllib.request.urlopen(f"http://{self.address}/work", timeout=20).read())
            for _ in range(times)
        }


@pytest.fixture
def gunicorn(tmp_path: Path, port: int, wire: WireServer) -> Iterator[Gunicorn]:
    wire.publish(snapshot(1))
    server = Gunicorn(tmp_path, port, wire)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(30)
        server.errors.close()


def test_workers_add_up_and_a_dead_one_stays_in_the_sum(gunicorn: Gunicorn):
    """Whichever of them has the port, and also when that is the one that dies."""
    port = gunicorn.port
    workers: set[int] = set()
    total = 0
    deadline = time.monotonic() + PATIENCE
    while len(workers) < 3 and time.monotonic() < deadline:
        workers |= gunicorn.work(5)
        total += 5
    assert len(workers) == 3
    await_calls(port, total)
    seen = [calls(port)]

    for worker in workers:  # one of them has the port
        os.kill(worker, signal.SIGKILL)
        await_calls(port, total)
        gunicorn.work(1)
        total += 1
        await_calls(port, total)
        seen.append(calls(port))

    assert seen == sorted(seen)
    until(lambda: metrics(port).get(("fairlead_processes", ""), 0) >= 3, PATIENCE)
