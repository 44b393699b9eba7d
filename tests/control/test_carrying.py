"""What is said of gateways and routes by what data planes have and refuse."""

from __future__ import annotations

from dataclasses import replace

from fairlead.control.carrying import Carried, Carrier
from fairlead.control.condition import Condition
from tests.control.test_mesh import SPLIT, WEB, world

TABLE = "shop/web:8080"
GATEWAY = Carrier(
    node="router-1", namespace="shop", asked=frozenset({TABLE}), has=frozenset({TABLE})
)
CALLER = Carrier(
    node="cart-1",
    namespace="mall",
    asked=frozenset({"outbound"}),
    has=frozenset({"outbound"}),
)
WEB_ = WEB.partition("  - {name: https")[0] + "---" + WEB.partition("---")[2]
ENFORCED = {"in": "Unknown", "split": "True"}


def told(name: str, *carriers: Carrier, text: str = WEB_) -> Condition:
    """Return `Enforced` of a route."""
    found = world(text + "---" + SPLIT)
    (finding,) = (one for one in found.findings() if one.name == name and one.type == "Enforced")
    condition = Condition(
        type=finding.type, status=finding.status, reason=finding.reason, message=finding.message
    )
    return Carried(found, carriers).condition((finding.kind, "shop", name), condition)


def test_nobody_carries_it_out():
    assert {name: told(name).status for name in ENFORCED} == ENFORCED
    assert told("in", CALLER).reason == "NoDataPlane"


def test_a_route_of_a_gateway_is_carried_out_by_who_has_its_table():
    found = told("in", GATEWAY)

    assert (found.status, found.message) == ("True", "carried out by router-1")


def test_a_port_that_nobody_serves_is_said():
    found = told("in", GATEWAY, text=WEB)

    assert (found.status, found.reason) == ("False", "Partly")
    assert found.message == "carried out by router-1; no gateway serves shop/web:8443"


def test_of_a_route_for_callers_agents_are_named_and_who_has_it_beside_them():
    found = told("split", CALLER)

    assert (found.status, found.reason) == ("True", "PerProcess")
    assert found.message.startswith("scope: process")
    assert found.message.endswith("cart-1")


def test_a_route_for_callers_of_an_app_that_a_virtual_service_is_about_says_so():
    other = """---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: all, namespace: shop}
spec: {hosts: ["*"], http: [{route: [{destination: {host: web}}]}]}
"""
    found = told("split", CALLER, text=WEB_ + other)

    assert (found.status, found.reason) == ("False", "Overridden")


def test_what_is_refused_is_said_with_the_reason():
    refusing = replace(GATEWAY, has=frozenset(), refused=("no such filter",))
    found = told("in", refusing)

    assert (found.status, found.reason) == ("False", "Refused")
    assert found.message == "refused by router-1: no such filter"
    assert told("split", refusing).reason == "PerProcess"


def test_a_listener_that_is_refused_is_known_by_its_name():
    reason = f"Error adding/updating listener(s) {TABLE}: cannot bind"
    refusing = replace(GATEWAY, asked=frozenset(), has=frozenset(), refused=(reason,))

    assert told("in", refusing).reason == "Refused"


def test_of_two_ports_the_refused_one_is_said():
    refusing = replace(GATEWAY, refused=("shop/web:8443: cannot bind",))

    assert told("in", refusing, text=WEB).reason == "Refused"


SERVICE = """---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: times}
spec: {hosts: [orders], http: [{timeout: 1s}]}
"""


def test_of_what_agents_enforce_it_is_said_which_data_planes_have_it_and_who_refuses():
    clusters = "Error adding/updating cluster(s) outbound|80||orders.shop.svc.cluster.local: no"
    alone, with_envoy = (
        told("times", text=WEB_ + SERVICE),
        told("times", CALLER, text=WEB_ + SERVICE),
    )
    refused = told("times", replace(CALLER, refused=(clusters,)), text=WEB_ + SERVICE)

    assert (alone.status, with_envoy.status, refused.status) == ("True", "True", "False")
    assert with_envoy.message == f"{alone.message}; data planes of xDS have it: cart-1"
    assert refused.message.startswith(f"refused by cart-1: {clusters}")
