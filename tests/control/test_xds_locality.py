"""Places over xDS, as clients of gRPC without an agent have them."""

from __future__ import annotations

from contextlib import ExitStack
from math import sqrt

import pytest

from fairlead.cli.bootstrap.command import bootstrap, options_parser
from tests.control.fleet import Agent, until
from tests.control.serving import serving
from tests.protocols.xds.caller import answering, started

NAMESPACE = "shop"
A, B = "eu/a", "eu/b"
RULES = f"/apis/networking.istio.io/v1/namespaces/{NAMESPACE}/destinationrules"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("xds") / "data", xds="127.0.0.1:0") as running:
        yield running


@pytest.fixture
def client(server):
    """A client in zone a, with what `fairlead bootstrap` writes for it."""
    with server.client() as http:
        port = until(lambda: http.get("/fairlead/v1/xds").json()["port"])
    words = ["--grpc", "--app", "front", "--namespace", NAMESPACE, "--zone", A]
    told = bootstrap(options_parser().parse_args([*words, "--xds", f"127.0.0.1:{port}"]), {})
    assert told["node"]["locality"] == {"region": "eu", "zone": "a"}
    with started(told) as running:
        yield running


def register(server, app, addresses, zone):
    for address in addresses.values():
        number = int(address.rpartition(":")[2])
        Agent(server.url, NAMESPACE, app, number, protocol="grpc", zone=zone).register()


def apply(server, app, **policy):
    with server.client() as http:
        rule = {
            "apiVersion": "networking.istio.io/v1",
            "kind": "DestinationRule",
            "metadata": {"name": app},
            "spec": {"host": app, "trafficPolicy": policy},
        }
        http.post(RULES, json=rule).raise_for_status()


def test_a_zone_whose_processes_are_gone_is_left(server, client):
    """The nearest first, and the next one where they do not connect."""
    with answering("b") as far, ExitStack() as stack:
        near = stack.enter_context(answering("a1", "a2"))
        register(server, "prices", near, A)
        register(server, "prices", far, B)
        apply(server, "prices", outlierDetection={})
        until(lambda: client.call("xds:///prices", 20) == {"a1": 10, "a2": 10})
        stack.close()
        until(lambda: client.call("xds:///prices", 20) == {"b": 20})


def test_shares_of_zones(server, client):
    """Within four standard deviations."""
    share = {"distribute": [{"from": A, "to": {A: 80, B: 20}}]}
    with answering("a") as near, answering("b") as far, answering("us") as other:
        register(server, "stock", near, A)
        register(server, "stock", far, B)
        register(server, "stock", other, "us/x")
        apply(server, "stock", loadBalancer={"localityLbSetting": share})
        until(lambda: client.call("xds:///stock", 20).keys() == {"a", "b"})
        found = client.call("xds:///stock", 1000)
    assert found.keys() == {"a", "b"}
    assert abs(found["b"] - 200) <= 4 * sqrt(1000 * 0.2 * 0.8)
