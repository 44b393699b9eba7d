"""Requests that net/http hands on: reverse proxies, transports of all sorts, timers, HTTP/2."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.policy.encode import seal, to_plain
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.lane import Lane
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Window
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.golang.building import Project
from tests.golang.wired import Wired, Wires, begun

SOURCE = Path(__file__).parent / "programs" / "passing" / "main.go"
GRAY = "x-opensergo-traffic=gray"
RULES = (
    ConcurrencyLimit(rule="Concurrency/call", strategy="x", resource="call:orders", most=1),
    RateLimit(
        rule="FaultToleranceRule/second",
        strategy="x",
        resource="GET:/second",
        windows=(Window(threshold=1, window_ms=3_600_000),),
    ),
)
"""One call at a time: a place that is not given back, or taken twice, turns the next one away."""

pytestmark = pytest.mark.timeout(900)  # the first one builds


@pytest.fixture(scope="module")
def program(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the program with the agent, under the race detector."""
    project = Project(go, tmp_path_factory.mktemp("passing"))
    project.write("main.go", SOURCE.read_text())
    project.fairlead("build", "--strict", "-race", "-o", "passing", ".")
    return project.folder / "passing"


@pytest.fixture
def front(program: Path, tmp_path: Path) -> Iterator[Wired]:
    """Run it beside the app that it calls."""
    wires = Wires(program, tmp_path)
    orders = wires.start("orders", "app")
    endpoints = (Endpoint(address=f"127.0.0.1:{orders.port}"),)
    snapshot = seal(
        Snapshot(
            workload=Workload(namespace="default", app="front"),
            services=(Service(namespace="default", app="orders", endpoints=endpoints),),
            lanes=(Lane(name="gray"),),
            flow=FlowRules.of(RULES),
        )
    )
    file = tmp_path / "snapshot.json"
    file.write_text(json.dumps(to_plain(snapshot)))
    yield wires.start("front", FAIRLEAD_SOURCE=f"file:{file}", FAIRLEAD_APP="front")
    wires.stop()


@pytest.mark.parametrize("path", ["/proxy/x", "/clone", "/dialing", "/proxied", "/timed"])
def test_a_call_finds_its_app_on_its_lane_and_counts_once(front: Wired, path: str) -> None:
    for label in (GRAY, "", GRAY):
        assert front.get(path, **({"baggage": label} if label else {})) == label


def test_a_timer_works_for_whom_it_is_told(front: Wired) -> None:
    assert front.get("/later", baggage=GRAY) == f"{GRAY};;"


def test_a_server_of_http_2_is_governed(front: Wired) -> None:
    said = front.get("/both", baggage=GRAY).split(";")
    assert said[0] == f"HTTP/2.0 200 {GRAY}"
    assert said[1].startswith("HTTP/2.0 429 ")


def test_a_reverse_proxy_hands_another_protocol_on(front: Wired) -> None:
    with socket.create_connection(("127.0.0.1", front.port), timeout=30) as caller:
        lines = (
            "GET /proxy/lines HTTP/1.1",
            "Host: front",
            "Connection: Upgrade",
            "Upgrade: lines",
            f"Baggage: {GRAY}",
        )
        caller.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        begun(caller)
        answers = caller.makefile("rb")
        for word in ("one", "two"):
            caller.sendall(f"{word}\n".encode())
            assert answers.readline() == f"{GRAY} {word}\n".encode()
