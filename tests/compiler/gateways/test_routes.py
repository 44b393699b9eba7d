"""What the Gateway API says of requests: order, paths, backends, filters, times."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from fairlead.compiler.gateways.rules import INVALID_BACKEND
from fairlead.policy.routing.action import Forward, Redirect
from fairlead.policy.routing.match import Fraction
from tests.compiler.gateways.decide import Asked, outcome, route_of, table, world

GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: fairlead
  listeners: [{name: http, port: PORT, protocol: HTTP}]
---
"""


def route(name: str, *rules: dict[str, Any], created: str = "", **spec: Any) -> str:
    metadata = {"name": name, **({"creationTimestamp": created} if created else {})}
    plain = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": metadata,
        "spec": {"parentRefs": [{"name": "web"}], "rules": list(rules), **spec},
    }
    return yaml.safe_dump(plain)


def to(*names: str, **rest: Any) -> dict[str, Any]:
    backends = []
    for name in names:
        app, _, weight = name.partition("=")
        backends.append({"name": app, "port": 80, **({"weight": int(weight)} if weight else {})})
    return {"backendRefs": backends, **rest}


def path(value: str, kind: str = "PathPrefix", **rest: Any) -> dict[str, Any]:
    return {"path": {"type": kind, "value": value}, **rest}


def served(*routes: str, port: int = 80, apps: str = "a b c d") -> Any:
    text = GATEWAY.replace("PORT", str(port)) + "---\n".join(routes)
    return table(world(text, apps.split()), port)


PRECEDENCE = (
    route(
        "all",
        to("a", matches=[path("/")]),
        to("b", matches=[path("/shop"), path("/shop", headers=[{"name": "X", "value": "1"}])]),
        to("c", matches=[path("/shop/cart", "Exact")]),
        to("d", matches=[path("/shop", method="POST")]),
    ),
    route(
        "more",
        to("c", matches=[path("/shop", headers=[{"name": n, "value": "1"} for n in ("x", "z")])]),
        to("d", matches=[path("/shop/c.*", "RegularExpression")]),
        to(
            "a",
            matches=[
                path(
                    "/shop",
                    headers=[{"name": n, "value": "1"} for n in ("x", "z")],
                    queryParams=[{"name": "q", "value": "1"}],
                )
            ],
        ),
    ),
)


@pytest.mark.parametrize(
    ("asked", "app"),
    [
        (Asked("/"), "a"),
        (Asked("/shop"), "b"),
        (Asked("/shop/"), "b"),
        (Asked("/shopping"), "a"),
        (Asked("/shop/cart"), "c"),
        (Asked("/shop/cart/"), "b"),
        (Asked("/shop/cart", method="POST"), "c"),
        (Asked("/shop/x", method="POST", headers=(("x", "1"), ("z", "1"))), "d"),
        (Asked("/shop", headers=(("X", "1"), ("Z", "1"))), "c"),
        (Asked("/shop?q=1", headers=(("x", "1"), ("z", "1"))), "a"),
        (Asked("/shop?q=2&q=1", headers=(("x", "1"), ("z", "1"))), "c"),
    ],
)
def test_the_most_exact_match_counts_across_rules_and_routes(asked, app):
    """Exact path, longest prefix, method, most headers, most parameters: not the order of lists."""
    assert outcome(served(*PRECEDENCE), asked) == app
    assert outcome(served(*reversed(PRECEDENCE)), asked) == app


def test_ties_are_broken_by_age_then_name_then_the_order_of_rules():
    """Two teams that write the same: the one who was first keeps what he has."""
    old = route("z", to("a"), created="2025-01-01T00:00:00Z")
    new = route("b", to("b"), to("d"), created="2026-01-01T00:00:00Z")
    twin = route("a", to("c"), created="2026-01-01T00:00:00Z")
    assert outcome(served(new, old, twin), Asked()) == "a"
    assert outcome(served(new, twin), Asked()) == "c"
    assert outcome(served(new), Asked()) == "b"


def test_the_more_exact_host_comes_first_and_the_other_is_behind_it():
    """A host of its own has its rules, and what it says nothing about is left as it was."""
    table_ = served(
        route("wide", to("a"), to("d", matches=[path("/x")]), hostnames=["*.example.com"]),
        route("exact", to("b", matches=[path("/shop")]), hostnames=["one.example.com"]),
        route("longer", to("c"), hostnames=["*.two.example.com"]),
    )
    assert outcome(table_, Asked("/shop", "one.example.com")) == "b"
    assert outcome(table_, Asked("/", "one.example.com")) == "a"
    assert outcome(table_, Asked("/x", "a.example.com:8080")) == "d"
    assert outcome(table_, Asked("/x", "a.two.example.com")) == "c"
    assert outcome(table_, Asked("/", "example.com")) == 404


def test_no_match_is_404_and_no_rule_is_everything():
    """An HTTPRoute without rules has the one that the API gives it, which has no backend."""
    assert outcome(served(route("r", to("a", matches=[path("/a")]))), Asked("/b")) == 404
    plain = yaml.safe_load(route("r"))
    del plain["spec"]["rules"]
    assert outcome(served(yaml.safe_dump(plain)), Asked("/b")) == 500


@pytest.mark.parametrize(
    ("backends", "found"),
    [
        (["a"], "a"),
        (["a=0", "b=3"], "b"),
        (["a=0"], 500),
        (["a=0", "b=0"], 500),
        ([], 500),
        (["gone"], 500),
        (["gone", "missing"], 500),
        (["a=9", "gone=1"], {"a": 9, "": 1}),
        (["a=7", "b=3"], {"a": 7, "b": 3}),
    ],
)
def test_the_share_of_a_backend_that_is_none_gets_500(backends, found):
    """Nobody else gets its requests: a typing error would double somebody's load."""
    table_ = served(route("r", to(*backends)))
    assert outcome(table_, Asked()) == found
    if isinstance(found, dict) and "" in found:
        action = route_of(table_, Asked()).action
        assert (action.clusters[1].cluster, action.missing) == (INVALID_BACKEND, 500)


def filtered(*filters: dict[str, Any], port: int = 80, prefix: str = "/", **rest: Any) -> Any:
    rule = to("a", matches=[path(prefix)], filters=list(filters), **rest)
    if any(one["type"] == "RequestRedirect" for one in filters):
        del rule["backendRefs"]
    return route_of(served(route("r", rule), port=port), Asked(prefix))


def test_headers_are_set_added_and_removed():
    """Of one name in two spellings the first counts, and a percent sign is a percent sign."""
    change = {
        "set": [{"name": "X-A", "value": "1%"}, {"name": "x-a", "value": "2"}],
        "add": [{"name": "X-B", "value": "3"}],
        "remove": ["X-C"],
    }
    found = filtered(
        {"type": "RequestHeaderModifier", "requestHeaderModifier": change},
        {"type": "ResponseHeaderModifier", "responseHeaderModifier": change},
    ).changes
    for values, removed in (
        (found.request_set, found.request_removed),
        (found.response_set, found.response_removed),
    ):
        assert [(one.name, one.value, one.how) for one in values] == [
            ("X-A", "1%%", "overwrite"),
            ("X-B", "3", "append"),
        ]
        assert removed == ("X-C",)


@pytest.mark.parametrize(
    ("port", "said", "found"),
    [
        (80, {}, ("", None)),
        (8080, {}, ("", 8080)),
        (80, {"port": 8083}, ("", 8083)),
        (8080, {"port": 80}, ("", 80)),
        (80, {"scheme": "https"}, ("https", None)),
        (8080, {"scheme": "https"}, ("https", 443)),
        (80, {"scheme": "https", "port": 8443}, ("https", 8443)),
        (443, {"scheme": "http"}, ("http", None)),
    ],
)
def test_a_redirect_says_the_port_where_it_is_not_the_usual_one(port, said, found):
    """One without port is the scheme's, or the listener's where no scheme is said."""
    action = filtered({"type": "RequestRedirect", "requestRedirect": said}, port=port).action
    assert isinstance(action, Redirect)
    assert (action.scheme, action.port) == found
    assert action.code == 302


@pytest.mark.parametrize(
    ("asked", "prefix", "new", "found"),
    [
        ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
        ("/foo", "/foo", "/xyz", "/xyz"),
        ("/foo/", "/foo", "/xyz", "/xyz/"),
        ("/foo/bar", "/foo", "", "/bar"),
        ("/foo/", "/foo", "", "/"),
        ("/foo", "/foo", "", "/"),
        ("/foo/", "/foo", "/", "/"),
        ("/foo", "/foo", "/", "/"),
        ("/bar", "/", "/xyz", "/xyz/bar"),
        ("/a.b/c", "/a.b", "/x", "/x/c"),
    ],
)
def test_a_prefix_is_replaced_element_by_element(asked, prefix, new, found):
    """The table of HTTPPathModifier, for rewrites and for redirects."""
    change = {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": new}}
    forward = filtered({"type": "URLRewrite", "urlRewrite": change}, prefix=prefix).action
    redirect = filtered(
        {"type": "RequestRedirect", "requestRedirect": change}, prefix=prefix
    ).action
    for one in (forward.path.regex, redirect.regex):
        assert re.sub(one.regex, one.text, asked) == found


def test_host_and_whole_path_are_replaced():
    """The query stays."""
    change = {
        "hostname": "b.example.com",
        "path": {"type": "ReplaceFullPath", "replaceFullPath": "/x"},
    }
    action = filtered({"type": "URLRewrite", "urlRewrite": change}).action
    assert (action.host.literal, action.path.full) == ("b.example.com", "/x")
    action = filtered({"type": "RequestRedirect", "requestRedirect": change}).action
    assert (action.host, action.path) == ("b.example.com", "/x")


@pytest.mark.parametrize(
    ("share", "found"),
    [
        ({}, None),
        ({"percent": 0}, Fraction(numerator=0)),
        ({"percent": 42}, Fraction(numerator=42)),
        (
            {"fraction": {"numerator": 1, "denominator": 3}},
            Fraction(numerator=333333, denominator=10**6),
        ),
    ],
)
def test_copies_go_to_mirrors_that_are_there(share, found):
    """Without a share, all; a mirror that is not there gets none, and is reported."""
    ref = {"name": "b", "port": 80}
    mirror: dict[str, Any] = {
        "type": "RequestMirror",
        "requestMirror": {"backendRef": ref, **share},
    }
    action = filtered(mirror).action
    assert [(one.cluster, one.fraction) for one in action.mirrors] == [
        ("outbound|80||b.default.svc.cluster.local", found)
    ]
    mirror["requestMirror"]["backendRef"]["name"] = "gone"
    assert filtered(mirror).action.mirrors == ()


def test_pages_of_other_origins_are_let_in():
    """A wildcard is one or more labels, and no port."""
    cors = {
        "allowOrigins": ["https://a.example.com", "https://*.b.com"],
        "allowMethods": ["GET", "PUT"],
        "allowCredentials": True,
        "maxAge": 60,
    }
    found = filtered({"type": "CORS", "cors": cors}).cors
    assert (found.methods, found.max_age, found.credentials) == ("GET,PUT", "60", True)
    exact, wild = found.origins
    assert exact.value == "https://a.example.com"
    assert re.fullmatch(wild.value, "https://x.b.com")
    assert not re.fullmatch(wild.value, "https://x.b.com.evil.com")


@pytest.mark.parametrize(
    "one",
    [
        {"type": "ExtensionRef", "extensionRef": {"group": "x.io", "kind": "Auth", "name": "a"}},
        {"type": "ExternalAuth", "externalAuth": {"protocol": "HTTP"}},
        {"type": "Telepathy"},
    ],
)
def test_a_filter_that_cannot_be_carried_out_is_never_left_out(one):
    """It may be the one that keeps strangers out."""
    assert outcome(served(route("r", to("a", filters=[one]))), Asked()) == 500
    backend = {"name": "a", "port": 80, "filters": [one]}
    assert outcome(served(route("r", {"backendRefs": [backend]})), Asked()) == 500
    two = {"backendRefs": [{**backend, "weight": 1}, {"name": "b", "port": 80, "weight": 3}]}
    assert outcome(served(route("r", two)), Asked()) == {"": 1, "b": 3}


def test_filters_of_one_backend_are_done_with_its_requests_only():
    """With one backend all of them can be; with several, headers and the host."""
    change = {
        "type": "RequestHeaderModifier",
        "requestHeaderModifier": {"set": [{"name": "x", "value": "1"}]},
    }
    backends = [{"name": "a", "port": 80, "filters": [change]}, {"name": "b", "port": 80}]
    found = route_of(served(route("r", {"backendRefs": backends})), Asked())
    assert isinstance(found.action, Forward)
    assert [len(one.changes.request_set) for one in found.action.clusters] == [1, 0]
    assert found.changes.request_set == ()


@pytest.mark.parametrize(
    ("rule", "timeout", "per_try"),
    [
        ({}, 0.0, None),
        ({"timeouts": {"request": "0s"}}, 0.0, None),
        ({"timeouts": {"request": "1m30s"}}, 90.0, None),
        ({"timeouts": {"request": "10s", "backendRequest": "500ms"}}, 0.5, None),
        ({"timeouts": {"backendRequest": "2s"}, "retry": {"attempts": 2}}, 0.0, 2.0),
        ({"timeouts": {"request": "10s", "backendRequest": "2s"}, "retry": {}}, 10.0, 2.0),
    ],
)
def test_one_time_is_for_all_attempts_and_one_for_each(rule, timeout, per_try):
    """0s is no end. Without a retry, there is one attempt."""
    found = route_of(served(route("r", to("a", **rule))), Asked())
    assert found.timeout == timeout
    assert (found.retry.per_try if found.retry else None) == per_try


def test_retries_are_for_these_answers_and_failures_of_the_connection():
    """GEP-1731."""
    rule = to("a", retry={"codes": [500, 503], "attempts": 3, "backoff": "100ms"})
    found = route_of(served(route("r", rule)), Asked()).retry
    assert (found.attempts, found.statuses, found.backoff) == (3, (500, 503), 0.1)
    assert {"connect-failure", "retriable-status-codes"} <= set(found.on)


GRPC = """
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: calls}
spec:
  parentRefs: [{name: web}]
  rules:
  - matches: [{method: {service: shop.Orders}}]
    backendRefs: [{name: a, port: 80}]
  - matches: [{method: {service: shop.Orders, method: Get}}]
    backendRefs: [{name: b, port: 80}]
  - matches: [{method: {method: Ping}}]
    backendRefs: [{name: c, port: 80}]
  - matches: [{headers: [{name: version, value: two}]}]
    backendRefs: [{name: d, port: 80}]
  - matches: [{method: {service: "dead.*", type: RegularExpression}}]
    backendRefs: [{name: gone, port: 80}]
"""


@pytest.mark.parametrize(
    ("path_", "headers", "found"),
    [
        ("/shop.Orders/List", {}, "a"),
        ("/shop.Orders/Get", {}, "b"),
        ("/shop.OrdersOld/Get", {}, 404),
        ("/other.Thing/Ping", {}, "c"),
        ("/other.Thing/Pong", {"version": "two"}, "d"),
        ("/deadline.X/Y", {}, 503),
    ],
)
def test_calls_of_grpc_are_known_by_service_and_method(path_, headers, found):
    """An error is one that clients of gRPC read as UNAVAILABLE."""
    headers = {"content-type": "application/grpc", **headers}
    assert outcome(served(GRPC), Asked(path_, headers=tuple(headers.items()))) == found
    assert outcome(served(GRPC), Asked(path_)) == 404
