"""Which routes an agent gets: by who it is, and of every kind that has routes."""

from __future__ import annotations

from fairlead.compiler import Instance, World
from fairlead.kinds import parse
from fairlead.kinds.document import read_documents
from fairlead.policy.encode import read_snapshot, to_plain
from fairlead.policy.routing.table import Route

INSTANCES = (
    Instance(namespace="shop", app="orders", address="10.0.0.1:1"),
    Instance(namespace="shop", app="next", address="10.0.0.2:1"),
)
BY_CALLER = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: orders, namespace: shop}
spec:
  hosts: [orders]
  http:
  - match: [{sourceLabels: {app: web, version: v2}}]
    route: [{destination: {host: next}}]
  - match: [{sourceNamespace: mall}]
    route: [{destination: {host: next}}]
  - match: [{port: 8080}]
    directResponse: {status: 418}
  - match: [{port: 80, authority: {exact: o}}]
    redirect: {uri: /x}
  - route: [{destination: {host: orders}}]
"""
ATTACHED = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: orders, namespace: shop}
spec:
  parentRefs: [{group: '', kind: Service, name: orders}]
  rules: [{backendRefs: [{name: next, port: 80}]}]
"""


def routes(text: str, namespace: str, app: str, **labels: str) -> tuple[Route, ...]:
    """Return what an agent does with calls of `orders`, by what came over the wire."""
    world = World.of([parse(one.plain) for one in read_documents(text)], INSTANCES, 1)
    snapshot = world.snapshot(namespace, app, tuple(sorted(labels.items())))
    found, refused = read_snapshot(to_plain(snapshot))
    assert (found, refused) == (snapshot, ())
    callees = found.calls.callees if found.calls is not None else ()
    return next((one.routes for one in callees if one.app == "orders"), ())


def places(found: tuple[Route, ...]) -> list[str]:
    return [route.name.partition("http")[2] for route in found]


def test_routes_are_those_of_who_calls():
    """Of two versions of one app, each has its own list."""
    assert places(routes(BY_CALLER, "shop", "web", version="v2")) == ["[0]", "[3]", "[4]"]
    assert places(routes(BY_CALLER, "shop", "web", version="v1")) == ["[3]", "[4]"]
    assert places(routes(BY_CALLER, "shop", "cart", version="v2")) == ["[3]", "[4]"]
    assert places(routes(BY_CALLER, "mall", "web")) == ["[1]", "[3]", "[4]"]


def test_routes_of_the_gateway_api_that_a_service_has_are_an_agents_too():
    (route,) = routes(ATTACHED, "mall", "web")
    assert route.name == "HTTPRoute/shop/orders rules[0]"


def test_a_rule_for_others_says_nothing():
    """Its routes are for callers of another namespace: calls are sent as if it were not there."""
    text = BY_CALLER.partition("  - match: [{port: 8080}]")[0]
    assert places(routes(text, "mall", "web")) == ["[1]"]
    assert routes(text, "shop", "cart") == ()
    (attached,) = routes(text + "---" + ATTACHED, "shop", "cart")
    assert attached.name.startswith("HTTPRoute/")


def test_a_virtual_service_counts_before_them():
    assert places(routes(BY_CALLER + "---" + ATTACHED, "shop", "cart")) == ["[3]", "[4]"]


def test_a_route_of_a_service_is_every_agents_affair_and_one_of_a_gateway_is_none():
    """Else its status would wait for nobody: on 0 of 0 workloads it is live nowhere."""
    gateway = ATTACHED.replace("{group: '', kind: Service, name: orders}", "{name: web}")
    for text, apps in ((ATTACHED, None), (gateway, frozenset())):
        world = World.of([parse(one.plain) for one in read_documents(text)], INSTANCES, 1)
        assert world.apps("HTTPRoute", "shop", "orders") == apps
