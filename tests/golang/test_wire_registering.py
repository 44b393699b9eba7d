"""Go programs are registered where they serve, leave before they end, tell what they count."""

from __future__ import annotations

import signal
import socket
import time
from pathlib import Path
from typing import Any

from fairlead.agent.inspect import ask
from tests.control.serving import lane
from tests.faults.servers import Control, until
from tests.golang.wired import Wired, Wires, begun


def start(wires: Wires, control: Control, name: str = "shop", **env: str) -> Wired:
    """Start a process of the app `name`."""
    app = env.pop("APP", name)
    return wires.start(name, FAIRLEAD_CONTROL=control.url, FAIRLEAD_APP=app, **env)


def registered(control: Control, app: str = "shop") -> dict[str, Any]:
    """Return the only instance of `app`, as soon as there is one."""
    (one,) = until(lambda: control.instances(app), f"{app} is registered")
    return dict(one)


def test_a_program_is_registered_where_it_listens(wires: Wires, control: Control) -> None:
    """The control plane knows what it is written in, and stops knowing it when it ends."""
    one = start(wires, control, FAIRLEAD_LANE="gray", FAIRLEAD_LABELS="version=v2")
    found = registered(control)
    assert found["spec"]["address"] == one.address
    assert found["status"]["lane"] == "gray"
    (process,) = found["spec"]["processes"]
    assert process["python"].startswith("go1.")
    assert process["pid"] == one.process.pid
    assert process["unfit"] == {"tables": "", "databases": ""}
    assert one.process.stop() == -signal.SIGTERM
    assert control.instances("shop") == []


def test_the_status_of_a_rule_says_that_each_process_counts_for_itself(
    wires: Wires, control: Control
) -> None:
    """What workers of one host count together is Python's."""
    start(wires, control)
    registered(control)
    group, version = "fault-tolerance.opensergo.io", "v1alpha1"
    limit = {"rateLimit": {"threshold": 5, "statDuration": "1s"}}
    control.apply(
        {
            "apiVersion": f"{group}/{version}",
            "kind": "FlowControl",
            "metadata": {"name": "few", "labels": {"app": "shop"}},
            "spec": {"targets": [{"targetResourceName": "/x"}], "strategies": [limit]},
        }
    )

    def reason() -> str | None:
        path = f"/apis/{group}/{version}/namespaces/default/flowcontrols/few"
        conditions = control.get(path).get("status", {}).get("conditions", ())
        return next((one["reason"] for one in conditions if one["type"] == "Enforced"), None)

    assert until(reason, "its status is there") == "PerProcess"


def test_a_wildcard_is_advertised_as_the_control_plane_sees_us(
    wires: Wires, control: Control
) -> None:
    """Nobody can call 0.0.0.0."""
    one = start(wires, control, listen="0.0.0.0:0")
    assert registered(control)["spec"]["address"] == f"127.0.0.1:{one.port}"


def test_an_address_may_be_said(wires: Wires, control: Control) -> None:
    """Then it is taken as it is."""
    start(wires, control, FAIRLEAD_ADDRESS="shop.example:80")
    assert registered(control)["spec"]["address"] == "shop.example:80"


def test_requests_under_way_end_before_the_process_does(wires: Wires, control: Control) -> None:
    """SIGTERM deregisters; what is served then is still answered, and the exit status is its."""
    one = start(wires, control)
    registered(control)
    with socket.create_connection(("127.0.0.1", one.port)) as caller:
        caller.sendall(b"GET /?sleep=1s HTTP/1.0\r\n\r\n")
        begun(caller)
        one.process.signal(signal.SIGTERM)
        until(lambda: not control.instances("shop"), "it has left")
        answer = b"".join(iter(lambda: caller.recv(4096), b""))
    assert answer.endswith(b'shop ""')
    assert one.process.popen.wait(30) == -signal.SIGTERM


def test_a_second_signal_does_not_wait(wires: Wires, control: Control) -> None:
    """Whoever insists is obeyed."""
    one = start(wires, control)
    registered(control)
    with socket.create_connection(("127.0.0.1", one.port)) as caller:
        caller.sendall(b"GET /?sleep=60s HTTP/1.0\r\n\r\n")
        begun(caller)
        one.process.signal(signal.SIGTERM)
        until(lambda: not control.instances("shop"), "it has left")
        one.process.signal(signal.SIGTERM)
        assert one.process.popen.wait(30) == -signal.SIGTERM


def test_a_lease_outlives_its_control_plane(wires: Wires, control: Control, tmp_path: Path) -> None:
    """A control plane that comes back finds the instance again, and one that is new hears of it."""
    one = start(wires, control)
    before = registered(control)
    control.kill()
    control.start()
    since = time.monotonic()
    socket = tmp_path / "state" / f"{one.process.pid}.sock"

    def renewed() -> bool:
        return float(ask(socket)["standing"]["renewed_ago"]) < time.monotonic() - since

    until(renewed, "it renews its lease")
    assert "shop" in one.get()
    assert registered(control)["metadata"]["uid"] == before["metadata"]["uid"]


def test_two_lanes_for_one_instance_are_told(wires: Wires, control: Control) -> None:
    """An instance that is said to be on two lanes serves nobody, and says so."""
    for name in ("gray", "blue"):
        control.apply(lane(name))
    one = start(wires, control, FAIRLEAD_LABELS="gray,blue")
    found = registered(control)
    assert "blue" in found["status"]["conflict"]
    (line,) = until(one.said, "it says so")
    assert "serves nobody" in line


def test_a_child_of_a_program_passes_labels_on_and_no_more(wires: Wires, control: Control) -> None:
    """Only the first of a line is registered."""
    one = start(wires, control)
    registered(control)
    mark = f"{one.process.pid}:{started(one.process.pid)}"
    child = start(wires, control, "child", APP="child", FAIRLEAD_ROOT=mark)
    assert child.get(baggage="x-opensergo-traffic=gray") == 'child "gray"'
    assert not control.instances("child")


def started(pid: int) -> str:
    """Return when a process started."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[19]


def test_what_is_counted_arrives(wires: Wires, control: Control) -> None:
    """Interfaces and lanes, calls of others, and how the process does."""
    callee = start(wires, control, "b", APP="b")
    caller = start(wires, control, "a", APP="a")
    registered(control, "a")
    registered(control, "b")
    until(lambda: caller.get("/x?call=http://b/y") == 'b ""', "it knows b")
    for _ in range(4):
        assert caller.get("/x?call=http://b/y") == 'b ""'

    def told() -> dict[str, Any] | None:
        found = control.get("/fairlead/v1/service?namespace=default&app=b")
        rows = {row["name"]: row for row in found.get("interfaces", ())}
        return found if "GET:/y" in rows and found["callers"] else None

    found = until(told, "it is told")
    assert callee.said() == caller.said() == []
    (instance,) = found["instances"]
    assert instance["python"].startswith("go1.")
    assert instance["runtime"]["rss"] > 1 << 20
    assert instance["runtime"]["tasks"] > 3
