"""Clusters and their endpoints, from policy to Envoy's messages."""

from __future__ import annotations

from functools import cache
from typing import Any

from fairlead.policy import balance as b
from fairlead.policy import mesh as m
from fairlead.protocols.xds.actions import duration
from fairlead.protocols.xds.pb import package

clusters = package("envoy.config.cluster.v3")
endpoints = package("envoy.config.endpoint.v3")
core = package("envoy.config.core.v3")

DISCOVERY = {
    m.EDS: "EDS",
    m.STATIC: "STATIC",
    m.DNS: "STRICT_DNS",
    m.ONE_NAME: "LOGICAL_DNS",
    m.PASS_THROUGH: "ORIGINAL_DST",
}
CONNECT = 10.0
"""Seconds that a connection may take where nobody says."""
UNLIMITED = 2**32 - 1
"""Envoy's own limits (1,024 of everything) are for its edge; a mesh has none that nobody set."""
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


@cache
def self_source() -> Any:
    """Return the source of configuration that says: this same stream."""
    return core.ConfigSource(ads={}, resource_api_version="V3")


def cluster(one: m.MeshCluster) -> Any:
    """Return a Cluster."""
    found = clusters.Cluster(
        name=one.name,
        type=DISCOVERY[one.discovery],
        connect_timeout=duration(one.pool.connect_timeout or CONNECT),
    )
    if one.discovery == m.EDS:
        found.eds_cluster_config.eds_config.CopyFrom(self_source())
    elif one.discovery == m.PASS_THROUGH:
        found.lb_policy = "CLUSTER_PROVIDED"
    else:
        found.load_assignment.CopyFrom(assignment(one))
        if one.discovery != m.STATIC:
            found.dns_lookup_family = "V4_PREFERRED"
    if one.discovery != m.PASS_THROUGH:
        _balance(found, one.balance)
        if one.by_locality:
            found.common_lb_config.locality_weighted_lb_config.SetInParent()
    if one.outlier is not None:
        found.outlier_detection.CopyFrom(_outlier(one.outlier))
        # Below it health is passed over. 0, never, where nobody says it (Istio); Envoy's own is 50.
        found.common_lb_config.healthy_panic_threshold.value = one.outlier.least_healthy
        # Envoy gathers ejections for a second: of a place that fails as a whole all but the first
        # instance would be called that long.
        found.common_lb_config.update_merge_window.SetInParent()
    _limits(found, one)
    _protocol(found, one)
    if one.tls is not None:
        found.transport_socket.name = "envoy.transport_sockets.tls"
        found.transport_socket.typed_config.Pack(_upstream(one.tls, http2=one.http2))
    if one.report_load:
        found.lrs_server.self.SetInParent()
    return found


def _balance(found: Any, balance: b.Balance) -> None:
    found.lb_policy = balance.algorithm
    if balance.algorithm == b.RING_HASH:
        found.ring_hash_lb_config.minimum_ring_size.value = balance.size or b.RING
    elif balance.algorithm == b.MAGLEV:
        found.maglev_lb_config.table_size.value = balance.size or b.PRIME
    warmup = balance.warmup
    if warmup is None or balance.algorithm not in (b.ROUND_ROBIN, b.LEAST_REQUEST):
        return
    lower = balance.algorithm == b.LEAST_REQUEST
    config = found.least_request_lb_config if lower else found.round_robin_lb_config
    slow = config.slow_start_config
    slow.slow_start_window.CopyFrom(duration(warmup.duration))
    slow.min_weight_percent.value = warmup.least
    slow.aggression.default_value = warmup.aggression
    slow.aggression.runtime_key = "fairlead.aggression"


def _outlier(one: b.Outlier) -> Any:
    """Return an OutlierDetection. Success rates are off, as in Istio; gRPC knows only those."""
    split = one.consecutive_local_failures > 0
    found = clusters.OutlierDetection(
        interval=duration(one.interval),
        base_ejection_time=duration(one.base_ejection),
        max_ejection_time=duration(max(one.longest_ejection, one.base_ejection)),
        split_external_local_origin_errors=split,
    )
    numbers = {
        "consecutive_5xx": one.consecutive_5xx,
        "enforcing_consecutive_5xx": 100 if one.consecutive_5xx else 0,
        "consecutive_gateway_failure": one.consecutive_gateway_errors,
        "enforcing_consecutive_gateway_failure": 100 if one.consecutive_gateway_errors else 0,
        "max_ejection_percent": round(one.most_ejected),
        "enforcing_success_rate": 0,
    }
    if split:
        numbers["consecutive_local_origin_failure"] = one.consecutive_local_failures
        numbers["enforcing_local_origin_success_rate"] = 0
    for name, number in numbers.items():
        if number or name.startswith(("enforcing", "max")):
            getattr(found, name).value = number
    return found


def _limits(found: Any, one: m.MeshCluster) -> None:
    pool = one.pool
    limits = found.circuit_breakers.thresholds.add()
    limits.max_connections.value = pool.most_connections or UNLIMITED
    limits.max_pending_requests.value = pool.most_pending or UNLIMITED
    limits.max_requests.value = pool.most_requests or UNLIMITED
    if one.budget.most is not None:
        limits.max_retries.value = one.budget.most
    else:
        limits.retry_budget.budget_percent.value = one.budget.percent
        limits.retry_budget.min_retry_concurrency.value = one.budget.least
    if pool.tcp_keepalive is not None:
        keepalive = found.upstream_connection_options.tcp_keepalive
        keepalive.keepalive_time.value = round(pool.tcp_keepalive)


def _protocol(found: Any, one: m.MeshCluster) -> None:
    pool = one.pool
    if not (one.http2 or pool.idle_timeout or pool.requests_per_connection):
        return
    options = package("envoy.extensions.upstreams.http.v3").HttpProtocolOptions()
    config = options.explicit_http_config
    (config.http2_protocol_options if one.http2 else config.http_protocol_options).SetInParent()
    usual = options.common_http_protocol_options
    if pool.idle_timeout:
        usual.idle_timeout.CopyFrom(duration(pool.idle_timeout))
    if pool.requests_per_connection:
        usual.max_requests_per_connection.value = pool.requests_per_connection
    found.typed_extension_protocol_options[HTTP_OPTIONS].Pack(options)


def _upstream(one: m.Tls, *, http2: bool) -> Any:
    tls = package("envoy.extensions.transport_sockets.tls.v3")
    found = tls.UpstreamTlsContext(sni=one.server_name, common_tls_context=common_tls(one))
    if http2:
        found.common_tls_context.alpn_protocols.append("h2")
    return found


def common_tls(one: m.Tls) -> Any:
    """Return a CommonTlsContext: of PEM files where there is a key's path, of secrets otherwise."""
    found = package("envoy.extensions.transport_sockets.tls.v3").CommonTlsContext()
    validation = found.combined_validation_context.default_validation_context
    for name in one.subject_names:
        names = validation.match_typed_subject_alt_names
        names.add(san_type="URI" if "://" in name else "DNS").matcher.exact = name
    if one.key:
        pair = found.tls_certificates.add()
        pair.certificate_chain.filename, pair.private_key.filename = one.certificate, one.key
    elif one.certificate:
        secret = found.tls_certificate_sds_secret_configs.add(name=one.certificate)
        secret.sds_config.CopyFrom(self_source())
    if one.authorities.startswith("/"):
        validation.trusted_ca.filename = one.authorities
        found.validation_context.CopyFrom(validation)  # takes the place of the combined one
    elif one.authorities:
        source = found.combined_validation_context.validation_context_sds_secret_config
        source.name = one.authorities
        source.sds_config.CopyFrom(self_source())
    else:
        found.ClearField("combined_validation_context")
    return found


def assignment(one: m.MeshCluster) -> Any:
    """Return a ClusterLoadAssignment."""
    return endpoints.ClusterLoadAssignment(
        cluster_name=one.name, endpoints=map(_locality, one.localities)
    )


def _locality(one: m.Locality) -> Any:
    return endpoints.LocalityLbEndpoints(
        locality=core.Locality(region=one.region, zone=one.zone, sub_zone=one.sub_zone),
        load_balancing_weight={"value": one.weight},
        priority=one.priority,
        lb_endpoints=map(_endpoint, one.endpoints),
    )


def _endpoint(one: m.Endpoint) -> Any:
    return endpoints.LbEndpoint(
        endpoint=endpoints.Endpoint(address=address(one.address), hostname=one.hostname),
        health_status=one.health.upper(),
        load_balancing_weight={"value": one.weight},
    )


def address(text: str) -> Any:
    """Return the Address that ``host:port`` is."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    return core.Address(socket_address={"address": host, "port_value": int(port)})
