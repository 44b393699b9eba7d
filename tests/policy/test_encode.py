"""A snapshot on the wire: what comes back is what went out, and what is refused says where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fairlead.policy.balance import Cluster
from fairlead.policy.calls import CalleeRules, Calls
from fairlead.policy.encode import digest, read_snapshot, seal, to_plain
from fairlead.policy.endpoint import Endpoint, Service
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.lane import Colouring, Entry, Lane
from fairlead.policy.limit import RateLimit, Window
from fairlead.policy.match import Condition
from fairlead.policy.routing.action import Answer
from fairlead.policy.routing.match import HeaderMatch, RouteMatch, TextMatch
from fairlead.policy.snapshot import InvalidSnapshot, Snapshot
from fairlead.policy.workload import Workload
from tests.flow.routes import call_route

WINDOW = Window(threshold=1, window_ms=1000)

GRAY = Condition(source="header", key="location", operator="==", values=("cn-shenzhen",))


def snapshot() -> Snapshot:
    return seal(
        Snapshot(
            revision=7,
            workload=Workload(app="zuul", labels=(("tag", "gray"), ("tag", "blue"))),
            lanes=(Lane(name="gray"),),
            entry=Entry(
                colourings=(Colouring(rule="TrafficLabelRule/r", lane="gray", conditions=(GRAY,)),)
            ),
            services=(
                Service(namespace="default", app="a", endpoints=(Endpoint(address="127.0.0.1:1"),)),
            ),
        )
    )


def plain(**changes: Any) -> dict[str, Any]:
    """Return the wire form with `changes` and a digest that fits them."""
    result: dict[str, Any] = json.loads(json.dumps(to_plain(snapshot()))) | changes
    return result | {"digest": digest(result)}


def test_a_snapshot_survives_the_wire() -> None:
    """Both sides must enforce the same thing."""
    assert read_snapshot(plain()) == (snapshot(), ())


def test_a_workload_that_is_no_entry_has_none_on_the_wire() -> None:
    """An absent entry must not come back as an entry without rules: that one takes labels away."""
    without = seal(Snapshot(revision=1))
    assert read_snapshot(json.loads(json.dumps(to_plain(without)))) == (without, ())


def test_equal_content_has_an_equal_digest_at_any_revision() -> None:
    """The digest decides whether to push: a revision alone is no news."""
    assert seal(Snapshot(revision=1)).digest == seal(Snapshot(revision=2)).digest
    assert seal(Snapshot(revision=1)).digest != snapshot().digest


def test_a_whole_number_is_read_where_a_fraction_may_stand() -> None:
    """Writers in other languages write 1 for 1.0, and mean the same."""
    limit = RateLimit(
        rule="r", strategy="s", resource="/a", windows=(Window(threshold=1, window_ms=1000),)
    )
    plain = to_plain(seal(Snapshot(flow=FlowRules(rate_limits=(limit,)))))
    found, refused = read_snapshot(json.loads(json.dumps(plain)))
    assert (found.flow.rate_limits, refused) == ((limit,), ())


def test_an_unknown_part_is_left_out_and_reported() -> None:
    """A newer control plane must be able to serve an older agent."""
    got, refused = read_snapshot(plain(quotas=[{"x": 1}]))
    assert got.services == snapshot().services
    assert refused == ("quotas: unknown to this version",)


def test_an_unknown_condition_refuses_its_rule_only() -> None:
    """A rule half understood would colour the wrong traffic; the others are still right."""
    changed = plain()
    rule = json.loads(json.dumps(changed["entry"]["colourings"][0]))
    rule["rule"], rule["conditions"][0]["operator"] = "TrafficLabelRule/new", "sounds-like"
    changed["entry"]["colourings"].insert(0, rule)
    got, refused = read_snapshot(plain(entry=changed["entry"]))
    assert got.entry == snapshot().entry
    assert refused == ("entry: TrafficLabelRule/new: unknown operator 'sounds-like'",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"revision": "7"}, "revision: expected int, got str"),
        ({"revision": True}, "revision: expected int, got bool"),
        ({"services": {}}, "services: expected list, got dict"),
        ({"services": [{"app": "a"}]}, "services[0]: "),
        ({"services": [{"app": 1, "namespace": "d"}]}, "services[0].app: expected str, got int"),
        ({"workload": {"labels": [["a"]]}}, "workload.labels[0]: expected 2 items, got 1"),
        ({"lanes": []}, "entry: TrafficLabelRule/r colours with the undeclared lane 'gray'"),
        (
            {
                "services": [
                    {
                        "app": "a",
                        "namespace": "d",
                        "endpoints": [{"address": "x"}, {"address": "x"}],
                    }
                ]
            },
            "services.a: an address is listed twice",
        ),
    ],
)
def test_a_wrong_shape_is_refused_whole_with_its_path(
    changes: dict[str, Any], message: str
) -> None:
    """Half a snapshot is no snapshot, and its sender needs to know which half."""
    with pytest.raises(InvalidSnapshot) as error:
        read_snapshot(plain(**changes))
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("thing", [None, [], "x", 1, {}])
def test_what_is_no_snapshot_is_refused(thing: Any) -> None:
    """The stream may carry anything."""
    with pytest.raises(InvalidSnapshot):
        read_snapshot(thing)


def test_a_digest_that_is_not_the_contents_is_refused() -> None:
    """A stored or half-received snapshot that changed on its way must not be enforced."""
    with pytest.raises(InvalidSnapshot, match="digest"):
        read_snapshot(plain() | {"revision": 8, "services": []})


def test_a_rule_about_calls_that_cannot_be_enforced_refuses_itself_only() -> None:
    """Of its object nothing is used, or calls that it matches would be a later route's."""
    routes = (
        call_route(rule="VirtualService/b http[0]", timeout=-1.0),
        call_route(rule="VirtualService/b http[1]", timeout=1.0),
    )
    other = (call_route(rule="VirtualService/c http[0]", timeout=2.0),)
    clusters = (
        Cluster(rule="DestinationRule/b", most_requests=7),
        Cluster(subset="v1", rule="DestinationRule/b", addresses=("h:1",), connect=-1.0),
    )
    calls = Calls(
        callees=(
            CalleeRules(namespace="default", app="b", routes=routes, clusters=clusters),
            CalleeRules(namespace="default", app="c", routes=other),
        )
    )

    found, refused = read_snapshot(plain(calls=to_plain(calls)))

    assert found.calls is not None
    b, c = found.calls.callees
    assert b.routes == ()
    assert b.clusters == (clusters[0], Cluster(subset="v1", addresses=("h:1",)))
    assert c.routes == other
    assert refused == (
        "calls: b.default: VirtualService/b http[0]: no timeout",
        "calls: b.default: DestinationRule/b: no limits of connections",
    )
    assert found.lanes == snapshot().lanes


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(status=99), "no answer"),
        (
            Answer(status=200, headers=(("x", "1\r\nset-cookie: a"),)),
            "a header with a line break",
        ),
    ],
)
def test_an_answer_that_is_no_response_refuses_its_object(answer: Answer, why: str) -> None:
    good = call_route(rule="VirtualService/c http[0]", answer=Answer(status=418, body="x"))
    bad = call_route(rule="VirtualService/b http[0]", answer=answer)
    calls = Calls(callees=(CalleeRules(namespace="default", app="b", routes=(bad, good)),))
    found, refused = read_snapshot(plain(calls=to_plain(calls)))
    assert found.calls is not None
    assert found.calls.callees[0].routes == (good,)
    assert refused == (f"calls: b.default: VirtualService/b http[0]: {why}",)


def test_a_condition_of_a_route_that_nobody_knows_refuses_its_object() -> None:
    """A newer control plane may know more; what is not understood must not match everything."""
    header = HeaderMatch(name="a", text=TextMatch(kind="like", value="b"))
    route = call_route(rule="VirtualService/b http[0]", match=RouteMatch(headers=(header,)))
    calls = Calls(callees=(CalleeRules(namespace="default", app="b", routes=(route,)),))
    found, (refused,) = read_snapshot(plain(calls=to_plain(calls)))
    assert found.calls is not None
    assert found.calls.callees[0].routes == ()
    assert refused.startswith("calls: b.default: VirtualService/b http[0]: ")
