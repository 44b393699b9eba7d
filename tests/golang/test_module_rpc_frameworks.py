"""gRPC by a framework: kratos' transport and go-zero's zrpc, under a control plane.

Their programs are unmodified: apps, interceptors, timeouts, balancers and resolvers are theirs.
"""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.servers.ports import free_port
from tests.faults.servers import Control, Process, plain_environment, until
from tests.golang.modules.building import HERE, build_of

pytestmark = pytest.mark.timeout(1500)  # the first one builds

UNARY = "/grpc.testing.TestService/UnaryCall"
LABEL = "x-opensergo-traffic=gray"


class Field:
    """A program, and the processes of it that a test has started."""

    def __init__(self, program: Path, control: Control, work: Path) -> None:
        self.program, self.control, self.work = program, control, work
        self.started: list[Process] = []

    def start(self, name: str, *words: str, **env: str) -> Process:
        """Start a process of it."""
        settings = {
            "FAIRLEAD_CONTROL": self.control.url,
            "FAIRLEAD_STATE": str(self.work / "state"),
        }
        log = self.work / f"{name}-{len(self.started)}.log"
        one = Process([str(self.program), *words], log, plain_environment(**settings, **env))
        self.started.append(one)
        return one

    def serve(self, app: str, name: str, *more: str, **env: str) -> Process:
        """Start an instance of an app; return when the control plane knows it."""
        known = {one["spec"]["address"] for one in self.control.instances(app)}
        words = ("serve", env.pop("at", "127.0.0.1:0"), name, *more)
        one = self.start(name, *words, FAIRLEAD_APP=app, **env)

        def registered() -> bool:
            assert one.popen.poll() is None, one.text()
            return {i["spec"]["address"] for i in self.control.instances(app)} > known

        until(registered, f"{name} is registered")
        return one

    def calls(self, target: str, *hows: str, **env: str) -> list[dict[str, str]]:
        """Return what a client of the app `front` says of its calls."""
        one = self.start("front", "call", target, *hows, FAIRLEAD_APP="front", **env)
        assert one.popen.wait(60) == 0, one.text()
        return said_by(one)

    def stop(self) -> None:
        """Stop all; none may have found a data race."""
        for one in self.started:
            one.kill()
        for one in self.started:
            assert "DATA RACE" not in one.text(), one.text()


def said_by(client: Process) -> list[dict[str, str]]:
    lines = client.text().rpartition("\n")[0].splitlines()
    return [json.loads(line) for line in lines if line.startswith('{"Served"')]


def goes_on(client: Process) -> None:
    """Wait until it has made some more calls."""
    seen = len(said_by(client))
    until(lambda: len(said_by(client)) > seen + 20, "calls go on")


@pytest.fixture(scope="module", params=["kratos", "zrpc"])
def program(
    request: pytest.FixtureRequest, go: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Build the program, under the race detector."""
    folder = tmp_path_factory.mktemp(request.param)
    shutil.copy(HERE / "rpcs" / "service.go", folder)
    return build_of(f"rpcs/{request.param}", go, folder).program("-race")


@pytest.fixture
def field(program: Path, control: Control, tmp_path: Path) -> Iterator[Field]:
    """Run a control plane, and processes of the program."""
    found = Field(program, control, tmp_path)
    yield found
    found.stop()


def flow(app: str, resource: str, strategy: dict[str, Any]) -> dict[str, Any]:
    """Return a rule for an app."""
    return {
        "apiVersion": "fault-tolerance.opensergo.io/v1alpha1",
        "kind": "FlowControl",
        "metadata": {"name": "rule", "labels": {"app": app}},
        "spec": {"targets": [{"targetResourceName": resource}], "strategies": [strategy]},
    }


def calling_cart(**how: Any) -> dict[str, Any]:
    """Return a rule for calls of the app `cart`."""
    route = {"route": [{"destination": {"host": "cart"}}], **how}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "cart"},
        "spec": {"hosts": ["cart"], "http": [route]},
    }


def test_a_server_is_registered_where_it_serves(field: Field) -> None:
    one = field.serve("cart", "base")
    (found,) = field.control.instances("cart")
    (process,) = found["spec"]["processes"]
    assert (process["pid"], process["protocol"]) == (one.pid, "grpc")
    assert {hook["library"] for hook in process["hooks"]} >= {"google.golang.org/grpc"}
    (said,) = field.calls(found["spec"]["address"], "unary")
    assert (said["Served"], said["Code"]) == ("base", "OK")

    def told() -> bool:
        service = field.control.get("/fairlead/v1/service?namespace=default&app=cart")
        return UNARY in {row["name"] for row in service.get("interfaces", ())}

    until(told, "its interfaces are told")


def test_an_app_that_serves_http_too_is_called_where_it_is_told(field: Field) -> None:
    """It has one address, which is that of HTTP unless somebody says the other."""
    beside = f"127.0.0.1:{free_port()}"
    one = field.serve("cart", "both", "", beside)
    assert [found["spec"]["address"] for found in field.control.instances("cart")] == [beside]
    one.stop()
    address = f"127.0.0.1:{free_port()}"
    field.serve("cart", "both", "", beside, at=address, FAIRLEAD_ADDRESS=address)
    (said,) = field.calls("dns:///cart", "unary")
    assert (said["Served"], said["Code"]) == ("both", "OK")


@pytest.mark.parametrize("target", ["dns:///cart:50051", "direct:///cart:50051"])
def test_a_call_by_name_stays_on_its_lane_from_app_to_app(field: Field, target: str) -> None:
    """The one between has no instance on the lane, and hands the label on."""
    field.serve("cart", "base")
    field.serve("cart", "gray", FAIRLEAD_LANE="gray")
    field.serve("shop", "shop", target)
    hop = target.replace("cart", "shop")
    assert [(one["Served"], one["Code"]) for one in field.calls(hop, "unary", "stream")] == [
        ("shop>base", "OK")
    ] * 2
    said = field.calls(hop, "unary", "stream", FAIRLEAD_LANE="gray")
    assert [(one["Served"], one["Code"]) for one in said] == [("shop>gray", "OK")] * 2
    assert said[0]["Baggage"] == LABEL


def test_a_rule_turns_calls_of_a_method_away(field: Field) -> None:
    limit = {"rateLimit": {"threshold": 1, "statDuration": "1h"}}
    field.control.apply(flow("cart", UNARY, limit))
    field.serve("cart", "base")
    first, second = field.calls("dns:///cart", "unary", "unary")
    assert first["Code"] == "OK"
    assert (second["Code"], second["Text"]) == ("ResourceExhausted", f"rate limited: {UNARY}")


def test_a_breaker_gives_an_app_up(field: Field) -> None:
    breaker = {
        "strategy": "ErrorRequestCount",
        "triggerCount": 2,
        "statDuration": "1h",
        "recoveryTimeout": "1h",
        "minRequestAmount": 1,
    }
    field.control.apply(flow("front", "call:cart", {"circuitBreaker": breaker}))
    field.serve("cart", "base")
    said = field.calls("dns:///cart", "fails", "fails", "unary")
    opened = f"circuit open: call:cart:{UNARY}"
    assert [one["Text"] for one in said] == ["as told", "as told", opened]


def test_a_call_has_the_time_that_a_rule_gives_it(field: Field) -> None:
    field.serve("cart", "base")
    (said,) = field.calls("dns:///cart", "slow")
    assert said["Code"] == "OK"
    field.control.apply(calling_cart(timeout="200ms"))
    (said,) = field.calls("dns:///cart", "slow")
    assert said["Code"] == "DeadlineExceeded"


def test_a_call_is_sent_again_where_a_rule_says_so(field: Field) -> None:
    field.control.apply(calling_cart(retries={"attempts": 2, "retryOn": "unavailable"}))
    field.serve("cart", "base")
    (said,) = field.calls("dns:///cart", "fails")
    assert (said["Code"], said["Served"]) == ("OK", "base")


@pytest.mark.parametrize("program", ["kratos"], indirect=True)
def test_a_call_that_no_connection_took_goes_to_the_next_instance(field: Field) -> None:
    """As where a server that ends says so by its health just before a call is sent to it."""
    field.serve("cart", "avoided")
    (found,) = field.control.instances("cart")
    field.serve("cart", "other")
    hows = ("unary", "stream") * 4
    said = field.calls("dns:///cart", *hows, AVOID=found["spec"]["address"])
    assert [(one["Served"], one["Code"]) for one in said] == [("other", "OK")] * 8


def test_instances_that_are_replaced_lose_no_call(field: Field) -> None:
    """Each leaves before it stops, and what it has begun it ends."""
    before = [field.serve("cart", f"old-{number}") for number in range(2)]
    clients = [
        field.start("front", "call", "dns:///cart", "for ever", FAIRLEAD_APP="front")
        for _ in range(3)
    ]
    for number, old in enumerate(before):
        field.serve("cart", f"new-{number}")
        for one in clients:
            goes_on(one)
        old.signal(signal.SIGTERM)
        assert old.popen.wait(60) in (0, -signal.SIGTERM)
    for one in clients:
        goes_on(one)
    said = [each for one in clients for each in said_by(one)]
    assert {one["Code"] for one in said} == {"OK"}
    assert {one["Served"] for one in said} == {"old-0", "old-1", "new-0", "new-1"}
