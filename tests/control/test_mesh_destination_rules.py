"""What data planes are given of a DestinationRule, beside what agents have of it."""

from __future__ import annotations

from fairlead.compiler import Instance, World
from fairlead.control.mesh import SIDECAR
from fairlead.kinds import parse
from fairlead.kinds.document import read_documents
from fairlead.policy.balance import RANDOM, RING_HASH
from fairlead.policy.mesh import MeshCluster
from tests.control.test_mesh_istio import at, given, service

RULE = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: orders}
spec:
  host: orders
  trafficPolicy:
    connectionPool:
      tcp: {maxConnections: 3, tcpKeepalive: {time: 75s}}
      http: {http1MaxPendingRequests: 4, maxRequestsPerConnection: 5, idleTimeout: 6s}
    loadBalancer: {consistentHash: {httpHeaderName: X-User}}
    outlierDetection: {consecutive5xxErrors: 7}
    retryBudget: {percent: 30}
    tls: {mode: SIMPLE}
    portLevelSettings:
    - {port: {number: 8443}, tls: {mode: MUTUAL, clientCertificate: /c, privateKey: /k,
       caCertificates: /ca, subjectAltNames: [other], sni: front}}
  subsets:
  - name: v2
    labels: {version: v2}
    trafficPolicy:
      connectionPool: {http: {http2MaxRequests: 9}}
      portLevelSettings:
      - {port: {number: 80}, loadBalancer: {simple: RANDOM}}
---
"""
ROUTES = """
  - match: [{uri: {prefix: /two}}]
    route: [{destination: {host: orders, subset: v2}}]
  - match: [{uri: {prefix: /far}}]
    route: [{destination: {host: orders, subset: v2, port: {number: 8443}}}]
  - match: [{uri: {prefix: /secure}}]
    route: [{destination: {host: orders, port: {number: 8443}}}]
"""
HOST = "orders.shop.svc.cluster.local"


def clusters(kind: str = SIDECAR) -> dict[str, MeshCluster]:
    return {one.name: one for one in given(RULE + service(ROUTES), kind=kind).clusters}


def test_limits_of_connections_are_in_the_cluster():
    pool = clusters()[at("orders")].pool

    assert (pool.most_connections, pool.most_pending) == (3, 4)
    assert (pool.requests_per_connection, pool.idle_timeout, pool.tcp_keepalive) == (5, 6.0, 75.0)


def test_a_subset_replaces_whole_blocks():
    found = clusters()[at("orders", "v2", 8443)]

    assert (found.pool.most_requests, found.pool.most_pending) == (9, 0)


def test_a_port_takes_over_nothing_but_what_ports_cannot_say():
    every, far, two = (clusters()[at("orders", *one)] for one in ((), ("", 8443), ("v2", 80)))

    assert (every.balance.algorithm, every.outlier is not None) == (RING_HASH, True)
    assert (far.outlier, far.pool.most_connections, far.budget.percent) == (None, 0, 30.0)
    assert (two.balance.algorithm, two.outlier, two.tls) == (RANDOM, None, None)
    assert two.budget.percent == 30.0
    assert two.pool.most_requests == 0


def test_a_server_is_checked_by_its_host_and_the_systems_authorities_where_nobody_says_more():
    found = clusters()
    simple, mutual = found[at("orders")].tls, found[at("orders", "", 8443)].tls
    assert simple is not None
    assert mutual is not None
    assert (simple.server_name, simple.subject_names) == (HOST, (HOST,))
    assert simple.authorities == "/etc/ssl/certs/ca-certificates.crt"
    assert (mutual.certificate, mutual.key, mutual.authorities) == ("/c", "/k", "/ca")
    assert (mutual.server_name, mutual.subject_names) == ("front", ("other",))


def test_clients_of_grpc_have_their_own_encryption():
    assert all(one.tls is None for one in clusters(kind="").values())


def test_who_carries_out_which_field_is_said_and_what_encrypts_nothing():
    text = RULE.replace("tls: {mode: SIMPLE}", "tls: {mode: ISTIO_MUTUAL}")
    rules = [parse(one.plain, namespace="shop") for one in read_documents(text) if one.plain]
    world = World.of(rules, [Instance(namespace="shop", app="orders", address="10.0.0.1:1")], 1)
    said = "; ".join(one.message for one in world.findings() if one.type == "NotHonoured")

    for path in (
        "trafficPolicy.connectionPool.tcp.maxConnections",
        "trafficPolicy.connectionPool.tcp.tcpKeepalive",
        "trafficPolicy.connectionPool.http.http1MaxPendingRequests",
        "trafficPolicy.portLevelSettings[0]",
        "subsets[0].trafficPolicy.portLevelSettings[0]",
    ):
        assert f"{path}: agents do not carry it out" in said
    assert "trafficPolicy.tls.mode: ISTIO_MUTUAL: no certificates are issued here" in said
