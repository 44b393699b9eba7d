"""What gateways are given of Istio's Gateways, and the VirtualServices there."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.control.mesh import ROUTER
from fairlead.policy.mesh import Mesh
from fairlead.policy.routing.action import Redirect
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.router import Decision, Router
from tests.control.test_mesh_istio import SUBSETS, at, given

WEB = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 8080, name: http, protocol: HTTP}
    hosts: ["HOSTS"]
"""
AT_WEB = """---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: NAME, creationTimestamp: "TIME"}
spec:
  hosts: ["HOST"]
  gateways: [web]
  http:
"""


def web(hosts: str = "*") -> str:
    return WEB.replace("HOSTS", hosts)


def rule(http: str, host: str = "*", name: str = "in", time: str = "2026-01-01T00:00:00Z") -> str:
    text = AT_WEB.replace("NAME", name).replace("HOST", host).replace("TIME", time)
    return f"{text}{http}\n"


def served(text: str, **scope: Any) -> Mesh:
    return given(text, **{"kind": ROUTER, "gateway": "web"} | scope)


def asked(found: Mesh, path: str = "/", host: str = "a.example.com", **more: Any) -> Decision:
    (table,) = found.tables
    return Router(table).route(Request(authority=host, path=path, headers={}, **more))


TO_ORDERS = "  - route: [{destination: {host: orders, subset: v2}}]"


def test_a_virtual_service_at_a_gateway_leads_to_subsets_and_is_nothing_within():
    """A copy of a service, at the gateway only."""
    text = web() + rule(TO_ORDERS) + SUBSETS
    found = served(text)

    assert [one.address for one in found.listeners] == ["127.0.0.1:8080"]
    assert asked(found).cluster == at("orders", "v2")
    assert {one.name for one in found.clusters} == {at("orders", "v2")}
    assert all(host.name != "*" for table in given(text).tables[:-1] for host in table.hosts)


@pytest.mark.parametrize(
    ("hosts", "host", "called", "meant"),
    [
        ("*", "a.example.com", "a.example.com", True),
        ("*", "a.example.com", "b.example.com", False),
        ("*.example.com", "*", "a.example.com", True),
        ("*.example.com", "*", "example.org", False),
        ("*.example.com", "a.example.com", "b.example.com", False),
        ("shop/*", "a.example.com", "a.example.com", True),
        ("./*", "a.example.com", "a.example.com", True),
        ("other/*", "a.example.com", "a.example.com", False),
        ("*/a.example.com", "a.example.com", "a.example.com:8080", True),
        ("*", "orders", "orders.shop.svc.cluster.local", True),
    ],
)
def test_hosts_are_those_that_both_are_about(hosts, host, called, meant):
    found = served(web(hosts) + rule(TO_ORDERS, host) + SUBSETS)

    assert (asked(found, host=called).cluster == at("orders", "v2")) is meant


@pytest.mark.parametrize(
    ("scope", "count"),
    [
        ({"gateway": "web"}, 1),
        ({"gateway": "gateway"}, 1),
        ({"gateway": "other"}, 0),
        ({"gateway": "other", "labels": (("istio", "ingressgateway"),)}, 1),
        ({"gateway": "x", "namespace": "y", "labels": (("istio", "ingressgateway"),)}, 1),
        ({"gateway": "web", "namespace": "other"}, 0),
    ],
)
def test_who_serves_is_of_its_name_or_has_the_labels(scope, count):
    assert len(served(web() + rule(TO_ORDERS) + SUBSETS, **scope).listeners) == count


def test_of_several_about_one_host_what_takes_everything_comes_last():
    every = rule("  - directResponse: {status: 418}", "a.example.com", "a")
    one = rule(
        "  - match: [{uri: {prefix: /api}}]\n  "
        + TO_ORDERS.strip()[2:].replace("route", "  route"),
        "a.example.com",
        "b",
        "2026-02-01T00:00:00Z",
    )
    found = served(web() + every + one + SUBSETS)

    assert asked(found, "/api").cluster == at("orders", "v2")
    assert asked(found, "/").status == 418


def test_a_match_may_be_for_one_gateway_and_for_its_port():
    http = (
        "  - match: [{gateways: [mesh]}]\n    directResponse: {status: 400}\n"
        "  - match: [{gateways: [shop/other]}]\n    directResponse: {status: 401}\n"
        "  - match: [{port: 80}]\n    directResponse: {status: 402}\n"
        "  - match: [{port: 8080, gateways: [web]}]\n    directResponse: {status: 418}\n"
    )
    assert asked(served(web() + rule(http))).status == 418


def test_a_server_may_send_to_https_and_one_of_https_has_files():
    text = web().replace('hosts: ["*"]', 'hosts: ["*"]\n    tls: {httpsRedirect: true}')
    text += (
        "  - port: {number: 8443, protocol: HTTPS}\n    hosts: ['*']\n"
        "    tls: {mode: MUTUAL, serverCertificate: /c.pem, privateKey: /k.pem,"
        " caCertificates: /ca.pem}\n"
    )
    found = served(text + rule(TO_ORDERS) + SUBSETS)
    plain, secure = found.tables
    decision = Router(plain).route(Request(authority="a"))

    assert decision.route is not None
    assert decision.route.action == Redirect(https=True)
    assert Router(secure).route(Request(authority="a", scheme="https")).cluster
    (tls,) = (one.tls for one in found.listeners if one.tls is not None)
    assert (tls.certificate, tls.key, tls.authorities, tls.require_client) == (
        "/c.pem",
        "/k.pem",
        "/ca.pem",
        True,
    )
