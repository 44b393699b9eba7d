"""Tables of routes, from policy to Envoy's RouteConfiguration."""

from __future__ import annotations

from typing import Any

from fairlead.policy.routing.table import ALL, EXTERNAL_ONLY, Route, RouteTable, VirtualHost
from fairlead.protocols.xds.actions import (
    act,
    change_headers,
    cors,
    duration,
    fault,
    pack_filters,
    retrying,
)
from fairlead.protocols.xds.matches import matching, route

FAULT, CORS = "envoy.filters.http.fault", "envoy.filters.http.cors"

TLS = {EXTERNAL_ONLY: "EXTERNAL_ONLY", ALL: "ALL"}


def table(one: RouteTable) -> Any:
    """Return a RouteConfiguration.

    A route with a test that only a plug-in knows is left out: without it, it would match more.
    """
    found = route.RouteConfiguration(
        name=one.name,
        virtual_hosts=map(_host, one.hosts),
        most_specific_header_mutations_wins=one.most_specific_wins,
        ignore_port_in_host_matching=one.ignore_port,
        ignore_path_parameters_in_path_matching=one.ignore_parameters,
    )
    found.validate_clusters.value = False
    change_headers(found, one.changes)
    return found


def _host(one: VirtualHost) -> Any:
    found = route.VirtualHost(
        name=one.name,
        domains=one.domains,
        routes=(_route(each) for each in one.routes if not each.match.custom),
        include_request_attempt_count=one.attempt_count,
    )
    if one.require_tls:
        found.require_tls = TLS[one.require_tls]
    if one.retry is not None:
        found.retry_policy.CopyFrom(retrying(one.retry))
    change_headers(found, one.changes)
    if one.cors is not None:
        pack_filters(found, [(CORS, cors(one.cors))])
    for name, match in one.virtual_clusters:
        found.virtual_clusters.add(name=name, headers=matching(match).headers)
    return found


def _route(one: Route) -> Any:
    found = route.Route(name=one.name, match=matching(one.match))
    act(found, one.action)
    change_headers(found, one.changes)
    if found.HasField("route"):
        _times(found.route, one)
    if one.injection is not None:
        pack_filters(found, [(FAULT, fault(one.injection))])
    if one.cors is not None:
        pack_filters(found, [(CORS, cors(one.cors))])
    return found


def _times(found: Any, one: Route) -> None:
    if one.timeout is not None:
        found.timeout.CopyFrom(duration(one.timeout))
    if one.idle_timeout is not None:
        found.idle_timeout.CopyFrom(duration(one.idle_timeout))
    if one.grpc_timeout is not None:
        found.max_stream_duration.grpc_timeout_header_max.CopyFrom(duration(one.grpc_timeout))
    if one.retry is not None:
        found.retry_policy.CopyFrom(retrying(one.retry))
