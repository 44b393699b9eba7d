"""The control plane's xDS: what registers is called by stock gRPC clients, under the app's name."""

from __future__ import annotations

import subprocess

import grpc
import pytest
import yaml

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from scripts.servers.ports import free_port
from tests.control.fleet import Agent, until
from tests.control.serving import serving, start
from tests.protocols.xds import served
from tests.protocols.xds.caller import answering, calling

NAMESPACE = "shop"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("xds") / "data", xds="127.0.0.1:0") as running:
        yield running


def state(server):
    with server.client() as http:
        return http.get("/fairlead/v1/xds").json()


@pytest.fixture
def port(server):
    return until(lambda: state(server)["port"])


def register(server, app, address, **more):
    number = int(address.rpartition(":")[2])
    Agent(server.url, NAMESPACE, app, number, protocol="grpc", **more).register()


@pytest.mark.parametrize("name", ["orders", "orders.shop", "orders.shop.svc.cluster.local:80"])
def test_an_app_is_called_by_its_names(server, port, name):
    with answering("one") as at, calling(port, NAMESPACE, f"names-{name}") as client:
        register(server, "orders", at["one"])
        found = until(lambda: client.call(f"xds:///{name}"))

        assert "one" in found or until(lambda: client.call(f"xds:///{name}")["one"])


def test_instances_that_come_are_called_and_lanes_are_kept(server, port):
    with answering("one", "two", "blue") as at, calling(port, NAMESPACE) as client:
        register(server, "stock", at["one"])
        register(server, "stock", at["blue"], lane="blue")
        until(lambda: client.call("xds:///stock")["one"])
        register(server, "stock", at["two"])
        until(lambda: client.call("xds:///stock", 10)["two"])
        before = state(server)["requests"]

        usual = client.call("xds:///stock", 50)
        coloured = client.call("xds:///stock", 50, "a=b,x-opensergo-traffic=blue;p=1")

        assert usual.keys() == {"one", "two"}
        assert coloured == {"blue": 50}
        # What came before may be acknowledged now: one of each type, whatever is called.
        assert state(server)["requests"] - before < 5, "a call asks the control plane for nothing"
        assert [one["node"] for one in state(server)["clients"]] == ["grpc-1"]


def route(app, **backends):
    """Return an HTTPRoute for callers of an app."""
    shares = [{"name": name, "port": 80, "weight": share} for name, share in backends.items()]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": app},
        "spec": {
            "parentRefs": [{"group": "", "kind": "Service", "name": app}],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/test.Echo"}}],
                    "backendRefs": shares,
                }
            ],
        },
    }


def enforced(server, kind, name, words):
    """Return the condition `Enforced` of an object, once its message has these words."""
    path = f"/apis/gateway.networking.k8s.io/v1/namespaces/{NAMESPACE}/{kind}/{name}"
    with server.client() as http:
        conditions = http.get(path).json().get("status", {}).get("conditions", [])
    found = (one for one in conditions if one["type"] == "Enforced" and words in one["message"])
    return next(found, None)


def test_a_route_for_callers_shares_out_calls_and_lanes_are_kept(server, port):
    with answering("old", "new", "blue") as at, calling(port, NAMESPACE, "shares") as client:
        register(server, "cart", at["old"])
        register(server, "cart", at["blue"], lane="blue")
        register(server, "cart-next", at["new"])
        until(lambda: client.call("xds:///cart")["old"])

        with server.client() as http:
            http.post(
                f"/apis/gateway.networking.k8s.io/v1/namespaces/{NAMESPACE}/httproutes",
                json=route("cart", **{"cart": 90, "cart-next": 10}),
            ).raise_for_status()
        until(lambda: client.call("xds:///cart", 50)["new"])

        usual = client.call("xds:///cart", 1000)
        coloured = client.call("xds:///cart", 200, "x-opensergo-traffic=blue")

        assert usual.keys() == {"old", "new"}
        assert 60 <= usual["new"] <= 140  # 100 expected, 4 standard deviations are 38
        assert coloured.keys() == {"blue", "new"}
        told = until(lambda: enforced(server, "httproutes", "cart", "xDS have it: shares"))
        assert told["status"] == "True"
        refused = [one["refused"] for one in state(server)["clients"] if one["node"] == "shares"]
        assert refused == [[]]


EVERYTHING = """
- matches:
  - {path: {type: Exact, value: /a}, method: POST}
  - {path: {type: PathPrefix, value: /b/c}, queryParams: [{name: q, value: x}]}
  - {path: {type: RegularExpression, value: "/d.*"}, headers: [{name: h, value: v}]}
  filters:
  - {type: RequestRedirect, requestRedirect: {hostname: x.test, statusCode: 302}}
- matches: [{path: {type: PathPrefix, value: /e}}]
  filters:
  - {type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /f}}}
  - {type: RequestMirror, requestMirror: {backendRef: {name: all, port: 80}, percent: 10}}
  - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}]}}
  - {type: CORS, cors: {allowOrigins: ["https://x.test"], allowMethods: [GET]}}
  backendRefs: [{name: all, port: 80, weight: 1}, {name: nobody, port: 80, weight: 1}]
  timeouts: {request: 2s, backendRequest: 1s}
  retry: {codes: [503], attempts: 2}
- matches: [{path: {type: PathPrefix, value: /g}}]
- backendRefs: [{name: all, port: 8080}]
"""


def test_a_client_of_grpc_refuses_nothing_that_a_route_can_say(server, port):
    """One table that it refuses would leave it with what was there before."""
    spec = {"parentRefs": [{"group": "", "kind": "Service", "name": "all"}]}
    plain = route("all") | {"spec": spec | {"rules": yaml.safe_load(EVERYTHING)}}
    with answering("one") as at, calling(port, NAMESPACE, "all") as client:
        register(server, "all", at["one"])
        with server.client() as http:
            path = f"/apis/gateway.networking.k8s.io/v1/namespaces/{NAMESPACE}/httproutes"
            http.post(path, json=plain).raise_for_status()

        until(lambda: client.call("xds:///all")["one"])

        until(lambda: enforced(server, "httproutes", "all", "xDS have it: all"))
        assert [one["refused"] for one in state(server)["clients"] if one["node"] == "all"] == [[]]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "[::]"])
def test_a_server_of_grpc_serves_by_the_listener_of_its_address(server, port, host):
    """And its calls ask the control plane for nothing."""
    at = free_port()
    words = ["--grpc", "--xds", f"127.0.0.1:{port}", "--namespace", NAMESPACE, "--app", "served"]
    own = bootstrap(options_parser().parse_args(words), {})
    with served.serving(f"{host}:{at}", own), calling(port, NAMESPACE, f"to {host}") as client:
        register(server, "served", f"127.0.0.1:{at}")
        until(lambda: client.call("xds:///served")["served"])
        before = state(server)["requests"]

        assert client.call("xds:///served", 100) == {"served": 100}

        # What came before may be acknowledged now: one of each type, whatever is called.
        assert state(server)["requests"] - before < 5
        assert [one["refused"] for one in state(server)["clients"]] == [[], []]


def test_a_server_of_grpc_without_its_listener_serves_nobody():
    """So that the listener is what the test before is about."""
    nobody, at = free_port(), free_port()
    words = ["--grpc", "--xds", f"127.0.0.1:{nobody}", "--app", "served"]
    own = bootstrap(options_parser().parse_args(words), {})
    with served.serving(f"127.0.0.1:{at}", own) as process:
        assert process.stdout.readline() == "started\n"

        with grpc.insecure_channel(f"127.0.0.1:{at}") as channel, pytest.raises(grpc.RpcError):
            channel.unary_unary("/test.Echo/Who")(b"", timeout=2)


def test_who_polls_gets_json_and_304_for_what_is_known(server, port):
    with answering("one") as at:
        register(server, "polled", at["one"])
    asked = {"node": {"id": "p", "metadata": {"NAMESPACE": NAMESPACE}}}
    name = "outbound|80||polled.shop.svc.cluster.local"

    with server.client() as http:

        def unchanged():
            """Ask for what is not known yet: others' changes may come in between."""
            found = poll(http, "endpoints", asked, resource_names=[name])
            if found is None:
                return None
            known = {**asked, "resource_names": [name], "version_info": found["version_info"]}
            again = http.post("/v3/discovery:endpoints", json=known)
            return (found, again) if again.status_code == 304 else None

        found, again = until(unchanged)
        wrong = http.post("/v3/discovery:endpoints", json={"nonsense": 1})
        unknown = http.post("/v3/discovery:nonsense", json={})

    assert found["resources"][0]["cluster_name"] == name
    assert (again.status_code, wrong.status_code, unknown.status_code) == (304, 400, 400)


def poll(http, kind, asked, **more):
    """Return the answer, None where it has no resources yet."""
    found = http.post(f"/v3/discovery:{kind}", json={**asked, **more}).json()
    return found if found.get("resources") else None


def test_other_addresses_than_loopback_are_refused(tmp_path):
    process = start(tmp_path / "data", xds="0.0.0.0:15010")
    try:
        _, said = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        raise

    assert process.returncode == 2
    assert "--xds '0.0.0.0:15010': other addresses than loopback are for --xds-tls" in said
