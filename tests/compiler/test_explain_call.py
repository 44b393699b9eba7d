"""What becomes of a call, told before it is made."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.cli.explain_call import worded
from fairlead.compiler import Instance, World
from fairlead.compiler.explain_call import explain_call
from fairlead.compiler.request import InvalidQuery
from fairlead.kinds import parse
from fairlead.kinds.document import read_documents

RULES = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLane
metadata: {name: gray, labels: {app: web}}
spec:
  selector: {app: web}
  rules: {traffic: {http: {headers: {x-gray: {exact: "1"}}}}, workload: {selector: {tag: gray}}, lane: {name: gray}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: orders}
spec:
  hosts: [orders]
  http:
  - match: [{headers: {x-user: {exact: "8"}}}]
    directResponse: {status: 418}
  - match: [{uri: {prefix: /api}}]
    rewrite: {uri: /v2}
    headers: {request: {set: {x-new: "1"}, remove: [x-old]}}
    timeout: 2s
    route:
    - {destination: {host: orders, subset: v1}, weight: 90}
    - {destination: {host: orders, subset: v9, fallback: {subset: v1}}, weight: 10}
    mirror: {host: next}
  - match: [{uri: {exact: /old}}]
    redirect: {uri: /api}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: orders}
spec:
  host: orders
  subsets: [{name: v1, labels: {version: v1}}, {name: v9, labels: {version: v9}}]
"""  # noqa: E501 - as people write it
V1 = (("version", "v1"),)
INSTANCES = (
    Instance(namespace="default", app="orders", address="h:1", labels=V1),
    Instance(namespace="default", app="orders", address="h:2", labels=V1, lane="gray"),
    Instance(namespace="default", app="orders", address="h:3"),
    Instance(namespace="default", app="next", address="h:4"),
    Instance(namespace="default", app="web", address="h:5"),
)


@pytest.fixture(scope="module")
def world() -> World:
    return World.of([parse(one.plain) for one in read_documents(RULES)], INSTANCES, 1)


def asked(world: World, call: str, **more: Any) -> dict[str, Any]:
    return explain_call(world, {"app": "web", "call": call, **more})


def test_the_route_is_named_and_why_not_the_one_before(world):
    """With what arrives, and whose instances may get it."""
    headers = [["x-user", "7"], ["x-old", "1"]]
    found = asked(world, "http://orders/api/cart?a=b", headers=headers)
    assert [one["result"] for one in found["routes"]] == ["no match", "taken", "not reached"]
    assert found["routes"][0]["missed"] == "header x-user == 8"
    assert found["taken"]["sent"] == {
        "method": "GET",
        "path": "/v2/cart?a=b",
        "host": "orders",
        "headers": [["x-new", "1"], ["x-envoy-original-path", "/api/cart?a=b"]],
        "removed": ["x-old"],
    }
    first, second, mirror = found["clusters"]
    assert (first["share"], first["instances"], first["behind"]) == (90.0, ["h:1"], [])
    assert (second["instances"], second["fallback"]["instances"]) == ([], ["h:1"])
    assert (mirror["mirror"], mirror["instances"]) == (True, ["h:4"])


def test_a_lane_comes_before_a_subset(world):
    found = asked(world, "http://orders/api", lane="gray")
    assert (found["clusters"][0]["instances"], found["clusters"][0]["behind"]) == (["h:2"], ["h:1"])


@pytest.mark.parametrize(
    ("call", "headers", "status", "location"),
    [
        ("http://orders/x", {"x-user": "8"}, 418, None),
        ("orders/old?q", {}, 301, "http://orders/api?q"),
        ("http://orders/none", {}, 404, None),
    ],
)
def test_an_answer_is_told(world, call, headers, status, location):
    taken = asked(world, call, headers=headers)["taken"]
    assert (taken["status"], taken.get("location")) == (status, location)


@pytest.mark.parametrize(
    ("match", "result"),
    [
        ("custom: [{name: shop.weekday}]", "possible"),
        ("arguments: {user.id: {exact: '7'}}", "possible"),
        ("custom: [{name: fairlead.trace-id, arguments: {ids: x}}]", "no match"),
        ("custom: [{name: shop.weekday}], method: {exact: POST}", "no match"),
    ],
)
def test_what_only_the_caller_knows_is_possible(match, result):
    """A package's own test and the message of a call are not here: to say no would be made up."""
    text = f"""
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: orders}}
spec:
  hosts: [orders]
  http:
  - match: [{{{match}}}]
    directResponse: {{status: 418}}
  - route: [{{destination: {{host: orders}}}}]
"""
    rules = [parse(one.plain) for one in read_documents(text)]
    found = asked(World.of(rules, INSTANCES, 1), "http://orders/")
    assert [one["result"] for one in found["routes"]] == [result, "taken"]


def test_an_app_without_routes_and_a_host_that_is_no_app(world):
    assert asked(world, "http://next/")["clusters"][0]["instances"] == ["h:4"]
    assert asked(world, "http://example.com/")["callee"] is None


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"call": "https://orders/"}, "call"),
        ({"call": ""}, "call"),
        ({"app": ""}, "app"),
        ({"lane": "a b"}, "lane"),
        ({"labels": {"a": 1}}, "labels"),
        ({"what": 1}, "unknown field what"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(world, query, text):
    with pytest.raises(InvalidQuery, match=text):
        explain_call(world, {"app": "web", "call": "http://orders/", **query})


def test_it_is_told_in_lines(world):
    lines = "\n".join(worded(asked(world, "http://orders/api", lane="gray")))
    assert "1 no match: not header x-user == 8: VirtualService/orders http[0]" in lines
    assert "arrives as: GET /v2, host orders" in lines
    assert "if those refuse a connection: base h:1" in lines
    assert "a copy  to h:4" in lines
    assert "nobody: no instance" in lines
    lines = "\n".join(worded(asked(world, "http://example.com/")))
    assert "is no app that is known" in lines
    assert "none: it is sent as it is" in "\n".join(worded(asked(world, "http://next/")))
    assert "location:   http://orders/api" in "\n".join(worded(asked(world, "http://orders/old")))
