"""A real Envoy follows Istio's rules about routes, beside an application and as a gateway."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import certifi
import httpx
import pytest

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from scripts.servers.ports import free_port
from tests.cli.proxy.following import ENVOY, GREEN, ISTIO, NAMESPACE, Sidecar, rules, xds_port
from tests.conformance.routing.envoy.process import Envoy
from tests.control.fleet import until
from tests.control.serving import Server

pytestmark = pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")


def test_a_virtual_service_and_its_subsets_are_followed_by_a_sidecar(sidecar: Sidecar):
    """A lane comes first, a subset within it; faults, rewrites and answers are Envoy's."""
    sidecar.register("books", "base", labels=(("version", "v1"),))
    sidecar.register("books", "second", labels=(("version", "v2"),))
    sidecar.register("books", "blue", lane="green", labels=(("version", "v2"),))
    until(lambda: sidecar.reached("books", baggage=GREEN)["blue"])
    subsets = [{"name": name, "labels": {"version": name}} for name in ("v1", "v2")]
    outlier = {"consecutive5xxErrors": 3, "maxEjectionPercent": 100}
    rules(
        sidecar.server,
        "DestinationRule",
        "books",
        {
            "host": "books",
            "subsets": subsets,
            "trafficPolicy": {
                "outlierDetection": outlier,
                "connectionPool": {"http": {"http2MaxRequests": 100}},
                "loadBalancer": {"consistentHash": {"httpHeaderName": "x-user"}},
            },
        },
        ISTIO,
    )
    first, second = ({"destination": {"host": "books", "subset": name}} for name in ("v1", "v2"))
    abort = {"abort": {"httpStatus": 418, "percentage": {"value": 100}}}
    origins = {"allowOrigins": [{"exact": "https://a.example"}], "maxAge": "24h"}
    http = [
        {"match": [{"uri": {"prefix": "/two"}}], "rewrite": {"uri": "/"}, "route": [second]},
        {"match": [{"uri": {"exact": "/gone"}}], "redirect": {"uri": "/there"}},
        {"match": [{"uri": {"exact": "/tea"}}], "directResponse": {"status": 202}},
        {"match": [{"uri": {"exact": "/fault"}}], "fault": abort, "route": [first]},
        {
            "match": [{"withoutHeaders": {"x-none": {}}}],
            "route": [first],
            "corsPolicy": origins,
            "headers": {"request": {"set": {"x-share": "100%"}}, "response": {"remove": ["x"]}},
            "mirror": {"host": "books", "subset": "v2"},
            "mirrorPercentage": {"value": 0},
            "retries": {"attempts": 2, "retryOn": "5xx,503", "perTryTimeout": "1s"},
            "timeout": "3s",
        },
    ]
    rules(sidecar.server, "VirtualService", "books", {"hosts": ["books"], "http": http}, ISTIO)
    until(lambda: sidecar.reached("books", 8, path="/two") == {"second": 8})

    assert sidecar.reached("books", 8) == {"base": 8}
    assert sidecar.reached("books", 8, GREEN, "/two") == {"blue": 8}
    assert sidecar.reached("books", 8, GREEN) == {"base": 8}
    assert sidecar.status("books", "/gone") == 301
    assert sidecar.status("books", "/tea") == 202
    assert sidecar.status("books", "/fault") == 418


def test_delegates_and_policies_of_ports_are_followed_by_a_sidecar(sidecar: Sidecar):
    """What Envoy does not take of a cluster, it refuses: it takes all of it."""
    sidecar.register("prints", "base", labels=(("version", "v1"),))
    until(lambda: sidecar.reached("prints")["base"])
    pool = {
        "tcp": {"maxConnections": 9, "connectTimeout": "2s", "tcpKeepalive": {"time": "60s"}},
        "http": {"http1MaxPendingRequests": 9, "maxRequestsPerConnection": 9, "idleTimeout": "9s"},
    }
    ports = [
        {"port": {"number": 8443}, "tls": {"mode": "SIMPLE", "caCertificates": certifi.where()}},
        {"port": {"number": 8444}, "tls": {"mode": "SIMPLE", "insecureSkipVerify": True}},
    ]
    policy = {"connectionPool": pool, "tls": {"mode": "DISABLE"}, "portLevelSettings": ports}
    rules(
        sidecar.server,
        "DestinationRule",
        "prints",
        {"host": "prints", "trafficPolicy": policy},
        ISTIO,
    )
    secure = [
        {
            "match": [{"uri": {"prefix": f"/team/{port}"}}],
            "route": [{"destination": {"host": "prints", "port": {"number": port}}}],
        }
        for port in (8443, 8444)
    ]
    answer = {"match": [{"uri": {"exact": "/team/tea"}}], "directResponse": {"status": 202}}
    rules(sidecar.server, "VirtualService", "team", {"http": [*secure, answer]}, ISTIO)
    http = [
        {"match": [{"uri": {"prefix": "/team"}}], "delegate": {"name": "team"}},
        {"route": [{"destination": {"host": "prints"}}]},
    ]
    rules(sidecar.server, "VirtualService", "prints", {"hosts": ["prints"], "http": http}, ISTIO)
    until(lambda: sidecar.status("prints", "/team/tea") == 202)

    assert sidecar.reached("prints", 8, path="/team/other") == {"base": 8}
    for port in (8443, 8444):
        assert sidecar.status("prints", f"/team/{port}") == 503  # who is called has no certificate
    assert sidecar.refused() == []
    assert _enforced(sidecar.server, "virtualservices", "team") == "True"


def test_a_gateway_of_istio_serves_virtual_services_with_subsets(sidecar: Sidecar, tmp_path: Path):
    """Of what comes from outside, a copy of a service gets a share."""
    sidecar.register("pages", "base", labels=(("version", "v1"),))
    sidecar.register("pages", "second", labels=(("version", "v2"),))
    port = free_port()
    server = {"port": {"number": port, "name": "http", "protocol": "HTTP"}, "hosts": ["*.example"]}
    selector = {"istio": "ingressgateway"}
    rules(sidecar.server, "Gateway", "edge", {"selector": selector, "servers": [server]}, ISTIO)
    subsets = [{"name": name, "labels": {"version": name}} for name in ("v1", "v2")]
    rules(sidecar.server, "DestinationRule", "pages", {"host": "pages", "subsets": subsets}, ISTIO)
    first, second = ({"destination": {"host": "pages", "subset": name}} for name in ("v1", "v2"))
    routes = [{**first, "weight": 75}, {**second, "weight": 25}]
    spec = {"hosts": ["pages.example"], "gateways": ["edge"], "http": [{"route": routes}]}
    rules(sidecar.server, "VirtualService", "pages", spec, ISTIO)
    words = ["--envoy", "--gateway", "--app", "edge", "--admin", "127.0.0.1:0"]
    words += ["--namespace", NAMESPACE, "--xds", f"127.0.0.1:{xds_port(sidecar.server)}"]

    with Envoy(ENVOY, bootstrap(options_parser().parse_args(words), {}), tmp_path):
        caller = Sidecar(sidecar.server, sidecar.upstream, port)

        def reached(times: int) -> Counter[str]:
            try:
                return caller.reached("pages.example", times)
            except httpx.TransportError:
                return Counter()

        until(lambda: reached(1))
        found = reached(400)
        assert found.keys() == {"base", "second"}
        assert 65 <= found["second"] <= 135  # 100 expected, 4 standard deviations are 35
        assert caller.status("other.example", "/") == 404
        assert sidecar.refused() == []
        until(lambda: _enforced(sidecar.server, "virtualservices", "pages") == "True")
        until(lambda: _enforced(sidecar.server, "gateways", "edge") == "True")


def _enforced(server: Server, plural: str, name: str) -> str:
    path = f"/apis/{ISTIO}/namespaces/{NAMESPACE}/{plural}/{name}"
    with server.client() as http:
        conditions = http.get(path).json().get("status", {}).get("conditions", ())
    return next((one["status"] for one in conditions if one["type"] == "Enforced"), "")
