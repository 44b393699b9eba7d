"""Which lane a request is on: entries decide, others trust, gray instances fill in."""

from __future__ import annotations

import pytest

from fairlead.flow.lane import Lanes
from fairlead.policy.lane import Colouring, Entry, Lane
from fairlead.policy.match import Condition
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.policy.request_table import Request

LANES = (Lane(name="gray"), Lane(name="blue", key="x-blue-key"))


def colouring(lane: str, key: str, rule: str = "TrafficLane/x") -> Colouring:
    condition = Condition(source="header", key=key, operator="exists")
    return Colouring(rule=rule, lane=lane, conditions=(condition,))


def lanes(own: str = "", entry: Entry | None = None, *, trust: bool = True) -> Lanes:
    return Lanes(
        Snapshot(workload=Workload(app="a", lane=own), lanes=LANES, entry=entry), trust=trust
    )


@pytest.mark.parametrize(
    ("labels", "own", "expected"),
    [
        ({}, "", ""),
        ({"x-opensergo-traffic": "gray"}, "", "gray"),
        ({"opensergo-label": "gray"}, "", "gray"),
        ({"opensergolabel": "gray"}, "", "gray"),
        ({"x-blue-key": "blue"}, "", "blue"),
        ({"x-opensergo-traffic": "_base"}, "", ""),
        ({"x-opensergo-traffic": "a b"}, "", ""),
        ({"x-opensergo-traffic": "a b", "opensergo-label": "gray"}, "", "gray"),
        ({}, "gray", "gray"),
        ({"x-opensergo-traffic": "blue"}, "gray", "blue"),
        ({"x-opensergo-traffic": "a b"}, "gray", "gray"),
    ],
)
def test_an_inner_app_trusts_the_label(labels: dict[str, str], own: str, expected: str) -> None:
    """Contract 7 and 8; every key that OpenSergo's documents have used is read."""
    assert lanes(own).inherit(labels) == expected


def test_trust_none_drops_the_label() -> None:
    """FAIRLEAD_TRUST=none: for an app that outsiders can reach."""
    labels = {"x-opensergo-traffic": "gray"}
    assert lanes(trust=False).inherit(labels) == ""
    assert lanes("blue", trust=False).inherit(labels) == "blue"


def test_the_first_colouring_that_matches_wins() -> None:
    """Contract 11: the order is decided once, by the compiler, and is the same every time."""
    rules = lanes(entry=Entry(colourings=(colouring("gray", "a"), colouring("blue", "b"))))
    both = Request(headers={"a": "1", "b": "1"})
    assert [rules.colour(both, lambda: 0.0)[0] for _ in range(100)] == ["gray"] * 100
    assert rules.colour(Request(headers={"b": "1"}), lambda: 0.0)[0] == "blue"
    assert rules.colour(Request(), lambda: 0.0) == ("", None)


def test_an_entry_does_not_trust_a_label() -> None:
    """A client could send it: fault F19."""
    rules = lanes(entry=Entry())
    assert rules.entry
    assert rules.inherit({"x-opensergo-traffic": "gray"}) == ""


def test_a_label_is_written_under_its_lanes_key() -> None:
    """`traceIdBaggage` names the key that the next hop, of any vendor, looks for."""
    assert lanes().label("gray", None) == "x-opensergo-traffic=gray"
    assert lanes().label("blue", None) == "x-blue-key=blue"
    assert lanes().label("unheard-of", None) == "x-opensergo-traffic=unheard-of"


def test_a_label_replaces_only_our_member() -> None:
    """Contract 10: OpenTelemetry writes the same header."""
    header = "user=1,x-blue-key=blue,OpenSergo-Label=old"
    assert lanes().label("gray", header) == "x-opensergo-traffic=gray,user=1"
    assert lanes().label("", header) == "user=1"
    assert lanes().label("", "x-blue-key=blue") is None
    assert lanes().label("", None) is None
