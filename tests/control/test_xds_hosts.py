"""Hosts that are no apps, called by stock gRPC clients."""

from __future__ import annotations

import pytest

from tests.control.fleet import until
from tests.control.serving import serving
from tests.protocols.xds.caller import answering, calling

NAMESPACE = "shop"
API = f"/apis/networking.istio.io/v1/namespaces/{NAMESPACE}"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("hosts") / "data", xds="127.0.0.1:0") as running:
        yield running


def state(server):
    with server.client() as http:
        return http.get("/fairlead/v1/xds").json()


def put(server, kind, plural, name, spec):
    """Have the control plane keep an object of Istio's."""
    plain = {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": {"name": name}}
    with server.client() as http:
        http.post(f"{API}/{plural}", json=plain | {"spec": spec}).raise_for_status()


def port_of(address):
    return int(address.rpartition(":")[2])


def test_listed_and_looked_up_instances_are_called(server):
    """By weight, those of workloads too; and a name that is looked up."""
    port = until(lambda: state(server)["port"])
    grpc = {"number": 9000, "name": "grpc", "protocol": "GRPC"}
    with answering("one", "two", "dns") as at, calling(port, NAMESPACE, "hosts") as client:
        selector = {"labels": {"app": "ledger"}}
        entry = {"hosts": ["ledger.example"], "ports": [grpc], "workloadSelector": selector}
        put(server, "ServiceEntry", "serviceentries", "ledger", entry | {"resolution": "STATIC"})
        # gRPC takes weights of places, and none within one.
        for name, weight in (("one", 3), ("two", 1)):
            spec = {"address": "127.0.0.1", "ports": {"grpc": port_of(at[name])}, "weight": weight}
            labels = {"labels": {"app": "ledger"}, "locality": f"eu/{name}"}
            put(server, "WorkloadEntry", "workloadentries", name, spec | labels)
        endpoint = {"address": "localhost", "ports": {"grpc": port_of(at["dns"])}}
        looked = {"hosts": ["looked.example"], "ports": [grpc], "endpoints": [endpoint]}
        put(
            server,
            "ServiceEntry",
            "serviceentries",
            "looked",
            looked | {"resolution": "DNS_ROUND_ROBIN"},
        )

        until(lambda: client.call("xds:///ledger.example:9000", 20)["two"])
        found = client.call("xds:///ledger.example", 400)
        until(lambda: client.call("xds:///looked.example")["dns"])

        assert found.keys() == {"one", "two"}
        assert 66 <= found["two"] <= 134  # 100 expected, 4 standard deviations are 35
        assert [one for one in state(server)["clients"] if one["refused"]] == []


def test_what_a_sidecar_hides_is_not_found(server):
    """A client that names it is told so, and does not wait for it."""
    port = until(lambda: state(server)["port"])
    with answering("one") as at, calling(port, NAMESPACE, "hidden") as client:
        grpc = {"number": 9000, "name": "grpc", "protocol": "GRPC"}
        endpoint = {"address": "127.0.0.1", "ports": {"grpc": port_of(at["one"])}}
        for name in ("shown", "hidden"):
            entry = {"hosts": [f"{name}.example"], "ports": [grpc], "endpoints": [endpoint]}
            put(server, "ServiceEntry", "serviceentries", name, entry | {"resolution": "STATIC"})
        egress = [{"hosts": ["*/shown.example"]}]
        put(server, "Sidecar", "sidecars", "default", {"egress": egress})
        until(lambda: client.call("xds:///shown.example")["one"])

        assert "one" not in client.call("xds:///hidden.example")
