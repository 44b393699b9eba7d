"""What the agent adds to an application's own start while there is no control plane.

With and without the agent by turns, from the start of the command until every worker has answered
a request. The control plane's place is taken by a socket that accepts and says nothing: the worst
there can be, for a refused connection is known sooner.
"""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from benchmarks.measure import Figure

ROUNDS = int(os.environ.get("STARTUP_ROUNDS", "15"))
PATIENCE = 60.0
BIN = Path(sys.executable).parent
ASGI = """
import os, time
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
async def answer(request):
    time.sleep(0.02)
    return PlainTextResponse(str(os.getpid()))
app = Starlette(routes=[Route("/", answer)])
"""
WSGI = """
import os, time
from flask import Flask
app = Flask(__name__)
@app.get("/")
def answer():
    time.sleep(0.02)
    return str(os.getpid())
"""
"""Both keep their worker busy, so that the next connection is another one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A command that serves one of the applications, less its port, and its workers."""

    name: str
    command: tuple[str, ...]
    port: str
    """The option's text, with ``{}`` for the port."""
    workers: int = 1

    def argv(self, port: int) -> list[str]:
        """Return the command that serves on `port`."""
        program, *rest = self.command
        return [str(BIN / program), *rest, *self.port.format(port).split()]


UVICORN = ("uvicorn", "bench_asgi:app", "--log-level", "warning")
GUNICORN = ("gunicorn", "bench_wsgi:app", "--log-level", "warning", "--no-control-socket")
SERVERS = (
    Server(name="uvicorn", command=UVICORN, port="--port {}"),
    Server(
        name="uvicorn_workers4",
        command=(*UVICORN, "--workers", "4"),
        port="--port {}",
        workers=4,
    ),
    Server(
        name="gunicorn_workers4",
        command=(*GUNICORN, "--workers", "4"),
        port="--bind 127.0.0.1:{}",
        workers=4,
    ),
)


def run() -> Iterator[Figure]:
    """Start each server many times, and give what the agent added in the middle and at most."""
    with tempfile.TemporaryDirectory(prefix="fairlead-bench-") as folder, _silent() as control:
        work = Path(folder)
        (work / "bench_asgi.py").write_text(ASGI)
        (work / "bench_wsgi.py").write_text(WSGI)
        url = f"http://127.0.0.1:{control.getsockname()[1]}"
        for server in SERVERS:
            yield _figure(server, work, url)


def _figure(server: Server, work: Path, control: str) -> Figure:
    alone, differences = [], []
    # The first start of each fills the page cache, and writes the bytecode.
    for number in range(ROUNDS + 1):
        without = _seconds(server, work, ())
        agent = (str(BIN / "fairlead"), "run", "--")
        with_agent = _seconds(server, work, agent, control)
        if number:
            alone.append(without)
            differences.append(with_agent - without)
    middle, most = statistics.median(differences) * 1000, max(differences) * 1000
    bare = statistics.median(alone) * 1000
    note = f"most {most:.0f}, of {ROUNDS}; {bare:.0f} ms without"
    name = f"startup_{server.name}_added_ms"
    return Figure(name=name, value=round(middle), target=1000, note=note)


def _seconds(server: Server, work: Path, agent: Sequence[str], control: str = "") -> float:
    """Return the time from the start of the command until every worker has answered."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    settings = {
        "FAIRLEAD_CONTROL": control,
        "FAIRLEAD_APP": "bench",
        # None is kept: every start is the first one.
        "FAIRLEAD_STATE": tempfile.mkdtemp(dir=work),
    }
    kept = {key: value for key, value in os.environ.items() if not key.startswith("FAIRLEAD_")}
    began = time.monotonic()
    process = subprocess.Popen(
        [*agent, *server.argv(port)],
        cwd=work,
        env={**kept, "PYTHONPATH": str(work), **(settings if agent else {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _await_workers(port, server.workers, began + PATIENCE)
        return time.monotonic() - began
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await_workers(port: int, count: int, deadline: float) -> None:
    """Ask, as many at a time as there are workers, until `count` processes have answered."""
    pids: set[bytes] = set()

    def ask() -> None:
        while len(pids) < count and time.monotonic() < deadline:
            try:
                with closing(HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
                    connection.request("GET", "/")
                    pids.add(connection.getresponse().read())
            except (OSError, HTTPException):
                time.sleep(0.002)

    with ThreadPoolExecutor(count) as threads:
        for asking in [threads.submit(ask) for _ in range(count)]:
            asking.result()
    if len(pids) < count:
        raise TimeoutError(f"{len(pids)} of {count} workers answered")


def _silent() -> closing[socket.socket]:
    """Return a socket that takes connections in, as the kernel does, and never answers."""
    return closing(socket.create_server(("127.0.0.1", 0), backlog=4096))
