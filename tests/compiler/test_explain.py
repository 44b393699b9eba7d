"""Why a request is on the lane it is on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fairlead.compiler import World
from fairlead.compiler.explain import explain
from fairlead.compiler.governance import Governance
from fairlead.compiler.request import InvalidQuery
from fairlead.kinds import FlowControl
from tests.compiler.golden_case import world

GOLDEN = Path(__file__).parent / "golden"


def asked(case: str, **query: Any) -> dict[str, Any]:
    """Return the answer in the world of a golden case."""
    return explain(world(GOLDEN / case / "in.yaml")[0], query)


def test_the_winner_its_lane_and_every_hop_are_named():
    """S1-07: the article's request, from the entry to the last hop."""
    answer = asked(
        "traffic-label-rule-article",
        app="spring-cloud-zuul",
        path="/A/a?x=1",
        headers={"Location": "cn-shenzhen"},
    )
    assert answer["lane"] == "gray"
    assert answer["winner"] == "TrafficLabelRule/my-traffic-label-rule"
    assert answer["known"]
    assert answer["entry"]
    assert [(hop["host"], hop["side"], hop["endpoints"]) for hop in answer["hops"]] == [
        ("a", "lane", ["127.0.0.1:8101"]),
        ("b", "base", ["127.0.0.1:8002"]),
        ("c", "lane", ["127.0.0.1:8103"]),
        ("spring-cloud-zuul", "base", ["127.0.0.1:8000"]),
    ]


def test_a_request_that_matches_no_rule_stays_on_base_and_says_what_was_seen():
    """The usual question is why a rule did not match."""
    answer = asked("traffic-label-rule-article", app="spring-cloud-zuul", headers={"location": "x"})
    (rule,) = answer["rules"]
    assert (answer["lane"], rule["result"]) == ("", "no match")
    assert rule["conditions"] == [
        {"condition": "header location == cn-shenzhen", "got": "x", "holds": "no"}
    ]
    assert all(hop["side"] == "base" for hop in answer["hops"])


def test_losers_say_who_goes_first():
    """S2-32: a request that matches two is decided alike every time, and explained."""
    answer = asked(
        "precedence-lane-group",
        app="gateway",
        headers=[["x-tenant", "acme"], ["location", "cn-shenzhen"]],
    )
    assert answer["lane"] == "blue"
    assert [(rule["rule"], rule["result"]) for rule in answer["rules"]] == [
        ("TrafficLane/lane-1-blue", "won"),
        ("TrafficLane/lane-2-gray", "lost"),
        ("TrafficLane/lane-3-gray", "lost"),
        ("TrafficLabelRule/a-green", "lost"),
        ("TrafficLabelRule/b-other-tenant", "no match"),
    ]
    assert "TrafficLane/lane-1-blue goes first" in answer["rules"][3]["why"]


def test_a_draw_is_said_to_be_one():
    """Ten percent per trace cannot be told in advance; of a given trace it can."""
    request: dict[str, Any] = {
        "app": "gateway",
        "path": "/shop?name=xiaoming",
        "headers": {"x-tenant": "acme", "x-age": "7"},
    }
    answer = asked("traffic-lane-canonical", **request)
    assert answer["lane"] == ""
    assert answer["possible"] == [{"rule": "TrafficLane/lane-blue", "lane": "blue"}]
    assert answer["rules"][0]["result"] == "possible"
    lanes = set()
    for number in range(20):
        parent = f"00-{number:032x}-0000000000000001-01"
        request["headers"] = {**request["headers"], "traceparent": parent}
        answer = asked("traffic-lane-canonical", **request)
        assert answer["possible"] == []
        lanes.add(answer["lane"])
    assert lanes == {"", "blue"}


def test_every_part_of_a_request_is_looked_at():
    """Cookies, parameters and addresses are read as agents read them."""
    answer = asked(
        "traffic-label-rule-operators",
        app="gateway",
        method="get",
        path="/shop/%C3%A9?Name=xiaoming&age=65.5",
        headers=[["x-user", "123456789"], ["X-Any", ""], ["Cookie", 'a=b; User="u"']],
        source_ip="10.0.0.1",
    )
    got = {c["condition"]: (c["got"], c["holds"]) for c in answer["rules"][0]["conditions"]}
    assert got["path prefix /shop"] == ("/shop/é", "yes")
    assert got["cookie User not-in a"] == ("u", "yes")
    assert got["method in GET, HEAD"] == ("GET", "yes")
    assert got["query age range 18, 65.5"] == ("65.5", "yes")
    assert got["source-ip == 10.0.0.1"] == ("10.0.0.1", "yes")
    assert got["header x-tenant != acme"] == (None, "yes")
    assert got["trace percentage 10"] == (None, "by chance")


def test_who_is_left_out_of_a_lane_with_shadows_is_named_with_the_reason():
    """Contract 12: otherwise an operator would look for them in vain."""
    answer = asked(
        "workload-label-rule-shadows",
        app="cart",
        namespace="team",
        headers={"x-opensergo-traffic": "gray"},
    )
    hops = {hop["host"]: hop for hop in answer["hops"]}
    assert hops["shop.default"]["endpoints"] == ["10.0.0.4:80"]
    assert hops["shop.default"]["excluded"] == [
        {"address": "10.0.0.2:80", "why": "why"},
        {"address": "10.0.0.1:80", "why": "fairlead[sql] is not installed"},
    ]
    assert hops["shop"]["excluded"] == []
    base = asked("workload-label-rule-shadows", app="cart", namespace="team")
    assert all(hop["excluded"] == [] for hop in base["hops"])


@pytest.mark.parametrize(
    ("headers", "lane"),
    [
        ({"baggage": "other=1,x-blue=blue"}, "blue"),
        ({"x-opensergo-traffic": "blue"}, "blue"),
        ({"OpenSergo-Label": "blue"}, "blue"),
        ({"baggage": "x-blue=_base"}, ""),
        ({"baggage": "other=1"}, ""),
    ],
)
def test_an_app_that_is_no_entry_takes_the_label_it_is_given(headers, lane):
    """Contract 7; and an entry does not, whatever comes in."""
    answer = asked("traffic-lane-canonical", app="shop", headers=headers)
    assert (answer["lane"], answer["entry"]) == (lane, False)
    assert asked("traffic-lane-canonical", app="gateway", headers=headers)["lane"] == ""


def test_an_unknown_app_is_said_to_be_unknown():
    """A misspelt app is no entry either, and that would explain nothing."""
    assert not asked("traffic-lane-canonical", app="gatway")["known"]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ({}, "app: required"),
        ({"app": 5}, "must be a string"),
        ({"app": "a", "headers": "x"}, "headers"),
        ({"app": "a", "headers": [["x"]]}, "[name, value]"),
        ({"app": "a", "headers": {"x": 1}}, "strings"),
        ({"app": "a", "verb": "GET"}, "unknown field verb"),
        ([], "a map"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(query, word):
    """The API hands over what came in."""
    found, _ = world(GOLDEN / "namespaces" / "in.yaml")
    with pytest.raises(InvalidQuery, match=word.replace("[", r"\[")):
        explain(found, query)


def test_services_of_other_namespaces_are_named_as_callers_name_them():
    """`app.namespace`, contract 6."""
    answer = asked("namespaces", app="shop", namespace="team", path="/gray")
    assert [(hop["host"], hop["side"]) for hop in answer["hops"]] == [
        ("shop.default", "base"),
        ("gone", "none"),
        ("shop", "lane"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "resources"),
    [
        ("GET", "/orders/7?x=1", ["GET:/orders/{id}", "/orders/{id}", "GET:/o.*"]),
        ("HEAD", "/orders/7", ["GET:/orders/{id}", "/orders/{id}", "GET:/o.*"]),
        ("POST", "/orders/7", ["/orders/{id}"]),
        ("GET", "/orders/7/items", ["GET:/orders/{id}", "/orders/{id}", "GET:/o.*"]),
        (
            "GET",
            "/orders/7/items/8",
            ["GET:/orders/{id}", "/orders/{id}", "/orders/{id}/items/{item}", "GET:/o.*"],
        ),
        ("POST", "/pkg.Service/Method", ["/pkg.Service/Method"]),
        ("GET", "/x", []),
    ],
)
def test_rules_about_the_flow_of_calls_that_may_concern_a_request_are_told(method, path, resources):
    """Which of a dozen rules rejects this: a variable at the end may hold slashes."""
    names = ["GET:/orders/{id}", "/orders/{id}", "/orders/{id}/items/{item}", "/pkg.Service/Method"]
    targets: list[Any] = [
        *names,
        "call:stock",
        "404",
        "price",
        {"targetResourceName": "GET:/o.*", "regex": True},
    ]
    rule = FlowControl(
        name="r",
        labels={"app": "a"},
        targets=targets,
        strategies=[{"concurrencyLimit": {"maxConcurrency": 3}}],
    )
    found = explain(World.of([rule], [], 1), {"app": "a", "method": method, "path": path})
    told = [one["resource"] for one in found["guards"]]
    assert told == resources
    assert all(one["says"] == "3 at a time" for one in found["guards"])
    off = World.of([rule], [], 1, governance=Governance(default="off"))
    assert explain(off, {"app": "a", "method": method, "path": path})["guards"] == []
