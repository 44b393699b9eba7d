"""What Go programs make of the lines of a control plane, and what they send it, word by word."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fairlead.policy.encode import digest, seal, to_plain
from fairlead.protocols.watch.codec import Telemetry, snapshot_line
from fairlead.protocols.watch.report_reading import read_report
from tests.agent.wire import WireServer, snapshot
from tests.faults.servers import until
from tests.golang.wired import Wired, Wires

WHOSE = {"node": "n", "namespace": "default", "app": "shop"}


@pytest.fixture
def plane() -> Iterator[WireServer]:
    """A control plane that says what it is told to."""
    with WireServer(snapshot(revision=5)) as server:
        server.renew = 0.2
        yield server


def start(wires: Wires, plane: WireServer, **env: str) -> Wired:
    """Start the app shop."""
    return wires.start("shop", FAIRLEAD_CONTROL=plane.url, FAIRLEAD_APP="shop", **env)


def answered(plane: WireServer, count: int) -> list[tuple[int, str | None]]:
    """Return revisions and errors of the answers, as soon as there are so many."""
    until(lambda: len(plane.answers) >= count, "it is answered")
    return [(one["revision"], one["error"]) for one in plane.answers]


def test_what_is_refused_leaves_what_was_in_force(wires: Wires, plane: WireServer) -> None:
    """A refusal names the snapshot; an older one is passed over; what comes next is taken."""
    callee = wires.start("callee")
    one = start(wires, plane)
    assert answered(plane, 1) == [(5, None)]
    plane.publish(snapshot(revision=6, callee=callee.address))
    answered(plane, 2)
    assert one.get("/?call=http://callee/") == "ungoverned"
    broken = {**to_plain(snapshot(revision=7)), "governance": "maybe"}
    plane.send(snapshot_line(broken))
    plane.send(snapshot_line(to_plain(snapshot(revision=3))))
    plane.send(b"nonsense\n")
    answers = answered(plane, 4)
    assert [revision for revision, _ in answers] == [5, 6, 7, 0]
    assert all(error for _, error in answers[2:])
    assert one.get("/?call=http://callee/") == "ungoverned"
    plane.publish(snapshot(revision=8))
    assert answered(plane, 5)[-1] == (8, None)
    assert one.get("/?call=http://callee/") != "ungoverned"


def test_a_part_of_a_later_version_is_refused_alone(wires: Wires, plane: WireServer) -> None:
    """The rest is in force, and the control plane hears what is not."""
    start(wires, plane)
    answered(plane, 1)
    plain = {**to_plain(snapshot(revision=6)), "weather": "fine"}
    plain["digest"] = digest(plain)
    plane.send(snapshot_line(plain))
    assert answered(plane, 2)[-1] == (6, None)
    (refused,) = plane.answers[-1]["refused"]
    assert "weather" in refused


def test_a_stream_that_breaks_goes_on_with_what_is_in_force(
    wires: Wires, plane: WireServer
) -> None:
    """What the program has is named, so that it does not travel again."""
    start(wires, plane, FAIRLEAD_LANE="gray", FAIRLEAD_LABELS="a=b,c", FAIRLEAD_ZONE="eu/x")
    answered(plane, 1)
    plane.cut()
    until(lambda: len(plane.watches) == 2, "it comes back")
    first, second = map(dict, plane.watches)
    assert (first["lane"], first["zone"], first["namespace"]) == ("gray", "eu/x", "default")
    labels = [value for key, value in plane.watches[0] if key == "label"]
    assert labels == ["a=b", "tag=c"]
    assert "digest" not in first
    assert second["digest"] == snapshot(revision=5).digest
    assert second["revision"] == "5"


def test_a_token_is_sent_and_read_again_each_time(
    wires: Wires, plane: WireServer, tmp_path: Path
) -> None:
    """It may rotate; one that others may have written is kept back."""
    token = tmp_path / "token"
    token.write_text("first\n")
    token.chmod(0o600)
    one = start(wires, plane, FAIRLEAD_TOKEN_FILE=str(token))
    answered(plane, 1)
    assert plane.headers[0]["authorization"] == "Bearer first"
    token.write_text("second\n")
    plane.cut()
    until(lambda: len(plane.watches) == 2, "it comes back")
    assert plane.headers[-1]["authorization"] == "Bearer second"
    token.chmod(0o622)
    plane.cut()
    until(lambda: len(plane.watches) == 3, "it comes back")
    assert "authorization" not in plane.headers[-1]
    assert any("not sent, others may write it" in line for line in one.said())


def test_who_is_turned_away_says_so_and_goes_on(wires: Wires, plane: WireServer) -> None:
    """What was in force stays, and so does the program."""
    one = start(wires, plane, FAIRLEAD_LANE="gray")
    answered(plane, 1)
    plane.refuse = (401, "no such token")
    plane.cut()
    lines = until(one.said, "it says so")
    assert any("refuses (401): no such token" in line for line in lines)
    assert one.get().startswith("shop ")
    plane.refuse = None
    until(lambda: len(plane.watches) >= 2, "it comes back")


def test_reports_come_as_often_as_they_are_wished(wires: Wires, plane: WireServer) -> None:
    """While somebody watches, by themselves; each tells what has happened since the last."""
    one = start(wires, plane)
    answered(plane, 1)
    plane.measure(Telemetry(every=0.5))
    for _ in range(3):
        one.get("/a")
    rows = until(
        lambda: [row for report in list(plane.reports) for row in report.get("interfaces", ())],
        "it is told",
    )
    until(lambda: plane.posted >= 3, "they come by themselves")
    numbers = [report["seq"] for report in plane.reports]
    assert numbers == list(range(1, len(numbers) + 1))
    seen = [
        row[3]
        for report in plane.reports
        for row in report.get("interfaces", ())
        if row[:3] == ["GET:/a", "server", ""]
    ]
    assert sum(seen) == 3
    assert rows
    assert plane.reports[-1]["runtime"]["tasks"] > 0


def test_requests_are_told_one_by_one_while_somebody_looks(wires: Wires, plane: WireServer) -> None:
    """As many a second as are wished, each once."""
    one = start(wires, plane)
    answered(plane, 1)
    one.get("/before")
    plane.measure(Telemetry(every=0.5, tap=2))
    until(lambda: len(plane.reports) > 1, "it is hurried")
    trace = "0af7651916cd43dd8448eb211c80319c"
    for _ in range(9):
        one.get("/a", traceparent=f"00-{trace}-b7ad6b7169203331-01", **{"fairlead-caller": "web"})
    rows = until(
        lambda: [row for report in list(plane.reports) for row in report.get("requests", ())],
        "they are told",
    )
    seconds = int(rows[-1][0] - rows[0][0]) + 2  # that they may be in, where a machine is busy
    assert len(rows) <= 2 * seconds
    at, lane, method, interface, status, seconds, *rest = rows[0]
    assert (lane, method, interface, status) == ("", "GET", "GET:/a", 200)
    assert rest == ["web", trace, "", "", False]
    assert at > 1e9
    assert seconds < 60
    read_report({**WHOSE, **next(one for one in plane.reports if "requests" in one)})


def test_nothing_is_told_where_nothing_is_to_be(wires: Wires, plane: WireServer) -> None:
    """FAIRLEAD_TELEMETRY=off; rules are enforced all the same."""
    plane.telemetry = b""
    one = start(wires, plane, FAIRLEAD_TELEMETRY="off")
    answered(plane, 1)
    plane.measure(Telemetry(every=0.5))
    one.get("/a")
    until(lambda: len(plane.registrations) > 6, "it is registered")
    assert plane.reports == []


def test_a_program_says_goodbye_once(wires: Wires, plane: WireServer) -> None:
    """And tells what it has not told."""
    one = start(wires, plane)
    until(lambda: plane.registrations, "it is registered")
    one.get("/a")
    assert one.process.stop() == -signal.SIGTERM
    (departure,) = plane.departures
    registration = plane.registrations[-1]
    assert departure["address"] == registration["address"] == one.address
    assert departure["node"] == registration["node"]
    rows = [row[:3] for report in plane.reports for row in report.get("interfaces", ())]
    assert ["GET:/a", "server", ""] in rows


def test_what_is_left_of_a_warm_up_is_said(wires: Wires, plane: WireServer) -> None:
    """It runs from the first registration on."""
    start(wires, plane, FAIRLEAD_WARMUP="60s")
    until(lambda: len(plane.registrations) > 2, "it is registered")
    first, *_, last = (one["warmup"] for one in plane.registrations)
    assert 60 >= first > last > 30


def test_the_whole_snapshot_is_kept(wires: Wires, plane: WireServer, tmp_path: Path) -> None:
    """A start without the control plane knows what was known, whatever was in it."""
    plane.first = seal(replace(snapshot(revision=9, **{"ünïcode-1": "127.0.0.1:1"}), digest=""))
    one = start(wires, plane)
    answered(plane, 1)
    path = tmp_path / "state" / "default" / "shop" / "base.json"
    until(path.exists, "it is kept")
    one.process.kill()
    plane.close()
    again = start(wires, plane)
    assert again.get().startswith("shop ")
    (line,) = until(again.said, "it says so")
    assert line.startswith("fairlead: the last known good, of ")
