"""What data planes are given: rules of the Gateway API, lanes, and the ports of gateways."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import pytest

from fairlead.compiler import Instance, World
from fairlead.compiler.gateways.report import EVERY
from fairlead.control.mesh import OUTBOUND, ROUTER, SIDECAR, Scope, mesh
from fairlead.kinds import parse
from fairlead.kinds.document import read_documents
from fairlead.policy.mesh import Mesh
from fairlead.policy.routing.action import Answer, Forward
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.router import Router
from fairlead.protocols.xds.codec import Encoder
from fairlead.protocols.xds.resource import ROUTES

BLUE = ("baggage", "user=ada,x-opensergo-traffic=blue")
PARENT = "{group: '', kind: Service, name: orders}"
SPLIT = f"""
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: split, namespace: shop}}
spec:
  parentRefs: [{PARENT}]
  rules:
  - matches: [{{path: {{value: /new}}}}]
    backendRefs: [{{name: next, port: 80}}]
  - backendRefs:
    - {{name: orders, port: 80, weight: 9}}
    - {{name: next, port: 8080, weight: 1}}
    - {{name: nobody, port: 80, weight: 1}}
"""
WEB = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec:
  gatewayClassName: fairlead
  listeners:
  - {name: http, port: 8080, protocol: HTTP}
  - {name: https, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: c}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: in, namespace: shop}
spec:
  parentRefs: [{name: web}]
  rules: [{backendRefs: [{name: orders, port: 80}]}]
"""
OTHER = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: admin, namespace: shop}
spec:
  gatewayClassName: fairlead
  listeners: [{name: http, port: 9090, protocol: HTTP}]
"""
APPS = [("orders", ""), ("orders", "blue"), ("next", ""), ("stock", "")]


def world(text: str = "", apps: Iterable[tuple[str, str]] = APPS) -> World:
    """Return a World of objects, and of one instance for each app and lane."""
    objects = [parse(one.plain, namespace="shop") for one in read_documents(text)]
    instances = [
        Instance(namespace="shop", app=app, lane=lane or None, address=f"10.0.0.1:{7000 + n}")
        for n, (app, lane) in enumerate(apps)
    ]
    return World.of(objects, instances, 1)


def calls(text: str, namespace: str = "shop") -> Mesh:
    """Return what sidecars of a namespace are given."""
    return mesh(world(text), Scope(namespace=namespace, kind=SIDECAR))


def gateway(text: str, name: str = EVERY, address: str = "") -> Mesh:
    """Return what gateways of shop are given."""
    return mesh(world(text), Scope(namespace="shop", kind=ROUTER, gateway=name, address=address))


def reached(found: Mesh, path: str = "/", *headers: tuple[str, str], host: str = "orders") -> Any:
    """Return the clusters that a call is sent to with their weights, or its status."""
    (table,) = (one for one in found.tables if one.name == OUTBOUND)
    decision = Router(table).route(Request(authority=host, path=path, headers=dict(headers)))
    if decision.route is None:
        return None
    action = decision.route.action
    if isinstance(action, Answer):
        return action.status
    assert isinstance(action, Forward)
    return {one.cluster: one.weight for one in action.clusters}


def at(app: str, subset: str = "", port: int = 80) -> str:
    """Return the name of a cluster of shop."""
    return f"outbound|{port}|{subset}|{app}.shop.svc.cluster.local"


def test_a_route_for_callers_comes_instead_of_the_instances_of_an_app():
    assert reached(calls("")) == {at("orders"): 1}
    assert reached(calls(SPLIT), "/new/1") == {at("next"): 1}
    assert reached(calls(SPLIT)) == {
        at("orders"): 9,
        at("next", port=8080): 1,
        "invalid-backend": 1,
    }
    assert reached(calls(SPLIT), host="stock") == {at("stock"): 1}


def test_no_rule_that_matches_is_no_route():
    narrow = SPLIT.partition("  - backendRefs")[0]

    assert reached(calls(narrow), "/other") is None


def test_a_rule_sends_a_lane_to_the_lanes_instances_and_to_base_where_there_are_none():
    found = calls(SPLIT)

    assert reached(found, "/", BLUE) == {
        at("orders", "~blue"): 9,
        at("next", port=8080): 1,
        "invalid-backend": 1,
    }
    assert reached(found, "/new", BLUE) == {at("next"): 1}


def test_each_cluster_that_a_rule_names_is_there_but_no_invalid_one():
    clusters = {one.name: one for one in calls(SPLIT).clusters}
    elsewhere = clusters[at("next", port=8080)]

    assert "invalid-backend" not in clusters
    assert elsewhere.localities == clusters[at("next")].localities != ()


def test_a_route_of_another_namespace_is_for_its_own_callers():
    consumer = SPLIT.replace("namespace: shop", "namespace: mall").replace(
        "name: orders}", "name: orders, namespace: shop}", 1
    )

    assert reached(calls(consumer)) == {at("orders"): 1}
    assert reached(calls(consumer, "mall"), host="orders.shop") == 500  # mall has no such apps


def test_clients_of_grpc_get_a_prefix_that_they_know():
    (table,) = (one for one in calls(SPLIT).tables if one.name == "orders.shop.svc.cluster.local")
    paths = {route.match.path.kind for route in table.hosts[0].routes}

    assert paths == {"regex", "prefix"}


def test_a_gateway_opens_its_ports_of_http_and_believes_no_label():
    found = gateway(WEB)
    ((listener,), (table,)) = found.listeners, found.tables

    assert listener.address == "127.0.0.1:8080"
    assert listener.table == table.name
    assert [one.name for one in found.clusters] == [at("orders")]
    assert "x-opensergo-traffic" in table.changes.request_removed


@pytest.mark.parametrize(
    ("name", "ports"), [(EVERY, {"8080", "9090"}), ("web", {"8080"}), ("none", set())]
)
def test_a_gateway_serves_the_one_of_its_name_or_all_of_its_namespace(name, ports):
    found = gateway(WEB + "---" + OTHER, name)

    assert {one.address.rpartition(":")[2] for one in found.listeners} == ports


def test_a_gateway_listens_where_it_says():
    assert [one.address for one in gateway(OTHER, address="::").listeners] == ["[::]:9090"]


def test_a_port_that_two_gateways_want_is_opened_once():
    same = OTHER.replace("9090", "8080")

    assert [one.name for one in gateway(WEB + "---" + same).listeners] == ["shop/admin:8080"]


def test_a_rule_changes_the_tables_of_its_app_and_nothing_else():
    encoder = Encoder()
    before = encoder.view(calls(""))
    after = encoder.view(calls(SPLIT), before)
    old, new = before.of(ROUTES).resources, after.of(ROUTES).resources
    changed = {name for name, one in new.items() if old[name].version != one.version}

    assert changed == {OUTBOUND, "orders.shop.svc.cluster.local"}
    again = encoder.view(calls(SPLIT), after)
    assert again.of(ROUTES) is after.of(ROUTES)


def test_a_thousand_apps_with_rules_are_made_in_time():
    apps = [(f"app-{n}", lane) for n in range(1000) for lane in ("", "blue")]
    rules = "---".join(
        SPLIT.replace("name: split", f"name: split-{n}").replace("orders", f"app-{n}")
        for n in range(100)
    )
    found = world(rules, apps)
    started = time.process_time()

    made = mesh(found, Scope(namespace="shop", kind=SIDECAR))

    assert len(made.clusters) >= 2000
    assert time.process_time() - started < 2


SHADOW = """
apiVersion: traffic.opensergo.io/v1alpha1
kind: WorkloadLabelRule
metadata: {name: shadow, namespace: shop}
spec:
  workloadLabels: [blue]
  selector: {database: shop, table: orders_blue}
"""
UNHOOKED = "sqlite3 is not hooked"


@pytest.mark.parametrize(
    ("unfit", "served"),
    [
        ((), {"10.0.0.2:1"}),
        (("10.0.0.2:1",), {"10.0.0.1:1", "10.0.0.1:2"}),
        (("10.0.0.2:1", "10.0.0.1:1"), {"10.0.0.1:2"}),
        (("10.0.0.2:1", "10.0.0.1:1", "10.0.0.1:2"), set()),
    ],
)
def test_a_lane_with_shadow_tables_is_served_by_who_is_fit_for_them(unfit, served):
    """Others would write its rows to base; where nobody is fit, nobody serves it (contract 12)."""
    lanes = {"10.0.0.1:1": "", "10.0.0.1:2": "", "10.0.0.2:1": "blue"}
    instances = [
        Instance(
            namespace="shop", app="orders", lane=lane, address=address,
            unfit_for_tables=UNHOOKED if address in unfit else "",
        )
        for address, lane in lanes.items()
    ]  # fmt: skip
    objects = [parse(one.plain, namespace="shop") for one in read_documents(SHADOW)]
    given = mesh(World.of(objects, instances, 1), Scope(namespace="shop", kind=SIDECAR))
    (found,) = (one for one in given.clusters if one.name.startswith("outbound|80|~blue|"))
    addresses = {each.address for one in found.localities for each in one.endpoints}
    assert addresses == served
