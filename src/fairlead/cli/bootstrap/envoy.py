"""What Envoy is started with: everything else it asks for, over one stream of increments (ADS)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from fairlead.cli.bootstrap.peer import Server

CLUSTER = "fairlead-xds"
"""Name of the cluster that xDS is asked of."""
_LIMITS = ("max_connections", "max_pending_requests", "max_requests", "max_retries")
_TYPE = "type.googleapis.com/envoy.extensions."


def envoy(
    server: Server, node: dict[str, Any], admin: str, clusters: Iterable[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Return the bootstrap; `admin` is ``host:port``, or the path of a socket."""
    source = {"ads": {}, "resource_api_version": "V3"}
    return {
        "node": node,
        "admin": {"address": _admin(admin)},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "DELTA_GRPC",
                "transport_api_version": "V3",
                "set_node_on_first_message_only": True,
                "grpc_services": [{"envoy_grpc": {"cluster_name": CLUSTER}}],
            },
            "cds_config": source,
            "lds_config": source,
        },
        "static_resources": {"clusters": [_cluster(server), *clusters]},
    }


def outside() -> dict[str, Any]:
    """Return the cluster of hosts that the mesh does not know: they are looked up."""
    return {
        "name": "PassthroughCluster",
        "connect_timeout": "10s",
        "lb_policy": "CLUSTER_PROVIDED",
        "cluster_type": {
            "name": "envoy.clusters.dynamic_forward_proxy",
            "typed_config": {
                "@type": f"{_TYPE}clusters.dynamic_forward_proxy.v3.ClusterConfig",
                "dns_cache_config": {"name": "outside", "dns_lookup_family": "V4_PREFERRED"},
            },
        },
    }


def application(port: int) -> dict[str, Any]:
    """Return the cluster of the application on this machine: it is spoken to as its callers do."""
    endpoint = {"endpoint": {"address": _socket("127.0.0.1", port)}}
    return {
        "name": "inbound",
        "type": "STATIC",
        "connect_timeout": "10s",
        "load_assignment": {"cluster_name": "inbound", "endpoints": [{"lb_endpoints": [endpoint]}]},
        "circuit_breakers": {"thresholds": [dict.fromkeys(_LIMITS, 2**32 - 1)]},
        "typed_extension_protocol_options": _protocol(
            {"use_downstream_protocol_config": {"http2_protocol_options": {}}}
        ),
    }


def _admin(told: str) -> dict[str, Any]:
    if told.startswith("/"):
        return {"pipe": {"path": told, "mode": 0o600}}
    host, _, port = told.rpartition(":")
    return _socket(host.removeprefix("[").removesuffix("]"), int(port))


def _socket(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def _cluster(server: Server) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": _socket(server.host, server.port)}}
    options = {
        # A control plane that is gone without a word is missed in time.
        "explicit_http_config": {
            "http2_protocol_options": {"connection_keepalive": {"interval": "30s", "timeout": "5s"}}
        }
    }
    cluster: dict[str, Any] = {
        "name": CLUSTER,
        "type": "STATIC" if _is_ip(server.host) else "STRICT_DNS",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": CLUSTER, "endpoints": [{"lb_endpoints": [endpoint]}]},
        "typed_extension_protocol_options": _protocol(options),
    }
    if server.authority is not None:
        cluster["transport_socket"] = _tls(server.host, server.authority, server.shown)
    return cluster


def _protocol(options: dict[str, Any]) -> dict[str, Any]:
    name = "upstreams.http.v3.HttpProtocolOptions"
    return {f"envoy.extensions.{name}": {"@type": f"{_TYPE}{name}", **options}}


def _tls(host: str, authority: str, shown: tuple[str, str] | None) -> dict[str, Any]:
    name = {
        "san_type": "IP_ADDRESS" if _is_ip(host) else "DNS",
        "matcher": {"exact": host},
    }
    context: dict[str, Any] = {
        "@type": f"{_TYPE}transport_sockets.tls.v3.UpstreamTlsContext",
        "common_tls_context": {
            "alpn_protocols": ["h2"],
            "validation_context": {
                "trusted_ca": {"filename": authority},
                "match_typed_subject_alt_names": [name],
            },
        },
    }
    if shown is not None:
        certificate, key = ({"filename": path} for path in shown)
        pair = {"certificate_chain": certificate, "private_key": key}
        context["common_tls_context"]["tls_certificates"] = [pair]
    if not _is_ip(host):
        context["sni"] = host
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
