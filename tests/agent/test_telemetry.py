"""What processes with an agent tell the control plane of themselves."""

from __future__ import annotations

import socket
from typing import Any

from fairlead.protocols.watch.codec import Telemetry
from tests.agent.program import SERVE, STAY, await_registered
from tests.agent.test_doctor import doctor
from tests.agent.wire import snapshot, until

GUARDED = """
import fairlead
@fairlead.guard("work")
def work(): pass
for _ in range(5): work()
"""


def rows(wire, name: str) -> list[list[Any]]:
    """Return the rows of an interface in all reports."""
    return [
        row for report in wire.reports for row in report.get("interfaces", ()) if row[0] == name
    ]


def test_a_watched_process_reports_each_second(launch, wire):
    """The control plane says so in its stream; what was counted before is in the first report."""
    wire.publish(snapshot(1))
    program = launch(SERVE + GUARDED + STAY)
    await_registered(wire, program.line())
    assert "report" not in wire.registrations[0]

    wire.measure(Telemetry(every=0.5))
    until(lambda: wire.posted > 1 and rows(wire, "work"))

    assert [row[1:4] for row in rows(wire, "work")] == [["function", "", 5]]
    assert [report["seq"] for report in wire.reports] == list(range(1, len(wire.reports) + 1))
    first = wire.reports[0]
    assert first["runtime"]["rss"] > 1 << 20
    assert (first["app"], first["address"]) == ("shop", wire.registrations[0]["address"])


def test_a_process_that_serves_nobody_tells_of_itself(launch, wire):
    """On the thread that follows the control plane, when it speaks."""
    wire.publish(snapshot(1))
    program = launch(
        "import fairlead\nfairlead.current().ensure_ready()\nprint('there', flush=True)\n"
        + GUARDED
        + STAY
    )
    program.line()
    until(lambda: wire.watches)
    wire.measure(Telemetry(every=0.5))

    def spoken() -> list[list[Any]]:
        wire.publish(snapshot(len(wire.reports) + 2))
        return rows(wire, "work")

    until(spoken)
    assert {report["address"] for report in wire.reports} == {""}
    assert not wire.registrations


def test_a_forked_process_reports_of_itself_alone(launch, wire):
    """Another node, from number one on, with nothing of what its parent had counted."""
    wire.publish(snapshot(1))
    program = launch(
        SERVE + GUARDED + "if not os.fork():\n"
        "    agent.serving('test', lambda: [server])\n    work()\n" + STAY
    )
    program.line()
    until(lambda: len(wire.nodes) == 2)
    wire.measure(Telemetry(every=0.5))
    until(lambda: len({report["node"] for report in wire.reports if report.get("interfaces")}) == 2)

    assert sorted(row[3] for row in rows(wire, "work")) == [1, 5]


def test_a_server_that_stops_tells_what_was_not_told(launch, wire):
    """A deployment replaces all instances: ten seconds of each would be missing."""
    wire.publish(snapshot(1))
    program = launch(
        SERVE + GUARDED + "import time\nwhile agent.process.reporter.every < 60:\n"
        "    time.sleep(0.01)\n"
        "for _ in range(7): work()\nagent.leaving()\nprint('left', flush=True)\n" + STAY
    )
    await_registered(wire, program.line())
    wire.measure(Telemetry(every=0.5))
    until(lambda: rows(wire, "work"))
    wire.measure(Telemetry(every=60.0))
    assert program.line() == "left"

    assert sum(row[3] for row in rows(wire, "work")) == 12


def test_a_process_that_is_to_tell_nothing_tells_nothing(launch, wire):
    """``FAIRLEAD_TELEMETRY=off``; it is registered and follows its rules all the same."""
    wire.renew = 0.05
    wire.publish(snapshot(1))
    program = launch(SERVE + GUARDED + STAY, FAIRLEAD_TELEMETRY="off")
    await_registered(wire, program.line())
    wire.measure(Telemetry(every=0.5))
    until(lambda: len(wire.registrations) > 20)

    assert wire.reports == []


def test_doctor_says_how_what_is_counted_gets_out(launch, wire):
    """How often, when the last report arrived, and what was not measured."""
    wire.renew = 0.05
    wire.publish(snapshot(1))
    program = launch(SERVE + GUARDED + STAY)
    await_registered(wire, program.line())
    wire.measure(Telemetry(every=0.5))
    until(lambda: wire.posted > 1)

    told = doctor(launch, str(program.pid)).stdout
    assert "telemetry   1 interfaces, 0 edges; a report every 0.5 s, the last arrived" in told
    assert "not measured" not in told


def test_doctor_says_where_metrics_are_and_that_nothing_is_told(launch, wire):
    """Somebody wonders why the console is empty."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        program = launch(SERVE + STAY, FAIRLEAD_TELEMETRY="off", FAIRLEAD_METRICS=port)
        program.line()
        told = doctor(launch, str(program.pid)).stdout

    assert "told to nobody (FAIRLEAD_TELEMETRY=off)" in told
    assert f"127.0.0.1:{port} is served by another process" in told
