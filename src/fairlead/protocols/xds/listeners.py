"""Listeners, from policy to Envoy's messages."""

from __future__ import annotations

import json
from typing import Any

from fairlead.policy import mesh as m
from fairlead.protocols.xds.clusters import address, common_tls, core, self_source
from fairlead.protocols.xds.pb import TYPE, from_json, message, package
from fairlead.protocols.xds.tables import CORS, FAULT, table

connections = package("envoy.extensions.filters.network.http_connection_manager.v3")
listeners = package("envoy.config.listener.v3")

MANAGER = "envoy.filters.network.http_connection_manager"
ROUTER = "envoy.filters.http.router"

LOGGED = {
    "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%",
    "method": "%REQ(:METHOD)%",
    "host": "%REQ(:AUTHORITY)%",
    "path": "%PATH(NQ)%",
    "route": "%ROUTE_NAME%",
    "status": "%RESPONSE_CODE%",
    "grpc_status": "%GRPC_STATUS_NUMBER%",
    "duration_ms": "%DURATION%",
    "cluster": "%UPSTREAM_CLUSTER%",
    "instance": "%UPSTREAM_HOST%",
    "flags": "%RESPONSE_FLAGS%",
    "trace": "%REQ(TRACEPARENT)%",
}
"""A line of an access log: no query, no header but the trace's, and no body."""

DIRECTIONS = {m.INBOUND: "INBOUND", m.OUTBOUND: "OUTBOUND", m.GATEWAY: "UNSPECIFIED"}


def listener(one: m.Listener) -> Any:
    """Return a Listener: with an api_listener where it listens nowhere, as gRPC wants it."""
    found = listeners.Listener(name=one.name)
    manager = connections.HttpConnectionManager(
        stat_prefix=one.name, http_filters=[*_filters(one), _router()]
    )
    if one.routes is not None:
        manager.route_config.CopyFrom(table(one.routes))
    else:
        manager.rds.route_config_name = one.table
        manager.rds.config_source.CopyFrom(self_source())
    if not one.address:
        found.api_listener.api_listener.Pack(manager)
        return found
    _manage(manager, one)
    found.address.CopyFrom(address(one.address))
    if one.direction == m.INBOUND:
        found.stat_prefix = one.name  # who drains it asks for its figures by name
    found.traffic_direction = DIRECTIONS[one.direction]
    chain = found.filter_chains.add()
    chain.filters.add(name=MANAGER).typed_config.Pack(manager)
    if one.tls is not None:
        context = package("envoy.extensions.transport_sockets.tls.v3").DownstreamTlsContext(
            common_tls_context=common_tls(one.tls)
        )
        context.require_client_certificate.value = one.tls.require_client
        chain.transport_socket.name = "envoy.transport_sockets.tls"
        chain.transport_socket.typed_config.Pack(context)
    return found


def serving(name: str, at: str) -> Any:
    """Return the Listener of a gRPC server at an address: all calls are its own (gRFC A36).

    It takes no filter beside the router, and no table that sends a call anywhere.
    """
    found = listeners.Listener(name=name, traffic_direction="INBOUND")
    found.address.CopyFrom(address(at))
    manager = connections.HttpConnectionManager(stat_prefix=name, http_filters=[_router()])
    host = manager.route_config.virtual_hosts.add(name=name, domains=["*"])
    route = host.routes.add()
    route.match.prefix = ""
    route.non_forwarding_action.SetInParent()
    found.filter_chains.add().filters.add(name=MANAGER).typed_config.Pack(manager)
    return found


def _manage(manager: Any, one: m.Listener) -> None:
    if one.direction == m.GATEWAY:
        # Headers that only a peer may set are removed of what comes from outside.
        manager.use_remote_address.value = manager.normalize_path.value = True
    else:
        # Between an application and its callers, as little is different as can be.
        manager.server_header_transformation = "PASS_THROUGH"
        manager.stream_idle_timeout.SetInParent()
    manager.upgrade_configs.add(upgrade_type="websocket")
    if one.access_log:
        manager.access_log.add(name="envoy.access_loggers.file").typed_config.Pack(
            _access_log(one.access_log)
        )


def _access_log(path: str) -> Any:
    """Return a log of JSON, in the words of the agent's where both know a thing."""
    found = package("envoy.extensions.access_loggers.file.v3").FileAccessLog(path=path)
    found.log_format.json_format.update(LOGGED)
    return found


def _filters(one: m.Listener) -> list[Any]:
    """Return the filters that routes configure, and then those of the listener."""
    faults = package("envoy.extensions.filters.http.fault.v3").HTTPFault()
    found = [_filter(FAULT, faults)]
    if one.address:
        found.insert(0, _filter(CORS, package("envoy.extensions.filters.http.cors.v3").Cors()))
    return [*found, *map(_own, one.filters)]


def _filter(name: str, content: Any) -> Any:
    found = connections.HttpFilter(name=name)
    found.typed_config.Pack(content)
    return found


def _router() -> Any:
    return _filter(ROUTER, package("envoy.extensions.filters.http.router.v3").Router())


def _own(one: m.Filter) -> Any:
    found = connections.HttpFilter(name=one.name, is_optional=one.optional)
    if one.content is None:
        found.config_discovery.config_source.CopyFrom(self_source())
        found.config_discovery.type_urls.append(one.type_url)
    else:
        found.typed_config.Pack(_content(one.type_url, one.content))
    return found


def extension(one: m.Extension) -> Any:
    """Return a TypedExtensionConfig."""
    found = core.TypedExtensionConfig(name=one.name)
    found.typed_config.Pack(_content(one.type_url, one.content))
    return found


def _content(type_url: str, text: str) -> Any:
    """Return a filter's configuration: as TypedStruct, where its message is none of ours."""
    name = type_url.rpartition("/")[2]
    try:
        message(name)
    except KeyError:
        content = {"type_url": TYPE + name, "value": json.loads(text)}
        return from_json(content, "xds.type.v3.TypedStruct")
    return from_json(json.loads(text), name)
