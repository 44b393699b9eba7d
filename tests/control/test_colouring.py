"""Entries of Envoys: the same requests are on the same lanes as with the agent."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

import pytest

from fairlead.compiler.gateways.conditions import Unsaid, narrowed
from fairlead.compiler.gateways.report import EVERY
from fairlead.control.colouring import Entrance
from fairlead.control.mesh import ROUTER, Scope, mesh
from fairlead.flow.lane import Lanes
from fairlead.policy.lane import Colouring, Entry, Lane
from fairlead.policy.match import Condition
from fairlead.policy.routing.action import Forward, Weighted
from fairlead.policy.routing.match import EVERYTHING, PathMatch, RouteMatch
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.router import Router
from fairlead.policy.routing.table import Route, RouteTable, VirtualHost
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.control.test_mesh import WEB, at, gateway, world

HEADER: dict[str, Any] = {"source": "header", "key": "x-user"}
CONDITIONS = [
    Condition(**HEADER, operator="==", values=("ada",)),
    Condition(**HEADER, operator="!=", values=("ada",)),
    Condition(**HEADER, operator="in", values=("ada", "b.b")),
    Condition(**HEADER, operator="not-in", values=("ada", "b.b")),
    Condition(**HEADER, operator="prefix", values=("a",)),
    Condition(**HEADER, operator="regex", values=("a.*|x",)),
    Condition(**HEADER, operator="exists"),
    Condition(**HEADER, operator="range", values=("1", "20")),
    Condition(source="query", key="v", operator="==", values=("2",)),
    Condition(source="query", key="v", operator="regex", values=("[0-9]+",)),
    Condition(source="query", key="v", operator="exists"),
    Condition(source="cookie", key="c", operator="==", values=("1",)),
    Condition(source="cookie", key="c", operator="exists"),
    Condition(source="cookie", key="c", operator="!=", values=("1",)),
    Condition(source="path", operator="==", values=("/a",)),
    Condition(source="path", operator="prefix", values=("/a",)),
    Condition(source="path", operator="regex", values=("/a/[0-9]+",)),
    Condition(source="path", operator="!=", values=("/a",)),
    Condition(source="path", operator="in", values=("/a", "/b")),
    Condition(source="method", operator="==", values=("POST",)),
    Condition(source="method", operator="not-in", values=("POST", "PUT")),
    Condition(source="trace", operator="percentage", values=("100",)),
    Condition(source="trace", operator="percentage", values=("0",)),
]


def sent_to(route: Route | None) -> tuple[Weighted, ...]:
    """Return who is called by a route that sends on."""
    assert route is not None
    assert isinstance(route.action, Forward)
    return route.action.clusters


REQUESTS = [
    Request(path="/", headers={}),
    Request(path="/a?v=2", headers={"x-user": "ada", "cookie": "d=1; c=1"}),
    Request(path="/a/7?v=x", headers={"x-user": "bxb", "cookie": "c=2"}),
    Request(path="/b", headers={"x-user": "20"}, method="POST"),
    Request(path="/ab?v=2a", headers={"x-user": "21"}, method="PUT"),
    Request(path="/c?w=/a", headers={"x-user": "x", "cookie": "cc=1"}),
]


class Seen:
    """A request as an agent sees it (`policy.match.RequestView`)."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def header(self, name: str) -> str | None:
        return self._request.headers.get(name)

    def query(self, name: str) -> str | None:
        return dict(parse_qsl(self._request.path.partition("?")[2])).get(name)

    def cookie(self, name: str) -> str | None:
        pairs = (one.partition("=") for one in self._request.headers.get("cookie", "").split("; "))
        return next((value for key, _, value in pairs if key == name), None)

    def path(self) -> str | None:
        return self._request.path.partition("?")[0]

    def method(self) -> str | None:
        return self._request.method

    def source_ip(self) -> str | None:
        return None

    def trace(self) -> str | None:
        return None


def entry(*conditions: Condition, lane: str = "blue", own: str = "") -> Snapshot:
    """Return what an entry with one rule enforces."""
    colouring = Colouring(rule="TrafficLane/a", lane=lane, conditions=conditions)
    return Snapshot(
        workload=Workload(namespace="shop", app="web", lane=own),
        lanes=(Lane(name=lane, key="x-lane%"),),
        entry=Entry(colourings=(colouring,)),
    )


def to_lane(action: Forward, lane: str) -> Forward:
    return Forward(clusters=(Weighted(cluster=lane),))


def table(snapshot: Snapshot, match: RouteMatch = EVERYTHING) -> RouteTable:
    """Return the table of an entry that sends everything to base."""
    route = Route(name="all", match=match, action=Forward(clusters=(Weighted(cluster=""),)))
    host = VirtualHost(name="all", domains=("*",), routes=(route,))
    return Entrance(snapshot).table(RouteTable(hosts=(host,)), to_lane)


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
@pytest.mark.parametrize("prefix", ["/", "/a"])
def test_a_route_and_an_agent_put_the_same_requests_on_a_lane(condition, prefix):
    snapshot, match = entry(condition), RouteMatch(path=PathMatch(value=prefix))
    router, lanes = Router(table(snapshot, match)), Lanes(snapshot)

    for request in REQUESTS:
        if router.route(request).route is None:
            continue  # the route is not for it
        (found,) = sent_to(router.route(request).route)
        assert found.cluster == lanes.colour(Seen(request), lambda: 0.5)[0], request


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        (Condition(source="source-ip", operator="==", values=("::1",)), "source-ip"),
        (Condition(**HEADER, operator="percentage", values=("5",)), "by the value of a header"),
        (Condition(**HEADER, operator="range", values=("1.5", "2")), "whole"),
        (Condition(**HEADER, operator="regex", values=("(?=a)a",)), "refuses it"),
        (Condition(source="query", key="v", operator="!=", values=("2",)), "!= of a parameter"),
        (Condition(source="query", key="v", operator="range", values=("1", "2")), "range"),
        (Condition(source="trace", operator="==", values=("1",)), "trace"),
    ],
)
def test_what_an_envoy_cannot_test_puts_nothing_on_a_lane(condition, why):
    """A request on the wrong lane would write another lane's rows."""
    with pytest.raises(Unsaid, match=why):
        narrowed(EVERYTHING, (condition,))

    assert [one.name for one in table(entry(condition)).hosts[0].routes] == ["all"]


def test_a_request_on_a_lane_says_so_to_who_is_called():
    (blue, _) = table(entry(CONDITIONS[0])).hosts[0].routes

    (label,) = blue.changes.request_set
    assert (label.name, label.value, label.how) == ("baggage", "x-lane%%=blue", "append")


def test_what_no_rule_is_for_is_on_the_lane_of_the_entry():
    *_, rest = table(entry(CONDITIONS[0], own="gray")).hosts[0].routes

    assert sent_to(rest)[0].cluster == "gray"
    assert rest.changes.request_set[0].value == "x-opensergo-traffic=gray"


def test_labels_that_stand_in_headers_of_their_own_are_removed():
    removed = table(entry(CONDITIONS[0])).changes.request_removed

    assert {"x-opensergo-traffic", "x-lane%"} <= set(removed)


@pytest.mark.parametrize("mode", ["off", "observe"])
def test_a_namespace_that_is_not_governed_puts_nothing_on_a_lane(mode):
    snapshot = entry(CONDITIONS[0])
    plain = Snapshot(lanes=snapshot.lanes, entry=snapshot.entry, governance=mode)

    assert [one.name for one in table(plain).hosts[0].routes] == ["all"]


LANE = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLane
metadata: {name: blue, namespace: shop, labels: {app: APP}}
spec:
  selector: {app: APP}
  rules: {traffic: {http: {headers: {x-user: {exact: ada}}}}}
  lane: {name: blue}
---
"""


SHARE = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: TrafficLabelRule
metadata: {name: blue, namespace: shop, labels: {app: APP}}
spec:
  selector: {app: APP}
  trafficLabel: blue
  match: [{type: header, key: x-user, condition: percentage, value: "5"}]
---
"""


@pytest.mark.parametrize("app", ["web", EVERY])
def test_a_gateway_sends_a_lane_to_its_instances(app):
    """A rule names the Gateway, or the data plane that serves all of them."""
    found = gateway(LANE.replace("APP", app) + WEB)
    (routes,) = (host.routes for host in found.tables[0].hosts)
    both = [at("orders", "~blue"), at("orders")]

    assert [sent_to(one)[0].cluster for one in routes] == both
    assert {one.name for one in found.clusters} == set(both)
    assert [one.name for one in found.listeners[0].filters] == ["envoy.filters.http.lua"]


def test_a_gateway_on_a_lane_is_where_its_requests_are():
    scope = Scope(namespace="shop", kind=ROUTER, gateway="web", lane="blue")
    found = mesh(world(WEB), scope)

    assert [one.name for one in found.clusters] == [at("orders", "~blue")]


def findings(text: str) -> dict[str, str]:
    """Return what the author of the lane is told, by type."""
    kinds = ("TrafficLane", "TrafficLabelRule")
    return {one.type: one.message for one in world(text).findings() if one.kind in kinds}


def test_authors_are_told_what_a_gateway_does_not_do():
    assert not {"NotHonoured", "TargetNotSeen"} & findings(LANE.replace("APP", "web") + WEB).keys()
    told = findings(SHARE.replace("APP", "web") + WEB)["NotHonoured"]
    assert told.endswith("at gateways it puts no request on the lane blue")
    assert "NotHonoured" not in findings(SHARE.replace("APP", "orders") + WEB)


def test_the_filter_has_its_code_with_the_keys():
    content = json.loads(Entrance(entry(CONDITIONS[0])).strip().content or "")

    assert '["x-lane%"]=true' in content["default_source_code"]["inline_string"]
