"""Who is attached where, who may refer to whom, and what each object is told."""

from __future__ import annotations

import pytest

from fairlead.policy.routing.table import RouteTable
from tests.compiler.gateways.decide import Asked, outcome, table, world

GATEWAY = "Gateway.gateway.networking.k8s.io"
LISTENERS = """
apiVersion: gateway.networking.k8s.io/v1beta1
kind: Gateway
metadata: {name: web, namespace: infra}
spec:
  gatewayClassName: fairlead
  listeners:
  - {name: any, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
  - name: wild
    port: 80
    protocol: HTTP
    hostname: "*.example.com"
    allowedRoutes: {namespaces: {from: All}}
  - name: exact
    port: 80
    protocol: HTTP
    hostname: one.example.com
    allowedRoutes:
      namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: shop}}}
  - {name: own, port: 8080, protocol: HTTP}
  - name: grpc
    port: 8081
    protocol: HTTP
    allowedRoutes: {namespaces: {from: All}, kinds: [{kind: GRPCRoute}, {kind: TCPRoute}]}
  - {name: tcp, port: 9000, protocol: TCP}
  - name: secure
    port: 8443
    protocol: HTTPS
    allowedRoutes: {namespaces: {from: All}}
    tls: {certificateRefs: [{name: cert, namespace: vault}]}
---
"""
ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  parentRefs: [{parents}]
  {more}
  rules: [{{backendRefs: [{{name: {app}, port: 80{to}}}]}}]
---
"""


def route(name="r", namespace="shop", parents="", more="", app="a", to="") -> str:
    parents = parents or "{name: web, namespace: infra}"
    return ROUTE.format(name=name, namespace=namespace, parents=parents, more=more, app=app, to=to)


def found_of(text: str, name: str = "r", kind: str = "HTTPRoute", namespace: str = "shop"):
    standing = world(text, ["shop/a", "other/b"]).standing(kind, namespace, name)
    return [tuple((v.type, v.status, v.reason) for v in one.verdicts) for one in standing.parents]


OK = ("ResolvedRefs", "True", "ResolvedRefs")


@pytest.mark.parametrize(
    ("parents", "more", "reason"),
    [
        ("", "", "Accepted"),
        ("{name: web, namespace: infra, sectionName: wild}", "", "Accepted"),
        ("{name: web, namespace: infra, port: 80}", "", "Accepted"),
        ("{name: web}", "", "NoMatchingParent"),
        ("{name: web, namespace: infra, sectionName: gone}", "", "NoMatchingParent"),
        ("{name: web, namespace: infra, port: 81}", "", "NoMatchingParent"),
        ("{name: web, namespace: infra, sectionName: wild, port: 8080}", "", "NoMatchingParent"),
        ("{name: web, namespace: infra, sectionName: own}", "", "NotAllowedByListeners"),
        ("{name: web, namespace: infra, sectionName: grpc}", "", "NotAllowedByListeners"),
        ("{name: web, namespace: infra, sectionName: tcp}", "", "NotAllowedByListeners"),
        (
            "{name: web, namespace: infra, sectionName: wild}",
            "hostnames: [other.org]",
            "NoMatchingListenerHostname",
        ),
    ],
)
def test_a_route_is_told_whether_a_gateway_takes_it(parents, more, reason):
    """In the reasons of the API, which tools know."""
    status = "True" if reason == "Accepted" else "False"
    assert found_of(LISTENERS + route(parents=parents, more=more)) == [
        (("Accepted", status, reason), OK)
    ]


def test_a_host_is_the_affair_of_its_most_exact_listener_alone():
    """A route of another listener of the port is not seen there (listener isolation)."""
    parents = "{{name: web, namespace: infra, sectionName: {}}}"
    text = LISTENERS + route("w", parents=parents.format("wild"))
    text += route("x", parents=parents.format("exact"), more="hostnames: [one.example.com]")
    text += route("third", "other", parents=parents.format("any"), app="b")
    found = table(world(text, ["shop/a", "other/b"]))
    assert isinstance(found, RouteTable)
    assert outcome(found, Asked(host="two.example.com")) == "a"
    assert outcome(found, Asked(host="one.example.com")) == "a"
    assert outcome(found, Asked(host="else.org")) == "b"
    without = table(world(LISTENERS + route("third", parents=parents.format("any")), ["shop/a"]))
    assert outcome(without, Asked(host="two.example.com")) == 404


GRANT = """
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {{name: g, namespace: {where}}}
spec:
  from: [{{group: gateway.networking.k8s.io, kind: {kind}, namespace: {by}}}]
  to: [{{group: "", kind: {what}{name}}}]
---
"""


@pytest.mark.parametrize(
    ("grant", "reason"),
    [
        ({}, "RefNotPermitted"),
        ({"where": "other"}, "ResolvedRefs"),
        ({"where": "other", "name": ", name: b"}, "ResolvedRefs"),
        ({"where": "other", "name": ", name: c"}, "RefNotPermitted"),
        ({"where": "shop"}, "RefNotPermitted"),
        ({"where": "other", "by": "infra"}, "RefNotPermitted"),
        ({"where": "other", "kind": "GRPCRoute"}, "RefNotPermitted"),
        ({"where": "other", "what": "Secret"}, "RefNotPermitted"),
    ],
)
def test_another_namespace_has_to_let_itself_be_referred_to(grant, reason):
    """Otherwise whoever may write a route could reach every app."""
    text = LISTENERS + route(app="b", to=", namespace: other")
    if grant:
        named = {"kind": "HTTPRoute", "by": "shop", "what": "Service", "name": "", **grant}
        text += GRANT.format(**named)
    assert found_of(text)[0][1][2] == reason
    asked = Asked(host="else.org")
    permitted = reason == "ResolvedRefs"
    assert outcome(table(world(text, ["other/b"])), asked) == ("b" if permitted else 500)


@pytest.mark.parametrize(
    ("to", "reason"),
    [("", "ResolvedRefs"), (", kind: Bucket", "InvalidKind"), (", group: x.io", "InvalidKind")],
)
def test_only_services_can_be_called(to, reason):
    """Of other kinds it is said, and their share gets 500."""
    assert found_of(LISTENERS + route(to=to))[0][1][2] == reason
    assert found_of(LISTENERS + route(app="nobody"))[0][1][2] == "BackendNotFound"


def test_words_that_nobody_knows_are_told_and_do_no_harm():
    """A newer API has more of them. A match by one never holds."""
    more = "hostnames: [x.example.com]\n  rules: [{matches: [{path: {type: Fuzzy, value: /}}]}]"
    text = LISTENERS + route(more=more).rpartition("  rules:")[0] + "---\n"
    assert found_of(text) == [(("Accepted", "False", "UnsupportedValue"), OK)]
    assert outcome(table(world(text)), Asked(host="x.example.com")) == 404


def test_a_gateway_is_told_of_each_listener():
    """Protocols, kinds of routes and certificates: whatever keeps one from serving."""
    text = LISTENERS + route() + route("q", more="hostnames: [one.example.com]")
    standing = world(text, ["shop/a"]).standing(GATEWAY, "infra", "web")
    states = {one.name: one for one in standing.listeners}
    assert [states[name].attached for name in ("any", "wild", "exact", "own", "tcp")] == [
        2,
        2,
        2,
        0,
        0,
    ]
    assert states["grpc"].kinds == ("GRPCRoute",)
    reasons = {n: [v.reason for v in one.verdicts if v.bad] for n, one in states.items()}
    assert reasons["any"] == ["Pending"]
    assert reasons["grpc"] == ["InvalidRouteKinds", "Pending"]
    assert reasons["tcp"] == ["UnsupportedProtocol", "Invalid"]
    assert reasons["secure"] == ["RefNotPermitted", "Pending"]
    assert [(v.type, v.status, v.reason) for v in standing.verdicts] == [
        ("Accepted", "True", "ListenersNotValid"),
        ("Programmed", "False", "Pending"),
    ]


def test_one_port_cannot_speak_two_protocols():
    """Nothing is opened there, and both are told."""
    text = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: fairlead
  listeners:
  - {name: a, port: 80, protocol: HTTP}
  - {name: b, port: 80, protocol: HTTPS, tls: {certificateRefs: [{name: c}]}}
"""
    found = world(text)
    states = found.standing(GATEWAY, "default", "web").listeners
    assert [one.verdicts[1].reason for one in states] == ["ProtocolConflict"] * 2
    assert found.gateways.served == ()


MESH = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  parentRefs: [{{group: "", kind: Service, name: a, namespace: shop{port}}}]
  rules: [{{matches: [{{path: {{value: {path}}}}}], backendRefs: [{{name: {app}, port: 80}}]}}]
---
"""


def mesh(namespace: str, text: str, port: int = 80) -> RouteTable:
    found = world(text, ["shop/a", "shop/b", "other/c"])
    return RouteTable(hosts=found.gateways.mesh(namespace, port))


def test_callers_in_a_mesh_keep_to_routes_of_the_service():
    """By every name of the service that they know it by; no match is 404 (GAMMA)."""
    text = MESH.format(name="r", namespace="shop", port="", path="/v2", app="b")
    for host in ("a.shop", "a.shop.svc.cluster.local"):
        assert outcome(mesh("other", text), Asked("/v2/x", host)) == "b"
    assert outcome(mesh("shop", text), Asked("/v2/x", "a")) == "b"
    assert outcome(mesh("shop", text), Asked("/v1", "a")) == 404
    assert all("a" not in one.domains for one in mesh("other", text).hosts)
    assert found_of(text) == [
        (("Accepted", "True", "Accepted"), ("ResolvedRefs", "False", "BackendNotFound"))
    ]


def test_routes_of_the_caller_come_instead_of_the_services():
    """A consumer's route is for its own namespace only (GEP-1426)."""
    text = MESH.format(name="r", namespace="shop", port="", path="/", app="b")
    text += MESH.format(name="mine", namespace="other", port="", path="/", app="c")
    assert outcome(mesh("other", text), Asked("/", "a.shop")) == "c"
    assert outcome(mesh("shop", text), Asked("/", "a.shop")) == "b"


def test_a_port_of_a_service_has_routes_of_its_own():
    """Calls of its other ports go where they went."""
    text = MESH.format(name="r", namespace="shop", port=", port: 8080", path="/", app="b")
    assert mesh("shop", text).hosts == ()
    assert outcome(mesh("shop", text, 8080), Asked("/", "a")) == "b"


SELECTING = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: web, namespace: infra}}
spec:
  gatewayClassName: fairlead
  listeners:
  - name: http
    port: 80
    protocol: HTTP
    allowedRoutes: {{namespaces: {{from: Selector, selector: {selector}}}}}
---
"""


@pytest.mark.parametrize(
    ("selector", "taken"),
    [
        ("{matchLabels: {team: a}}", True),
        ("{matchLabels: {team: b}}", False),
        ("{matchLabels: {kubernetes.io/metadata.name: shop}}", True),
        ("{matchExpressions: [{key: team, operator: In, values: [a, b]}]}", True),
        ("{matchExpressions: [{key: team, operator: NotIn, values: [a]}]}", False),
        ("{matchExpressions: [{key: other, operator: NotIn, values: [a]}]}", True),
        ("{matchExpressions: [{key: team, operator: Exists}]}", True),
        ("{matchExpressions: [{key: team, operator: DoesNotExist}]}", False),
    ],
)
def test_namespaces_are_let_in_by_their_labels(selector, taken):
    """As Kubernetes selects."""
    text = SELECTING.format(selector=selector) + route()
    assert (outcome(table(world(text, ["shop/a"])), Asked()) == "a") is taken
