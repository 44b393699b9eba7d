"""Envoy's RouteConfiguration, read into a RouteTable.

Strict: a field that is not known, or that changes decisions and cannot be evaluated here, is an
error that names it. Fields that no decision depends on (tracing, statistics, filters' own
settings) are left out, and named in `Reading.ignored`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fairlead.policy.routing import action
from fairlead.policy.routing.action import (
    Cors,
    HeaderChanges,
    HeaderValue,
)
from fairlead.policy.routing.match import RouteMatch
from fairlead.policy.routing.table import (
    ALL,
    EXTERNAL_ONLY,
    NO_TLS,
    Route,
    RouteTable,
    VirtualHost,
)
from fairlead.protocols.xds.fields import Fields, Unreadable
from fairlead.protocols.xds.reading_actions import TimeLimits, forward, redirect, retry, time_limits
from fairlead.protocols.xds.reading_matches import headers, route_match, text

__all__ = ["Reading", "Unreadable", "route_table"]

_HOW = (
    action.APPEND,
    action.ADD_IF_ABSENT,
    action.OVERWRITE,
    action.OVERWRITE_IF_EXISTS,
)
_REQUIRE = (NO_TLS, EXTERNAL_ONLY, ALL)
_CHANGES = (
    "request_headers_to_add",
    "request_headers_to_remove",
    "response_headers_to_add",
    "response_headers_to_remove",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a configuration says, and the fields of it that no decision depends on."""

    table: RouteTable
    ignored: tuple[str, ...]


def route_table(message: Any) -> Reading:
    """Read an ``envoy.config.route.v3.RouteConfiguration``.

    Raises:
        Unreadable: A field says what cannot be evaluated; its path is named.
    """
    at = Fields(message)
    table = RouteTable(
        name=at.value("name"),
        changes=changes(at),
        hosts=tuple(map(_host, at.each("virtual_hosts"))),
        most_specific_wins=at.value("most_specific_header_mutations_wins"),
        ignore_port=at.value("ignore_port_in_host_matching"),
        ignore_parameters=at.value("ignore_path_parameters_in_path_matching"),
    )
    at.done(
        "validate_clusters", "internal_only_headers", "max_direct_response_body_size_bytes", *_ELSE
    )
    return Reading(table=table, ignored=tuple(at.ignored))


_ELSE = ("metadata", "typed_per_filter_config", "rate_limits", "per_request_buffer_limit_bytes")


def _host(at: Fields) -> VirtualHost:
    policy = at.maybe("retry_policy")
    found = VirtualHost(
        name=at.value("name"),
        domains=tuple(at.value("domains")),
        routes=tuple(map(_route, at.each("routes"))),
        require_tls=_REQUIRE[at.value("require_tls")],
        retry=retry(policy) if policy is not None else None,
        changes=changes(at),
        cors=_cors(at),
        virtual_clusters=tuple(map(_virtual_cluster, at.each("virtual_clusters"))),
        attempt_count=at.value("include_request_attempt_count"),
    )
    at.done(
        "include_attempt_count_in_response", "include_is_timeout_retry_header", "hedge_policy",
        "request_body_buffer_limit", *_ELSE,
    )  # fmt: skip
    return found


def _virtual_cluster(at: Fields) -> tuple[str, RouteMatch]:
    found = at.value("name"), RouteMatch(headers=headers(at, "headers"))
    at.done()
    return found


def _route(at: Fields) -> Route:
    one, match = at.choice("action"), at.maybe("match")
    if one is None or match is None:
        raise Unreadable(at.path, "a route needs a match and an action")
    name, build = one, _ACTIONS.get(one)
    if build is None:
        raise Unreadable(at.under(name), "is not evaluated here")
    inner = at.one(name)
    limits = time_limits(inner) if name == "route" else TimeLimits()
    policy = inner.maybe("retry_policy") if name == "route" else None
    found = Route(
        name=at.value("name"),
        match=route_match(match),
        retry=retry(policy) if policy is not None else None,
        cors=_cors(inner) if name == "route" else None,
        action=build(inner),
        changes=changes(at),
        timeout=limits.timeout,
        idle_timeout=limits.idle_timeout,
        grpc_timeout=limits.grpc_timeout,
    )
    at.done("decorator", "tracing", "stat_prefix", "request_body_buffer_limit", *_ELSE)
    return found


def _forward(at: Fields) -> action.Action:
    return forward(at, changes)


def _answer(at: Fields) -> action.Action:
    body = at.maybe("body")
    told = ""
    if body is not None:
        told = body.value("inline_string") or body.value("inline_bytes").decode("utf-8", "replace")
        body.done()
    found = action.Answer(status=at.value("status"), body=told)
    at.done()
    return found


def _refuse(at: Fields) -> action.Action:
    at.done()
    return action.Refuse()


_ACTIONS: dict[str, Callable[[Fields], action.Action]] = {
    "route": _forward,
    "redirect": redirect,
    "direct_response": _answer,
    "non_forwarding_action": _refuse,
}


def _cors(at: Fields) -> Cors | None:
    policy = at.maybe("cors")
    if policy is None:
        return None
    unmatched = policy.wrapped("forward_not_matching_preflights")
    found = Cors(
        origins=tuple(map(text, policy.each("allow_origin_string_match"))),
        methods=policy.value("allow_methods"),
        headers=policy.value("allow_headers"),
        exposed=policy.value("expose_headers"),
        max_age=policy.value("max_age"),
        credentials=policy.wrapped("allow_credentials"),
        forward_unmatched=True if unmatched is None else bool(unmatched),
    )
    policy.done()
    return found


def changes(at: Fields) -> HeaderChanges:
    """Read header changes of a table, a host, a route or a weighted cluster."""
    sent, unsent, answered, unanswered = _CHANGES
    return HeaderChanges(
        request_set=_set(at.each(sent)),
        request_removed=tuple(at.value(unsent)),
        response_set=_set(at.each(answered)),
        response_removed=tuple(at.value(unanswered)),
    )


def _set(options: Iterable[Fields]) -> tuple[HeaderValue, ...]:
    return tuple(map(_header, options))


def _header(at: Fields) -> HeaderValue:
    header, append = at.one("header"), at.wrapped("append")
    how = _HOW[at.value("append_action")]
    if append is not None:  # the older way to say it
        how = action.APPEND if append else action.OVERWRITE
    found = HeaderValue(
        name=header.value("key"),
        value=header.value("value") or header.value("raw_value").decode("utf-8", "replace"),
        how=how,
        keep_empty=at.value("keep_empty_value"),
    )
    header.done()
    at.done()
    return found
