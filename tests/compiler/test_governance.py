"""The switch of a namespace in snapshots, in what authors are told, and in explanations."""

from __future__ import annotations

import pytest

from fairlead.compiler import Instance, World
from fairlead.compiler.explain import explain
from fairlead.compiler.governance import Governance
from fairlead.kinds import Match, TrafficLabelRule, TrafficLane
from fairlead.policy.governance import OBSERVE, OFF, ON

RESOURCES = [
    TrafficLabelRule(
        name="gray",
        labels={"app": "gateway"},
        traffic_label="gray",
        match=[Match(type="header", key="x", condition="==", value="1")],
    ),
    TrafficLane(name="green", lane="green", workload={"arch": "arm"}),
]
KNOWN = [("default", "gateway")]


def world(mode: str) -> World:
    return World.of(RESOURCES, [], 1, KNOWN, Governance(namespaces={"default": mode}))


def test_a_namespace_has_its_own_mode_and_others_the_default():
    """The label wins over the default of the control plane, in both directions."""
    governance = Governance(default=OBSERVE, namespaces={"shop": ON, "team": OFF})
    found = World.of([], [], 1, (), governance)
    modes = [found.snapshot(name, "a").governance for name in ("shop", "team", "default")]
    assert modes == [ON, OFF, OBSERVE]


def test_a_mode_is_part_of_the_digest():
    """Agents are only sent what has another digest."""
    digests = {world(mode).snapshot("default", "gateway").digest for mode in (OFF, OBSERVE, ON)}
    assert len(digests) == 3


@pytest.mark.parametrize(
    ("mode", "reasons"),
    [(ON, []), (OBSERVE, ["NamespaceObserves"]), (OFF, ["NamespaceIsOff"])],
)
def test_the_author_of_a_rule_is_told_that_it_is_not_enforced(mode, reasons):
    """``Live=True`` alone would say that it decides."""
    found = [one for one in world(mode).findings() if one.type == "Enforced"]
    assert [(one.name, one.status, one.reason) for one in found] == [
        ("gray", "False", reason) for reason in reasons
    ]


@pytest.mark.parametrize("mode", [OBSERVE, OFF])
def test_an_explanation_says_what_would_be(mode):
    """`fairlead explain request` must not name a lane that nobody is put on."""
    instance = Instance(namespace="default", app="gateway", address="10.0.0.1:80")
    found = World.of(RESOURCES, [instance], 1, KNOWN, Governance(namespaces={"default": mode}))
    answer = explain(found, {"app": "gateway", "headers": [["x", "1"]]})
    assert (answer["lane"], answer["governance"]) == ("", mode)
    assert answer["why"] == (
        f"governance of namespace default is {mode}: no rule is enforced; "
        "TrafficLabelRule/gray would choose gray"
    )
