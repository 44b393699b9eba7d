"""What data planes are given of hosts that are no app's, and of Sidecars."""

from __future__ import annotations

from fairlead.compiler import Instance, World
from fairlead.control.mesh import OUTBOUND, SIDECAR, Scope, mesh
from fairlead.kinds import parse
from fairlead.kinds.document import read_documents
from fairlead.policy.mesh import DNS, EDS, ONE_NAME, Mesh
from fairlead.policy.routing.action import Answer, Forward
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.router import Router
from fairlead.protocols.xds.codec import Encoder

BANK = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: bank}
spec:
  hosts: [api.bank.example]
  addresses: [10.9.9.9]
  ports:
  - {number: 80, name: http, protocol: HTTP, targetPort: 8080}
  - {number: 9090, name: grpc, protocol: GRPC}
  resolution: STATIC
  endpoints:
  - {address: 192.0.2.10, locality: eu/eu-1, weight: 3, labels: {version: v1}}
  - {address: "2001:db8::1", locality: eu/eu-2, ports: {http: 8081}, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: bank}
spec:
  host: api.bank.example
  subsets: [{name: new, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: bank}
spec:
  hosts: [api.bank.example]
  http:
  - match: [{uri: {prefix: /new}}]
    route: [{destination: {host: api.bank.example, subset: new}}]
  - route: [{destination: {host: api.bank.example}}]
    timeout: 2s
"""
LOOKED_UP = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: dns}
spec:
  hosts: [a.example, b.example]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: one}
spec:
  hosts: [c.example]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS_ROUND_ROBIN
  endpoints: [{address: lb.example, ports: {http: 8080}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: any}
spec:
  hosts: ["*.wild.example"]
  ports: [{number: 80, name: http, protocol: HTTP}]
"""
SIDECARS = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default}
spec:
  egress: [{hosts: ["./orders.shop.svc.cluster.local", "*/api.bank.example"]}]
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: cart}
spec:
  workloadSelector: {labels: {app: cart}}
  egress: [{hosts: ["other/*"]}]
"""


def world(text: str) -> World:
    """Return one with three apps in two namespaces; objects are of shop."""
    apps = (("shop", "orders"), ("shop", "stock"), ("other", "stock"))
    instances = [
        Instance(namespace=namespace, app=app, address=f"10.0.0.1:{7000 + n}")
        for n, (namespace, app) in enumerate(apps)
    ]
    objects = [parse(one.plain, namespace="shop") for one in read_documents(text)]
    return World.of(objects, instances, 1)


def given(text: str, namespace: str = "shop", app: str = "") -> Mesh:
    """Return what a sidecar of an app is given; messages can be made of it."""
    there = world(text)
    egress = there.registry.egress(namespace, (("app", app),))
    found = mesh(there, Scope(namespace=namespace, kind=SIDECAR, egress=egress))
    Encoder().view(found, None)
    return found


def reached(found: Mesh, host: str, path: str = "/") -> str:
    """Return the cluster that a call reaches, or the status that it gets."""
    table = next(one for one in found.tables if one.name == OUTBOUND)
    decision = Router(table).route(Request(authority=host, path=path))
    assert decision is not None
    assert decision.route is not None
    action = decision.route.action
    if isinstance(action, Answer):
        return str(action.status)
    assert isinstance(action, Forward)
    return action.clusters[0].cluster


def test_a_host_has_a_cluster_for_each_port_and_subset_with_places_and_weights():
    """Istio's names, so that rules of both sorts mean the same instances."""
    found = given(BANK)
    clusters = {one.name: one for one in found.clusters}

    assert reached(found, "api.bank.example") == "outbound|80||api.bank.example"
    assert reached(found, "api.bank.example:9090") == "outbound|9090||api.bank.example"
    assert reached(found, "10.9.9.9", "/new") == "outbound|80|new|api.bank.example"
    usual = clusters["outbound|80||api.bank.example"]
    assert usual.discovery == EDS
    assert not usual.http2
    assert [(one.region, one.zone, one.weight) for one in usual.localities] == [
        ("eu", "eu-1", 3),
        ("eu", "eu-2", 1),
    ]
    addresses = [each.address for one in usual.localities for each in one.endpoints]
    assert addresses == ["192.0.2.10:8080", "[2001:db8::1]:8081"]
    new = clusters["outbound|9090|new|api.bank.example"]
    assert new.http2
    assert [each.address for one in new.localities for each in one.endpoints] == [
        "[2001:db8::1]:9090"
    ]


def test_clients_of_grpc_may_name_a_host_and_its_ports():
    """They ask for a listener of just that name."""
    names = {one.name for one in given(BANK).listeners}

    assert {"api.bank.example", "api.bank.example:9090", "orders"} <= names


def test_hosts_are_looked_up_where_nobody_lists_them():
    """And whose address nobody knows is looked up as it was called."""
    found = given(LOOKED_UP)
    clusters = {one.name: one for one in found.clusters}
    looked = clusters["outbound|80||b.example"]

    assert looked.discovery == DNS
    assert [each.address for one in looked.localities for each in one.endpoints] == ["b.example:80"]
    one = clusters["outbound|80||c.example"]
    assert one.discovery == ONE_NAME
    assert one.localities[0].endpoints[0].address == "lb.example:8080"
    assert reached(found, "x.wild.example") == "PassthroughCluster"
    names = {one.name for one in found.listeners}
    assert "c.example" in names
    assert not {"a.example", "*.wild.example"} & names


def test_who_a_host_is_not_exported_to_does_not_know_it():
    """`.` means the namespace of the object."""
    text = BANK.replace("resolution: STATIC", "resolution: STATIC\n  exportTo: [.]")

    assert reached(given(text), "api.bank.example") == "outbound|80||api.bank.example"
    assert reached(given(text, "other"), "api.bank.example") == "PassthroughCluster"


def test_a_sidecar_hides_what_it_does_not_name_and_the_more_special_one_counts():
    """What is hidden is nobody's: refused, or looked up, as the Sidecar says."""
    text = BANK + "---" + SIDECARS
    found = given(text, app="front")

    assert reached(found, "orders") == "outbound|80||orders.shop.svc.cluster.local"
    assert reached(found, "api.bank.example") == "outbound|80||api.bank.example"
    assert reached(found, "stock") == "502"
    names = [*(one.name for one in found.clusters), *(one.name for one in found.listeners)]
    assert not any("stock" in name for name in names)
    cart = given(text, app="cart")
    assert reached(cart, "stock.other") == "outbound|80||stock.other.svc.cluster.local"
    assert reached(cart, "orders") == "PassthroughCluster"
    assert reached(given(text, "other"), "orders.shop") == (
        "outbound|80||orders.shop.svc.cluster.local"
    )


def test_agents_choose_among_listed_instances_for_calls_of_port_80():
    """As among an app's; who calls is nobody's business outside."""
    services = world(BANK).snapshot("shop", "front").services
    bank = next(one for one in services if one.host)

    assert [one.address for one in bank.endpoints] == ["192.0.2.10:8080", "[2001:db8::1]:8081"]
    assert not any(one.host for one in world(LOOKED_UP).snapshot("shop", "front").services)
