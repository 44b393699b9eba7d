"""What data planes are given of VirtualServices and DestinationRules."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.compiler import Instance, World
from fairlead.control.mesh import OUTBOUND, SIDECAR, Scope, mesh
from fairlead.kinds import parse
from fairlead.kinds.document import read_documents
from fairlead.policy.mesh import Mesh
from fairlead.policy.routing.action import Answer, Forward, Redirect
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.router import Decision, Router
from fairlead.protocols.xds.codec import Encoder
from tests.control.test_mesh import SHADOW

BLUE = ("baggage", "x-opensergo-traffic=blue")
SUBSETS = """
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: orders}
spec:
  host: orders
  trafficPolicy:
    loadBalancer: {consistentHash: {httpHeaderName: X-User}}
    connectionPool: {tcp: {connectTimeout: 2s}, http: {http2MaxRequests: 7}}
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {simple: RANDOM}}}
  - {name: v3, labels: {version: v3}}
"""
APPS = (
    ("orders", "", "v1"),
    ("orders", "", "v2"),
    ("orders", "blue", "v2"),
    ("next", "", ""),
    ("a.shop", "", ""),
    ("a", "", ""),
)


def service(http: str, hosts: str = "orders", more: str = "") -> str:
    """Return a VirtualService."""
    return (
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: orders}\n"
        f"spec:\n  hosts: [{hosts}]\n{more}  http:\n{http}\n"
    )


def given(text: str, apps: tuple[tuple[str, str, str], ...] = APPS, **scope: Any) -> Mesh:
    """Return what sidecars of shop are given; messages can be made of it."""
    objects = [parse(one.plain, namespace="shop") for one in read_documents(text)]
    instances = [
        Instance(
            namespace="shop",
            app=app,
            lane=lane or None,
            labels=(("version", version),) if version else (),
            address=f"10.0.0.1:{7000 + n}",
        )
        for n, (app, lane, version) in enumerate(apps)
    ]
    found = mesh(
        World.of(objects, instances, 1), Scope(**{"namespace": "shop", "kind": SIDECAR} | scope)
    )
    Encoder().view(found, None)
    return found


def asked(found: Mesh, path: str = "/", *headers: tuple[str, str], **more: Any) -> Decision:
    """Return what becomes of a call."""
    (table,) = (one for one in found.tables if one.name == OUTBOUND)
    host = more.pop("host", "orders")
    return Router(table).route(Request(authority=host, path=path, headers=dict(headers), **more))


def at(app: str, subset: str = "", port: int = 80) -> str:
    """Return the name of a cluster of shop."""
    return f"outbound|{port}|{subset}|{app}.shop.svc.cluster.local"


def to(subset: str) -> str:
    return f"    route: [{{destination: {{host: orders, subset: {subset}}}}}]\n"


MATCHES = [
    ("uri: {exact: /a}", "/a?b=c", (), {}, True),
    ("uri: {exact: /a}", "/A", (), {}, False),
    ("{uri: {exact: /a}, ignoreUriCase: true}", "/A", (), {}, True),
    ("uri: {prefix: /api}", "/apix", (), {}, True),
    ("uri: {regex: '/a.*'}", "/abc", (), {}, True),
    ("uri: {regex: '/a'}", "/abc", (), {}, False),
    ("method: {exact: POST}", "/", (), {"method": "POST"}, True),
    ("method: {exact: POST}", "/", (), {"method": "post"}, False),
    ("authority: {prefix: orders}", "/", (), {}, True),
    ("scheme: {exact: https}", "/", (), {}, False),
    ("headers: {End-User: {exact: jason}}", "/", (("end-user", "jason"),), {}, True),
    ("headers: {x: {}}", "/", (("x", ""),), {}, True),
    ("headers: {x: {regex: '*'}}", "/", (), {}, False),
    ("headers: {uri: {exact: never}}", "/", (), {}, True),
    ("headers: {'@request.auth.claims.sub': {exact: me}}", "/", (), {}, False),
    ("withoutHeaders: {x: {exact: a}}", "/", (), {}, True),
    ("withoutHeaders: {x: {exact: a}}", "/", (("x", "b"),), {}, True),
    ("withoutHeaders: {x: {exact: a}}", "/", (("x", "a"),), {}, False),
    ("withoutHeaders: {x: {}}", "/", (("x", "a"),), {}, False),
    ("queryParams: {q: {exact: '1'}}", "/?q=1&q=2", (), {}, True),
    ("queryParams: {q: {}}", "/?p=1", (), {}, False),
    ("port: 80", "/", (), {}, True),
    ("port: 8080", "/", (), {}, False),
    ("sourceNamespace: shop", "/", (), {}, True),
    ("sourceNamespace: other", "/", (), {}, False),
    ("sourceLabels: {app: front}", "/", (), {}, True),
    ("sourceLabels: {app: back}", "/", (), {}, False),
    ("{gateways: [mesh], sourceLabels: {app: back}}", "/", (), {}, True),
    ("gateways: [web]", "/", (), {}, False),
]


@pytest.mark.parametrize(("match", "path", "headers", "more", "meant"), MATCHES)
def test_a_match_means_what_it_means_in_istio(match, path, headers, more, meant):
    braced = match if match.startswith("{") else f"{{{match}}}"
    http = f"  - match: [{braced}]\n{to('v2')}  -{to('v1')[3:]}"
    found = given(service(http) + SUBSETS, labels=(("app", "front"),))
    decision = asked(found, path, *headers, **more)

    assert decision.cluster == at("orders", "v2" if meant else "v1")


def test_a_lane_comes_before_a_subset_and_base_serves_what_a_lane_lacks():
    http = f"  - match: [{{uri: {{prefix: /two}}}}]\n{to('v2')}  -{to('v1')[3:]}"
    found = given(service(http) + SUBSETS)
    clusters = {one.name: one for one in found.clusters}

    assert asked(found, "/two", BLUE).cluster == at("orders", "v2~blue")
    assert asked(found, "/two").cluster == at("orders", "v2")
    assert asked(found, "/", BLUE).cluster == at("orders", "v1")
    for name, count in (("v2~blue", 1), ("v2", 1), ("v1", 1), ("", 2), ("~blue", 1)):
        localities = clusters[at("orders", name)].localities
        assert sum(len(one.endpoints) for one in localities) == count


def test_clusters_are_called_as_their_rule_says_and_keys_are_hashed_where_it_asks():
    http = f"  - match: [{{uri: {{prefix: /two}}}}]\n{to('v2')}  -{to('v1')[3:]}"
    found = given(service(http) + SUBSETS)
    clusters = {one.name: one for one in found.clusters}
    v1, v2 = clusters[at("orders", "v1")], clusters[at("orders", "v2")]

    assert (v1.balance.algorithm, v2.balance.algorithm) == ("RING_HASH", "RANDOM")
    assert (v1.pool.connect_timeout, v1.pool.most_requests) == (2.0, 7)
    first, second = asked(found, "/two").route, asked(found).route
    assert first is not None
    assert second is not None
    assert isinstance(first.action, Forward)
    assert isinstance(second.action, Forward)
    assert first.action.hashing == ()
    assert [(one.source, one.name) for one in second.action.hashing] == [("header", "x-user")]


def test_who_stands_in_for_an_empty_subset_is_called_and_goes_back():
    http = "  - route: [{destination: {host: orders, subset: v3, fallback: {subset: v1}}}]\n"
    assert asked(given(service(http) + SUBSETS)).cluster == at("orders", "v1")
    there = (*APPS, ("orders", "", "v3"))
    assert asked(given(service(http) + SUBSETS, there)).cluster == at("orders", "v3")


@pytest.mark.parametrize(
    ("fallback", "reached"),
    [
        ("{host: next}", at("next")),
        ("{host: next, subset: v1}", at("next", "v1")),
        ("{host: orders}", at("orders")),
    ],
)
def test_who_stands_in_may_be_another_host_or_all_of_it(fallback, reached):
    destination = f"{{host: orders, subset: v3, fallback: {fallback}}}"
    found = given(service(f"  - route: [{{destination: {destination}}}]\n") + SUBSETS)
    assert asked(found).cluster == reached


def test_weights_changes_and_times_are_in_the_route():
    http = """
  - name: all
    match: [{uri: {prefix: /old}}]
    route:
    - {destination: {host: orders}, weight: 90, headers: {request: {set: {x: 100%}}}}
    - {destination: {host: next, port: {number: 8080}}, weight: 10}
    - {destination: {host: nobody}, weight: 0}
    rewrite: {uri: /new, authority: other.example.com}
    timeout: 2s
    retries: {attempts: 2, retryOn: 5xx}
    fault: {abort: {httpStatus: 503, percentage: {value: 1}}}
    mirrors: [{destination: {host: next}, percentage: {value: 0.5}}]
    headers: {response: {remove: [server]}}
    corsPolicy: {allowOrigins: [{exact: 'https://a'}], maxAge: 24h}
"""
    found = given(service(http))
    decision = asked(found, "/old")
    route = decision.route
    assert route is not None
    action = route.action
    assert isinstance(action, Forward)
    assert [(one.cluster, one.weight) for one in action.clusters] == [
        (at("orders"), 90),
        (at("next", port=8080), 10),
    ]
    assert action.clusters[0].changes.request_set[0].value == "100%%"
    assert (route.timeout, route.retry and route.retry.attempts) == (2.0, 2)
    assert route.injection is not None
    assert [(one.cluster, one.fraction and one.fraction.numerator) for one in action.mirrors] == [
        (at("next"), 5000)
    ]
    assert route.cors is not None
    assert route.cors.max_age == "86400"
    sent = dict(decision.sent()[0])
    assert sent[":path"] == "/new"
    assert sent[":authority"] == "other.example.com"
    assert at("next", port=8080) in {one.name for one in found.clusters}


def test_a_caller_is_sent_elsewhere_or_answered():
    moved = asked(given(service("  - redirect: {uri: /there, redirectCode: 302}\n"))).route
    assert moved is not None
    assert isinstance(moved.action, Redirect)
    assert (moved.action.code, moved.action.path) == (302, "/there")
    told = asked(given(service("  - directResponse: {status: 418, body: {bytes: dGVh}}\n"))).route
    assert told is not None
    assert told.action == Answer(status=418, body="tea")


def test_a_rule_for_nobody_calls_the_host_itself_and_one_for_gateways_changes_nothing():
    assert asked(given(service("  - timeout: 1s\n"))).cluster == at("orders")
    text = service("  - redirect: {uri: /}\n", more="  gateways: [web]\n")
    assert asked(given(text)).cluster == at("orders")


def test_a_host_that_is_no_app_has_routes_too():
    text = service("  - route: [{destination: {host: next}}]\n", hosts="api.example.com, cart")
    found = given(text)
    for host in ("api.example.com", "cart", "cart.shop.svc.cluster.local"):
        assert asked(found, host=host).cluster == at("next")


def test_two_hosts_never_have_one_name():
    """Envoy refuses all of such a table; an app may be called like another's whole name."""
    found = given("")
    assert asked(found, host="a.shop").cluster == at("a.shop")
    assert asked(found, host="a").cluster == at("a")
    (table,) = (one for one in found.tables if one.name == OUTBOUND)
    names = [name for host in table.hosts for name in host.domains]
    assert len(names) == len(set(names))


def test_who_is_sent_to_and_is_not_there_is_told_of():
    """Another host's subset, and a copy's, are as much a fault as the host's own."""
    http = """
  - route:
    - {destination: {host: orders}, weight: 1}
    - {destination: {host: next, subset: v9}, weight: 1}
    mirror: {host: nobody}
"""
    objects = [parse(one.plain, namespace="shop") for one in read_documents(service(http))]
    apps = [
        Instance(namespace="shop", app=app, address=f"10.0.0.{n}:80")
        for n, app in enumerate(("orders", "next"))
    ]
    said = {one.reason: one.message for one in World.of(objects, apps, 1).findings()}

    assert said["SubsetUnusable"] == "no DestinationRule has a subset v9 of next"
    assert said["HostUnknown"].startswith("nobody is called nobody.shop.svc.cluster.local: ")


@pytest.mark.parametrize(
    ("unfit", "served"),
    [
        ((), {"10.0.0.1:1", "10.0.0.1:2"}),
        (("10.0.0.1:1",), {"10.0.0.1:2"}),
        (("10.0.0.1:1", "10.0.0.1:2"), set()),
    ],
)
def test_a_subset_that_a_lane_with_shadows_lacks_is_served_by_who_is_fit_alone(unfit, served):
    """Rather by nobody than by who would write its rows to base (contract 12)."""
    where = {"10.0.0.1:1": ("", "v1"), "10.0.0.1:2": ("", "v1"), "10.0.0.2:1": ("blue", "v2")}
    instances = [
        Instance(
            namespace="shop", app="orders", lane=lane, address=address,
            labels=(("version", version),),
            unfit_for_tables="not hooked" if address in unfit else "",
        )
        for address, (lane, version) in where.items()
    ]  # fmt: skip
    text = service(f"  -{to('v1')[3:]}") + SUBSETS + f"---{SHADOW}"
    objects = [parse(one.plain, namespace="shop") for one in read_documents(text)]
    found = mesh(World.of(objects, instances, 1), Scope(namespace="shop", kind=SIDECAR))
    (cluster,) = (one for one in found.clusters if one.name == at("orders", "v1~blue"))

    assert asked(found, "/", BLUE).cluster == cluster.name
    assert {each.address for one in cluster.localities for each in one.endpoints} == served


def test_who_stands_in_is_decided_for_each_lane():
    """As agents do: of base nobody is in the subset, of the lane somebody is."""
    apps = (("orders", "", "v1"), ("orders", "blue", "v3"))
    http = "  - route: [{destination: {host: orders, subset: v3, fallback: {subset: v1}}}]\n"
    found = given(service(http) + SUBSETS, apps)

    assert asked(found).cluster == at("orders", "v1")
    assert asked(found, "/", BLUE).cluster == at("orders", "v3~blue")
