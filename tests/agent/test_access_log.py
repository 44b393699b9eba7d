"""A process writes its access log where FAIRLEAD_ACCESS_LOG says, and tells who taps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fairlead.agent.access import AccessWriter
from fairlead.protocols.watch.codec import Telemetry
from fairlead.telemetry.access_log import WRITE, AccessLog, Line
from tests.agent.program import SERVE, STAY, await_registered
from tests.agent.test_doctor import doctor
from tests.agent.wire import snapshot, until

APP = """
from flask import Flask
app = Flask("app")
@app.get("/x/<id>")
def x(id): return "done"
def ask(*ids):
    for one in ids: app.test_client().get(f"/x/{one}?token=secret").get_data()
"""
LINE = Line(
    at=1.5, lane="gray", method="GET", interface="GET:/x", status=200,
    seconds=0.001, caller="", trace="", rule="", reason="", simulated=False,
)  # fmt: skip


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_each_request_is_a_line_of_json(launch, wire, tmp_path):
    """With app and instance, so that lines of several processes can be told apart."""
    log = tmp_path / "access.log"
    wire.publish(snapshot(1))
    program = launch(SERVE + APP + "ask(1, 2)\n" + STAY, FAIRLEAD_ACCESS_LOG=str(log))
    await_registered(wire, program.line())
    until(lambda: len(read(log)) == 2)

    line = read(log)[0]
    assert line["time"].endswith("Z")
    assert (line["app"], line["namespace"], line["lane"]) == ("shop", "default", "base")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/x/{id}", 200)
    assert "secret" not in log.read_text()


def test_requests_are_told_to_who_taps(launch, wire):
    """Without a log too; when nobody taps any more nothing is noted."""
    wire.publish(snapshot(1))
    program = launch(SERVE + APP + "import time\nwhile True: ask(7); time.sleep(0.02)\n")
    await_registered(wire, program.line())
    wire.measure(Telemetry(every=0.5, tap=3))

    def rows() -> list[Any]:
        return [row for report in wire.reports for row in report.get("requests", ())]

    until(rows)
    assert rows()[0][1:5] == ["", "GET", "GET:/x/{id}", 200]
    wire.measure(Telemetry(every=0.5, tap=0))
    seen = len(wire.reports)
    until(lambda: len(wire.reports) >= seen + 3)
    assert "requests" not in wire.reports[-1]


def test_forked_processes_write_each_line_once(launch, wire, tmp_path):
    """What waits when a process forks is the parent's."""
    log = tmp_path / "access.log"
    wire.publish(snapshot(1))
    launch(
        SERVE + APP + "ask(1)\n"
        "if os.fork(): ask(2)\n"
        "else:\n    agent.serving('test', lambda: [server])\n    ask(3)\n" + STAY,
        FAIRLEAD_ACCESS_LOG=str(log),
    ).line()
    until(lambda: len(read(log)) == 3)


def test_who_does_not_read_holds_nobody_up():
    """A pipe that is full: the program goes on, and what it could not write is counted."""
    program = APP + (
        "import os, sys, time\nimport fairlead\nask(*range(20000))\n"
        "told = fairlead.current().read_counters()\n"
        "os.write(1, repr(sum(told.get('access_log_dropped', {}).values())).encode())\n"
        "os._exit(0)\n"
    )
    environ = os.environ | {
        "FAIRLEAD_ENABLED": "1",
        "FAIRLEAD_ACCESS_LOG": "stderr",
        "FAIRLEAD_CONTROL": "http://127.0.0.1:9",
    }
    read_end, write_end = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-c", program], env=environ, stdout=subprocess.PIPE,
            stderr=write_end, timeout=50, check=True,
        )  # fmt: skip
    finally:
        os.close(read_end)
        os.close(write_end)

    assert int(done.stdout) > 0


@pytest.fixture
def log() -> AccessLog:
    made = AccessLog(lambda: 0.0, lambda: 0.0, lambda: None)
    made.writes = True
    return made


def test_a_file_that_was_moved_away_is_opened_anew(log, tmp_path):
    """So programs rotate logs."""
    path = tmp_path / "access.log"
    writer = AccessWriter(str(path), log, lambda: {"app": "shop"})
    log.add(LINE, WRITE)
    writer.flush()
    path.rename(tmp_path / "access.log.1")
    log.add(LINE, WRITE)
    writer.flush()

    assert len(read(path)) == len(read(tmp_path / "access.log.1")) == 1
    assert read(path)[0]["lane"] == "gray"


def test_a_place_that_cannot_be_written_says_so(log, tmp_path):
    """The application goes on, and lines wait for as long as there is room."""
    writer = AccessWriter(str(tmp_path / "none" / "access.log"), log, dict)
    log.add(LINE, WRITE)
    writer.flush()
    assert "none/access.log" in writer.problem

    (tmp_path / "none").mkdir()
    writer.flush()
    assert len(read(tmp_path / "none" / "access.log")) == 1


def test_a_pipe_that_nobody_reads_gets_no_line(log, tmp_path):
    """Opening it would wait for a reader."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = AccessWriter(str(pipe), log, dict)
    log.add(LINE, WRITE)
    writer.flush()

    assert str(pipe) in writer.problem


def test_doctor_says_why_nothing_is_written(launch, wire, tmp_path):
    """The application has no other way to find out."""
    wire.publish(snapshot(1))
    program = launch(SERVE + STAY, FAIRLEAD_ACCESS_LOG=str(tmp_path / "none" / "log"))
    await_registered(wire, program.line())
    until(lambda: "writes no access log" in doctor(launch).stdout)
