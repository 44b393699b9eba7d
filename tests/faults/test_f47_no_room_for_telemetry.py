"""F47: what is said and kept finds no room: it is dropped, and no request waits for it.

The last known good on a full disk stays in memory; a standard error that nobody reads any more, or
that is closed, holds up neither a call of an application nor the control plane.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.agent.inspect import ask
from tests.agent.program import Launcher, launch, wire
from tests.agent.wire import WireServer, snapshot
from tests.control.serving import rule
from tests.faults.disks import Limit
from tests.faults.rules import RULES
from tests.faults.servers import Control, until

__all__ = ["launch", "wire"]

SERVED = """
import http.server, sys, threading
class Ok(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ok)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
"""
"""A server in the program itself, for it to call."""

UNKNOWN = "http://nosuch.invalid/"
"""A name that might be an app's: the agent makes itself ready to know."""

CALLS = """
import httpx
for line in sys.stdin:
    try:
        print(httpx.get(line.strip(), timeout=10).status_code, flush=True)
    except httpx.ConnectError:
        print("no connection", flush=True)
"""


@pytest.fixture
def full_pipe() -> Iterator[int]:
    """The writing end of a pipe that has no room, and that nobody reads."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(1))
    os.set_blocking(writing, True)
    yield writing
    os.close(reading)
    os.close(writing)


Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def run(launch: Launcher) -> Iterator[Run]:
    """Start a program with the agent in it and a standard error of the test's choice."""
    started: list[subprocess.Popen[str]] = []

    def begin(code: str, stderr: int, before: Any = None, **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=launch.environ(**env),
            preexec_fn=before,  # noqa: PLW1509 - it makes one call of the system
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def call(process: subprocess.Popen[str], url: str) -> str:
    """Let the program call `url`; return the status it got."""
    assert process.stdin is not None
    process.stdin.write(f"{url}\n")
    process.stdin.flush()
    return line(process)


def state(launch: Launcher, process: subprocess.Popen[str]) -> dict[str, Any]:
    return ask(launch.folder / "state" / f"{process.pid}.sock")


def test_a_call_does_not_wait_for_a_standard_error_that_nobody_reads(
    run: Run, full_pipe: int
) -> None:
    """A log collector that hangs would take every application of the machine with it."""
    process = run(SERVED + CALLS, full_pipe, FAIRLEAD_CONTROL="http://127.0.0.1:9")
    port = line(process)

    # The first call says that there is no control plane.
    assert call(process, UNKNOWN) == "no connection"
    assert call(process, f"http://127.0.0.1:{port}/") == "200"


def test_snapshots_go_on_while_nobody_reads_what_was_refused(
    run: Run, launch: Launcher, wire: WireServer, full_pipe: int
) -> None:
    """The thread that warns of one snapshot is the one that brings the next."""
    wire.publish(snapshot(1))
    process = run(SERVED + CALLS, full_pipe)
    port = line(process)
    assert call(process, UNKNOWN) == "no connection"
    wire.send(b'{"wire":9}\n')

    wire.publish(snapshot(2, cart=f"127.0.0.1:{port}"))

    until(lambda: state(launch, process)["snapshot"]["revision"] == 2, "the next snapshot")
    assert call(process, "http://cart/") == "200"


def test_what_took_the_place_of_a_closed_standard_error_is_not_written_to(
    run: Run, tmp_path: Path
) -> None:
    """Descriptor 2 is then the first file that is opened: a database, perhaps."""
    data = tmp_path / "data"
    opened = f"import os\nfile = open({str(data)!r}, 'w')\nassert file.fileno() == 2\n"

    def closed() -> None:
        os.close(2)

    process = run(
        opened + SERVED + CALLS,
        subprocess.DEVNULL,
        closed,
        FAIRLEAD_CONTROL="http://127.0.0.1:9",
    )
    port = line(process)

    assert call(process, UNKNOWN) == "no connection"
    assert call(process, f"http://127.0.0.1:{port}/") == "200"
    assert data.read_text() == ""


def test_a_last_known_good_that_finds_no_room_stays_in_memory(
    run: Run, launch: Launcher, wire: WireServer
) -> None:
    """What is in force is in force; doctor says that a start without a control plane is bare."""
    wire.publish(snapshot(1))

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    process = run(SERVED + CALLS, subprocess.DEVNULL, limited)
    port = line(process)
    assert call(process, UNKNOWN) == "no connection"
    wire.publish(snapshot(2, cart=f"127.0.0.1:{port}"))
    until(lambda: state(launch, process)["snapshot"]["revision"] == 2, "the next snapshot")

    assert call(process, "http://cart/") == "200"
    kept = state(launch, process)["state"]
    assert "File too large" in kept["problem"]
    assert not Path(kept["path"]).exists()
    assert list(Path(kept["path"]).parent.iterdir()) == []

    Limit().free(process.pid)
    wire.publish(snapshot(3, cart=f"127.0.0.1:{port}"))
    until(lambda: Path(kept["path"]).exists(), "there is room again")
    assert state(launch, process)["state"]["problem"] == ""


def test_the_control_plane_does_not_wait_for_a_log_that_nobody_reads(
    tmp_path: Path, full_pipe: int
) -> None:
    """It has one event loop: a line of its log would stop every agent of the fleet."""
    control = Control(tmp_path)
    control.wrap = lambda argv: ["sh", "-c", f'exec "$@" 2>/proc/{os.getpid()}/fd/{full_pipe}',
                                 "sh", *argv]  # fmt: skip
    control.start()
    try:
        assert control.process is not None
        disk = Limit()
        disk.fill(control.process.pid)
        with httpx.Client(base_url=control.url, timeout=10, trust_env=False) as http:
            for number in range(3):
                answer = http.post(RULES, json=rule(f"r{number}"))
                assert answer.status_code == 500
                assert "could not be made durable" in answer.json()["message"]
            assert http.get(RULES).json()["items"] == []
            disk.free(control.process.pid)
            assert http.post(RULES, json=rule("after")).status_code == 201
    finally:
        control.kill()
