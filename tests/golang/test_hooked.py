"""What hooks of net/http change of a program, and what they leave as it was."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from fairlead.policy.breaker import ERROR_COUNT, CircuitBreaker
from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.encode import seal, to_plain
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.lane import Lane
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Window
from fairlead.policy.routing.action import Forward, Weighted
from fairlead.policy.routing.table import Route
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.golang.asking import TOOLCHAINS
from tests.golang.building import Project

PROGRAM = Path(__file__).parent / "programs" / "hooked"

pytestmark = pytest.mark.timeout(600)


def ports(count: int) -> list[str]:
    """Return addresses that nobody listens at."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    found = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return found


def rate(resource: str) -> RateLimit:
    """Let one call pass in an hour."""
    windows = (Window(threshold=1, window_ms=3_600_000),)
    return RateLimit(rule="RateLimit/one", strategy="one", resource=resource, windows=windows)


def timely(app: str) -> Calls:
    """Give calls of an app a minute."""
    host = f"{app}.default.svc.cluster.local"
    action = Forward(clusters=(Weighted(cluster=f"outbound|80||{host}"),))
    route = Route(name="timely", action=action, timeout=60.0)
    return Calls(callees=(CalleeRules(namespace="default", app=app, host=host, routes=(route,)),))


def breaker(resource: str) -> CircuitBreaker:
    """Open for an hour after two failures."""
    return CircuitBreaker(
        rule="CircuitBreakerStrategy/two",
        strategy="two",
        resource=resource,
        strategy_kind=ERROR_COUNT,
        threshold=2,
        min_requests=1,
        window_ms=3_600_000,
        recovery_ms=3_600_000,
    )


def snapshot(addresses: list[str]) -> Snapshot:
    """Return what is in force for the program."""
    endpoints = tuple(Endpoint(address=address) for address in sorted(addresses[:2]))
    sockets = (Endpoint(address=addresses[2]),)
    return seal(
        Snapshot(
            revision=1,
            workload=Workload(app="shop"),
            lanes=(Lane(name="gray"),),
            services=(
                Service(namespace="default", app="orders", endpoints=endpoints),
                Service(namespace="default", app="sockets", endpoints=sockets),
            ),
            calls=timely("sockets"),
            flow=FlowRules(
                rate_limits=(rate("GET:/second"), rate("GET:/api/users/{id}")),
                concurrency_limits=(
                    ConcurrencyLimit(
                        rule="Concurrency/sql", strategy="sql", resource="sql:", most=1
                    ),
                ),
                breakers=(breaker("sql::FAIL"),),
            ),
        )
    )


@pytest.mark.parametrize("flags", [[], ["-race"]], ids=["plain", "race"])
def test_programs_keep_what_they_are(few: Path, tmp_path: Path, flags: list[str]) -> None:
    """Tests that somebody else might have written, with the agent in them."""
    if flags and not TOOLCHAINS:
        pytest.skip("make test-go looks for races")
    project = Project(few, tmp_path / "hooked")
    (project.folder / "main.go").unlink()
    for path in PROGRAM.glob("*.go"):
        shutil.copy(path, project.folder)
    if "go1.21" not in project.plain("env", "GOVERSION").stdout:
        project.write("go.mod", "module example.org/hello\n\ngo 1.22\n")
    addresses = ports(3)
    said = project.write("snapshot.json", json.dumps(to_plain(snapshot(addresses))))
    project.fairlead(
        *("test", "--strict", "-count=1", *flags, "./..."),
        FAIRLEAD_SOURCE=f"file:{said}",
        FAIRLEAD_APP="shop",
        FAIRLEAD_STATE=str(tmp_path / "state"),
        INSTANCES=",".join(addresses[:2]),
        SOCKETS=addresses[2],
    )
