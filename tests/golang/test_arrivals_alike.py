"""A request that comes in is put on one lane, and loses what nobody believes, in both agents."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from fairlead.instruments.asgi import Gate
from fairlead.policy.encode import seal, to_plain
from fairlead.policy.lane import Colouring, Entry
from fairlead.policy.match import Condition
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from fairlead.telemetry.names import AGENT_FAULTS
from tests.golang.asking import Runtime
from tests.instruments.plane import LANES, Plane

often = hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400
)
USER = Condition(source="header", key="X-User", operator="in", values=("1", "\xfc"))
OLD = Condition(source="cookie", key="old", operator="!=", values=("no",))
PATH = Condition(source="path", operator="prefix", values=("/shop",))
ENTRY = Entry(
    colourings=(
        Colouring(rule="TrafficLane/a", lane="gray", conditions=(USER, OLD)),
        Colouring(rule="TrafficLane/b", lane="blue", conditions=(PATH,)),
    )
)
KINDS: dict[str, Snapshot] = {
    "inner": Snapshot(workload=Workload(app="a"), lanes=LANES),
    "inner gray": Snapshot(workload=Workload(app="a", lane="gray"), lanes=LANES),
    "entry": Snapshot(workload=Workload(app="a"), lanes=LANES, entry=ENTRY),
    "entry gray": Snapshot(workload=Workload(app="a", lane="gray"), lanes=LANES, entry=ENTRY),
    "entry observed": Snapshot(
        workload=Workload(app="a"), lanes=LANES, entry=ENTRY, governance="observe"
    ),
    "entry off": Snapshot(workload=Workload(app="a"), lanes=LANES, entry=ENTRY, governance="off"),
}
MEMBERS = st.sampled_from(
    [
        "user=1",
        " x-opensergo-traffic=gray",
        "X-OpenSergo-Traffic=blue;p=1",
        "opensergo-label=a%20b",
        "x-blue=blue",
        "x-blue = gray",
        "OpenSergoLabel",
        "x-opensergo-traffic=_base",
        "k=\xe9",
        "",
    ]
)
HEADER = st.one_of(
    st.tuples(st.just("baggage"), st.lists(MEMBERS, max_size=4).map(",".join)),
    st.tuples(st.sampled_from(["x-blue", "opensergo-label"]), st.sampled_from(["gray", "a b", ""])),
    st.tuples(st.just("x-user"), st.sampled_from(["1", "2", "\xfc"])),
    st.tuples(st.just("cookie"), st.sampled_from(["old=no", "old=yes; a=b", "b"])),
    st.tuples(st.just("fairlead-caller"), st.just("b")),
    st.tuples(st.just("accept"), st.just("*/*")),
)


def arrived(snapshot: Snapshot, headers: list[tuple[str, str]], path: str, *, trust: bool) -> Any:
    """Return the lane of a request, and the headers that an application in Python gets."""
    plane = Plane(snapshot, trust=trust)
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "headers": pairs}
    served = Gate(plane).admit(scope, None)  # type: ignore[arg-type]
    assert served is not None
    assert AGENT_FAULTS not in plane.counters.read()
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode(), []).append(value.decode("latin-1"))
    return served.lane, found


@pytest.mark.parametrize("kind", KINDS)
@given(
    headers=st.lists(HEADER, max_size=5),
    path=st.sampled_from(["/", "/shop/1"]),
    trust=st.booleans(),
)
@often
def test_a_request_arrives_alike(
    runtime: Runtime, kind: str, headers: list[tuple[str, str]], path: str, trust: bool
) -> None:
    """What one agent lets through and the other does not, would be a way around an entry."""
    snapshot = seal(KINDS[kind])
    answer = runtime.ask(
        "arrive",
        Snapshot=json.dumps(to_plain(snapshot)),
        Distrust=not trust,
        Request={"Headers": headers, "Path": path, "Method": "GET"},
    )
    lane, left = arrived(snapshot, headers, path, trust=trust)
    assert answer["lane"] == lane
    theirs = {name.lower(): values for name, values in answer["headers"].items()}
    assert {name: values for name, values in theirs.items() if values} == left
