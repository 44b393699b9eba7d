"""What may be asked about the rules of a resource."""

from __future__ import annotations

import pytest

from fairlead.compiler import World
from fairlead.compiler.explain_flow import explain_flow
from fairlead.compiler.governance import Governance
from fairlead.compiler.request import InvalidQuery
from fairlead.kinds import DestinationRule, RateLimit, VirtualService

ROUTES = {"routes": [{"name": "/a"}]}


def test_a_switched_namespace_is_told():
    """Its rules are there, and nothing rejects."""
    rules = [RateLimit(name="a", limit=3, interval="1s", selector=ROUTES)]
    world = World.of(rules, [], 7, [("default", "x")], Governance(default="observe"))
    answer = explain_flow(world, {"app": "x", "resource": "/a"})
    assert (answer["governance"], answer["known"], len(answer["rules"])) == ("observe", True, 1)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"resource": "/a"}, "app: required"),
        ({"app": "x", "resource": ""}, "resource: required"),
        ({"app": "x", "resource": "/" * 1201}, "resource: longer than 1200"),
        ({"app": "x", "resource": 3}, "resource: required"),
        ({"app": "x", "resource": "/a", "namespace": 3}, "namespace: must be a string"),
        ({"app": "x", "resource": "/a", "labels": ["a"]}, "labels: must be a map of texts"),
        ({"app": "x", "resource": "/a", "labels": {"a": 3}}, "labels: must be a map of texts"),
        ({"app": "x", "resource": "/a", "path": "/"}, "unknown field path"),
    ],
)
def test_a_question_that_cannot_be_read_says_why(query, words):
    """It comes from other programs too."""
    with pytest.raises(InvalidQuery, match=words):
        explain_flow(World.of([], [], 1), query)


def test_a_call_of_an_app_is_told_which_route_and_whose_instances_it_gets():
    """Its author sees that his VirtualService counts, and for what."""
    gets = {"match": [{"method": {"exact": "GET"}}], "timeout": "2s"}
    virtual = VirtualService(name="orders", hosts=["orders"], http=[gets])
    rule = DestinationRule(name="orders", host="orders", traffic_policy={"outlierDetection": {}})
    world = World.of([virtual, rule], [], 7, [("default", "orders"), ("default", "front")])
    found = explain_flow(world, {"app": "front", "resource": "call:orders"})["calls"]
    assert found["app"] == "orders.default"
    assert found["routes"] == [
        {
            "rule": "VirtualService/orders http[0]",
            "asked": "method == GET",
            "says": "within 2 s",
        }
    ]
    assert [one["rule"] for one in found["clusters"]] == ["DestinationRule/orders"]
    assert "leaves one out for 30 s after 5 failures in a row" in found["clusters"][0]["says"]
    assert explain_flow(world, {"app": "front", "resource": "call:stock"})["calls"] is None
    assert explain_flow(world, {"app": "front", "resource": "/orders"})["calls"] is None
