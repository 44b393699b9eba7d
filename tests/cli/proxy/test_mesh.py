"""A real Envoy that `fairlead bootstrap` wrote for follows our control plane."""

from __future__ import annotations

import json
import socket
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from scripts.servers.ports import free_port
from tests.cli.proxy.following import BLUE, ENVOY, NAMESPACE, Sidecar, rules, xds_port
from tests.conformance.routing.envoy.process import Envoy
from tests.control.fleet import until
from tests.control.serving import Server

NEW = {"name": "x-new", "value": "yes"}

pytestmark = pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")


def test_a_lane_is_followed_and_base_serves_what_has_none(sidecar: Sidecar):
    """The label travels in the baggage, as with the agent."""
    sidecar.register("orders", "base")
    sidecar.register("orders", "blue", lane="blue")
    until(lambda: sidecar.reached("orders")["base"])
    until(lambda: sidecar.reached("orders", baggage=BLUE)["blue"])

    assert sidecar.reached("orders", 20) == {"base": 20}
    assert sidecar.reached("orders.shop", 20, baggage=BLUE) == {"blue": 20}
    assert sidecar.refused() == []


def test_instances_that_come_and_go_are_followed(sidecar: Sidecar):
    """Nobody restarts an Envoy for it."""
    sidecar.register("stock", "second")
    until(lambda: sidecar.reached("stock")["second"])

    late = sidecar.register("stock", "late")
    until(lambda: sidecar.reached("stock", 4)["late"])
    late.leave()
    until(lambda: sidecar.reached("stock", 10) == {"second": 10})

    assert sidecar.refused() == []


def condition(server: Server, kind: str, name: str, type_: str) -> tuple[str, str]:
    """Return the status and the message of a condition of an object of the Gateway API."""
    path = f"/apis/gateway.networking.k8s.io/v1/namespaces/{NAMESPACE}/{kind}/{name}"
    with server.client() as http:
        conditions = http.get(path).json().get("status", {}).get("conditions", ())
    found = ((one["status"], one["message"]) for one in conditions if one["type"] == type_)
    return next(found, ("", ""))


def test_a_route_for_callers_shares_out_what_a_sidecar_sends(sidecar: Sidecar):
    """As it does for clients of gRPC."""
    sidecar.register("price", "base")
    sidecar.register("price-next", "second")
    until(lambda: sidecar.reached("price")["base"])
    parent = {"group": "", "kind": "Service", "name": "price"}
    backends = [
        {"name": "price", "port": 80, "weight": 9},
        {"name": "price-next", "port": 80, "weight": 1},
    ]
    rules(
        sidecar.server,
        "HTTPRoute",
        "price",
        {"parentRefs": [parent], "rules": [{"backendRefs": backends}]},
    )
    until(lambda: sidecar.reached("price", 20)["second"])

    found = sidecar.reached("price", 400)

    assert found.keys() == {"base", "second"}
    assert 16 <= found["second"] <= 64  # 40 expected, 4 standard deviations are 24
    assert sidecar.refused() == []


def test_a_gateway_opens_its_port_and_sends_on_without_labels(sidecar: Sidecar, tmp_path: Path):
    """Whoever calls from outside chooses no lane, and a backend that is none is a 500."""
    sidecar.register("shop-front", "base")
    sidecar.register("shop-front", "blue", lane="blue")
    inbound = free_port()
    listener: dict[str, Any] = {"name": "http", "port": inbound, "protocol": "HTTP"}
    spec: dict[str, Any] = {"gatewayClassName": "fairlead", "listeners": [listener]}
    rules(sidecar.server, "Gateway", "web", spec)
    matches = [{"path": {"type": "PathPrefix", "value": "/in"}}]
    backends = [
        {"name": "shop-front", "port": 80, "weight": 1},
        {"name": "nobody", "port": 80, "weight": 1},
    ]
    first = {"matches": matches, "backendRefs": backends[:1]}
    second = {"backendRefs": backends}
    rules(
        sidecar.server,
        "HTTPRoute",
        "in",
        {"parentRefs": [{"name": "web"}], "rules": [first, second]},
    )
    words = ["--envoy", "--gateway", "--app", "web", "--admin", "127.0.0.1:0"]
    words += ["--namespace", NAMESPACE, "--xds", f"127.0.0.1:{xds_port(sidecar.server)}"]

    with Envoy(ENVOY, bootstrap(options_parser().parse_args(words), {}), tmp_path):
        caller = Sidecar(sidecar.server, sidecar.upstream, inbound)

        def status(path: str) -> int:
            try:
                return httpx.get(f"http://127.0.0.1:{inbound}{path}", trust_env=False).status_code
            except httpx.TransportError:
                return 0

        until(lambda: status("/in") == 200)

        assert caller.reached("shop", 20, baggage=BLUE, path="/in") == {"base": 20}
        assert {status("/else") for _ in range(40)} == {200, 500}
        assert sidecar.refused() == []
        until(lambda: condition(sidecar.server, "gateways", "web", "Programmed")[0] == "True")
        until(lambda: condition(sidecar.server, "httproutes", "in", "Enforced")[0] == "True")

        with socket.create_server(("127.0.0.1", 0)) as taken:
            other = {**listener, "name": "taken", "port": taken.getsockname()[1]}
            rules(sidecar.server, "Gateway", "web", {**spec, "listeners": [listener, other]})
            until(
                lambda: "refused" in condition(sidecar.server, "gateways", "web", "Programmed")[1]
            )
            assert status("/in") == 200, "what was there before is served"
    until(lambda: condition(sidecar.server, "gateways", "web", "Programmed")[0] == "False")


def test_a_gateway_puts_on_a_lane_what_rules_say_and_keeps_what_others_wrote(
    sidecar: Sidecar, tmp_path: Path
):
    """As the agent of an entry does; who writes our label from outside chooses nothing."""
    # A lane of its own: it travels under another key than those of the other tests.
    sidecar.register("stage", "base")
    sidecar.register("stage", "blue", lane="green")
    port = free_port()
    listener = {"name": "http", "port": port, "protocol": "HTTP"}
    spec: dict[str, Any] = {"gatewayClassName": "fairlead", "listeners": [listener]}
    rules(sidecar.server, "Gateway", "door", spec)
    backend = {"backendRefs": [{"name": "stage", "port": 80}]}
    rules(
        sidecar.server, "HTTPRoute", "stage", {"parentRefs": [{"name": "door"}], "rules": [backend]}
    )
    http = {"headers": {"x-user": {"exact": "ada"}}, "uri": {"prefix": "/in"}}
    lane = {"selector": {"app": "door"}, "lane": {"name": "green"}}
    traffic = {"rules": {"traffic": {"http": http}, "traceIdBaggage": "x-lane"}}
    opensergo = "traffic.opensergo.io/v1alpha1"
    rules(sidecar.server, "TrafficLane", "door", lane | traffic, opensergo)
    words = ["--envoy", "--gateway", "--app", "door", "--admin", "127.0.0.1:0"]
    words += ["--namespace", NAMESPACE, "--xds", f"127.0.0.1:{xds_port(sidecar.server)}"]

    with Envoy(ENVOY, bootstrap(options_parser().parse_args(words), {}), tmp_path):

        def seen(path: str, **headers: str) -> tuple[str, tuple[str, ...]]:
            """Return the instance that a request reached, and the labels that it had there."""
            sent = {"x-judge-script": f'{{"id": "{path}"}}'}
            sent |= {name.replace("_", "-"): value for name, value in headers.items()}
            before = len(sidecar.upstream.seen(path))
            try:
                httpx.get(f"http://127.0.0.1:{port}{path}", headers=sent, trust_env=False)
                one = sidecar.upstream.seen(path)[before:][0]
            except (httpx.TransportError, IndexError):
                return "", ()
            return one.cluster, one.values("baggage")

        until(lambda: seen("/in", x_user="ada")[0] == "blue")
        forged = "user=ada , X-Lane = red;p=1,x-opensergo-traffic=blue,b=c"
        label, kept = ("x-lane=green",), ("user=ada ,b=c",)

        assert seen("/in/1", x_user="ada") == ("blue", label)
        assert seen("/in/2", x_user="ada", baggage=forged) == ("blue", kept + label)
        assert seen("/in/3", baggage=forged) == ("base", kept)
        assert seen("/in/4", baggage="x-lane=green") == ("base", ())
        assert seen("/out", x_user="ada") == ("base", ())
        assert seen("/in/5", x_user="ada", baggage="a=" + "x" * 9000) == ("blue", label)
        assert sidecar.refused() == []


def test_what_a_route_says_of_calls_a_sidecar_does(sidecar: Sidecar):
    """Repetitions, copies, headers, an end in time and CORS: Envoy's own, pushed by us."""
    sidecar.register("depot", "base")
    sidecar.register("copies", "second")
    until(lambda: sidecar.reached("depot")["base"])
    until(lambda: sidecar.reached("copies")["second"])
    backends = [{"name": "depot", "port": 80}]
    cors = {"allowOrigins": ["https://shop.test"], "allowMethods": ["GET"], "maxAge": 60}
    filters: list[dict[str, Any]] = [
        {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copies", "port": 80}}},
        {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [NEW]}},
        {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"add": [NEW]}},
        {"type": "CORS", "cors": cors},
    ]
    rule = {
        "backendRefs": backends,
        "filters": filters,
        "retry": {"codes": [503], "attempts": 2, "backoff": "1ms"},
        "timeouts": {"request": "1s"},
    }
    parent = {"group": "", "kind": "Service", "name": "depot"}
    rules(sidecar.server, "HTTPRoute", "depot", {"parentRefs": [parent], "rules": [rule]})
    until(lambda: sidecar.reached("depot")["second"])

    def call(case: str, method: str = "GET", **script: Any) -> httpx.Response:
        sent = {"host": "depot", "x-judge-script": json.dumps({"id": case, **script})}
        sent |= {"origin": "https://shop.test", "access-control-request-method": "GET"}
        url = f"http://127.0.0.1:{sidecar.port}/"
        return httpx.request(method, url, headers=sent, trust_env=False, timeout=10)

    again = call("again", fails=[503, 503])
    assert (again.status_code, again.headers["x-new"]) == (200, "yes")
    assert again.headers["access-control-allow-origin"] == "https://shop.test"
    seen = sidecar.upstream.seen("again", 4)
    assert Counter(one.cluster for one in seen) == {"base": 3, "second": 1}
    assert {one.values("x-new") for one in seen} == {("yes",)}
    assert call("never", fails=[503, 503, 503]).status_code == 503
    assert call("late", takes=2).status_code == 504
    assert call("asked", "OPTIONS").headers["access-control-max-age"] == "60"
    assert sidecar.upstream.seen("asked") == []
    assert sidecar.refused() == []
