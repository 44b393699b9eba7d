"""A static configuration of Envoy with a listener for each table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.conformance.routing.corpus import EMPTY, Group

TYPE = "type.googleapis.com/envoy.extensions."
METADATA = "x-judge-metadata"
"""Header that becomes metadata: filter, key and value."""
REPORTS = {
    "x-judge-route": "%ROUTE_NAME%",
    "x-judge-host": "%METADATA(VIRTUAL_HOST:judge:name)%",
    "x-judge-details": "%RESPONSE_CODE_DETAILS%",
}
"""Headers of each answer, and what they say."""
INSIDE = {"address_prefix": "10.0.0.0", "prefix_len": 8}
"""Requests of the judge do not come from there: they are external, as most are."""
FILTER = """
function envoy_on_request(handle)
  local headers = handle:headers()
  local text = headers:get("x-judge-metadata")
  if text then
    local space, key, value = text:match("^(%S+) (%S+) (.*)$")
    handle:streamInfo():dynamicMetadata():set(space, key, value)
    headers:remove("x-judge-metadata")
    handle:clearRouteCache()
  end
end
"""


def bootstrap(groups: Iterable[Group], ports: Mapping[str, int]) -> dict[str, Any]:
    """Return a configuration; `ports` are those of clusters."""
    return {
        "admin": {"address": _address(0)},
        "static_resources": {
            "listeners": [_listener(group) for group in groups],
            "clusters": [_cluster(name, port) for name, port in ports.items()]
            + [_cluster(EMPTY, None)],
        },
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _cluster(name: str, port: int | None) -> dict[str, Any]:
    endpoint = {"address": _address(port or 0), "hostname": f"{name}.test"}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}] if port else []}],
        },
    }


def _listener(group: Group) -> dict[str, Any]:
    manager = {
        "@type": f"{TYPE}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "judge",
        "route_config": _table(group.table),
        "http_filters": _filters(),
        "internal_address_config": {"cidr_ranges": [INSIDE]},
        "upgrade_configs": [{"upgrade_type": "CONNECT"}],
    }
    return {
        "name": group.id,
        "address": _address(0),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }


def _table(table: Mapping[str, Any]) -> dict[str, Any]:
    hosts = []
    for host in table["virtual_hosts"]:
        named = {"filter_metadata": {"judge": {"name": host["name"]}}}
        hosts.append({**host, "metadata": named})
    return {**table, "virtual_hosts": hosts, "validate_clusters": False}


def _filters() -> list[dict[str, Any]]:
    reports = [
        {"append": {"header": {"key": name, "value": value}}} for name, value in REPORTS.items()
    ]
    settings: dict[str, dict[str, Any]] = {
        "header_mutation": {"mutations": {"response_mutations": reports}},
        "lua": {"default_source_code": {"inline_string": FILTER}},
        "cors": {},
        "fault": {},
        "router": {},
    }
    kinds = {
        "header_mutation": "HeaderMutation",
        "lua": "Lua",
        "cors": "Cors",
        "fault": "HTTPFault",
        "router": "Router",
    }
    return [
        {
            "name": f"envoy.filters.http.{name}",
            "typed_config": {"@type": f"{TYPE}filters.http.{name}.v3.{kinds[name]}", **fields},
        }
        for name, fields in settings.items()
    ]
