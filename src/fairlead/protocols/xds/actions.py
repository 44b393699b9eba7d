"""What becomes of a request, from policy to Envoy's messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fairlead.policy.resilience import CONDITIONS, GRPC_CONDITIONS, NON_IDEMPOTENT, Injection, Retry
from fairlead.policy.routing import action as a
from fairlead.protocols.xds.matches import core, matcher, regex, route, runtime, share, text
from fairlead.protocols.xds.pb import message, package

HOW = {
    a.APPEND: "APPEND_IF_EXISTS_OR_ADD",
    a.ADD_IF_ABSENT: "ADD_IF_ABSENT",
    a.OVERWRITE: "OVERWRITE_IF_EXISTS_OR_ADD",
    a.OVERWRITE_IF_EXISTS: "OVERWRITE_IF_EXISTS",
}
MISSING = {404: "NOT_FOUND", 500: "INTERNAL_SERVER_ERROR"}
CODES = {
    301: "MOVED_PERMANENTLY",
    302: "FOUND",
    303: "SEE_OTHER",
    307: "TEMPORARY_REDIRECT",
    308: "PERMANENT_REDIRECT",
}


def duration(seconds: float) -> Any:
    """Return a Duration."""
    found = message("google.protobuf.Duration")()
    found.FromNanoseconds(round(seconds * 1e9))
    return found


def change_headers(found: Any, changes: a.HeaderChanges) -> None:
    """Put `changes` into a message that has Envoy's four fields for them."""
    found.request_headers_to_add.extend(map(_value, changes.request_set))
    found.request_headers_to_remove.extend(changes.request_removed)
    found.response_headers_to_add.extend(map(_value, changes.response_set))
    found.response_headers_to_remove.extend(changes.response_removed)


def _value(one: a.HeaderValue) -> Any:
    return core.HeaderValueOption(
        header=core.HeaderValue(key=one.name, value=one.value),
        append_action=HOW[one.how],
        keep_empty_value=one.keep_empty,
    )


def _substitution(one: a.Substitution) -> Any:
    return matcher.RegexMatchAndSubstitute(pattern=regex(one.regex), substitution=one.text)


def act(found: Any, action: a.Action) -> None:
    """Put `action` into a Route."""
    if isinstance(action, a.Forward):
        _forward(found.route, action)
    elif isinstance(action, a.Redirect):
        _redirect(found.redirect, action)
    elif isinstance(action, a.Answer):
        found.direct_response.status = action.status
        if action.body:
            found.direct_response.body.inline_string = action.body
        values = (a.HeaderValue(name=name, value=value) for name, value in action.headers)
        found.response_headers_to_add.extend(map(_value, values))
    else:
        found.non_forwarding_action.SetInParent()


def _forward(found: Any, action: a.Forward) -> None:
    if action.cluster_header:
        found.cluster_header = action.cluster_header
    elif len(action.clusters) == 1 and _plain(action.clusters[0]):
        found.cluster = action.clusters[0].cluster
    else:
        found.weighted_clusters.clusters.extend(map(_weighted, action.clusters))
    if action.missing in MISSING:
        found.cluster_not_found_response_code = MISSING[action.missing]
    if action.path is not None:
        _rewrite_path(found, action.path)
    if action.host is not None:
        _rewrite_host(found, action.host)
    found.append_x_forwarded_host = action.append_forwarded_host
    found.request_mirror_policies.extend(map(_mirror, action.mirrors))
    found.hash_policy.extend(map(_hash, action.hashing))
    if action.priority == "high":
        found.priority = "HIGH"


def _plain(one: a.Weighted) -> bool:
    return not one.host and one.changes == a.NO_CHANGES


def _weighted(one: a.Weighted) -> Any:
    found = route.WeightedCluster.ClusterWeight(name=one.cluster, weight={"value": one.weight})
    change_headers(found, one.changes)
    if one.host:
        found.host_rewrite_literal = one.host
    return found


def _rewrite_path(found: Any, path: a.PathRewrite) -> None:
    if path.prefix is not None:
        found.prefix_rewrite = path.prefix
    elif path.full is not None:
        whole = a.Substitution(regex="^.*$", text=path.full.replace("\\", "\\\\"))
        found.regex_rewrite.CopyFrom(_substitution(whole))
    elif path.regex is not None:
        found.regex_rewrite.CopyFrom(_substitution(path.regex))
    else:
        template = package("envoy.extensions.path.rewrite.uri_template.v3")
        policy = found.path_rewrite_policy
        policy.name = "envoy.path.rewrite.uri_template.uri_template_rewriter"
        policy.typed_config.Pack(
            template.UriTemplateRewriteConfig(path_template_rewrite=path.template)
        )


def _rewrite_host(found: Any, host: a.HostRewrite) -> None:
    if host.literal:
        found.host_rewrite_literal = host.literal
    elif host.header:
        found.host_rewrite_header = host.header
    elif host.path is not None:
        found.host_rewrite_path_regex.CopyFrom(_substitution(host.path))
    elif host.auto:
        found.auto_host_rewrite.value = True


def _mirror(one: a.Mirror) -> Any:
    found = route.RouteAction.RequestMirrorPolicy(cluster=one.cluster)
    if one.fraction is not None:
        found.runtime_fraction.CopyFrom(runtime(one.fraction))
    return found


def _hash(one: a.HashKey) -> Any:
    found = route.RouteAction.HashPolicy(terminal=one.terminal)
    if one.source == "header":
        found.header.header_name = one.name
    elif one.source == "cookie":
        found.cookie.name, found.cookie.path = one.name, one.path
        if one.ttl is not None:
            found.cookie.ttl.CopyFrom(duration(one.ttl))
    elif one.source == "query":
        found.query_parameter.name = one.name
    elif one.source == "source-ip":
        found.connection_properties.source_ip = True
    else:
        found.filter_state.key = one.name
    return found


def _redirect(found: Any, action: a.Redirect) -> None:
    found.response_code = CODES[action.code]
    found.strip_query, found.host_redirect = action.strip_query, action.host
    if action.https:
        found.https_redirect = True
    elif action.scheme:
        found.scheme_redirect = action.scheme
    if action.port is not None:
        found.port_redirect = action.port
    if action.path is not None:
        found.path_redirect = action.path
    elif action.prefix is not None:
        found.prefix_rewrite = action.prefix
    elif action.regex is not None:
        found.regex_rewrite.CopyFrom(_substitution(action.regex))


def retrying(retry: Retry) -> Any:
    """Return a RetryPolicy: without what only we know."""
    known = (*CONDITIONS, *GRPC_CONDITIONS)
    found = route.RetryPolicy(
        retry_on=",".join(on for on in retry.on if on in known and on != NON_IDEMPOTENT),
        retriable_status_codes=retry.statuses,
        retry_back_off=route.RetryPolicy.RetryBackOff(
            base_interval=duration(retry.backoff), max_interval=duration(retry.longest)
        ),
    )
    if retry.attempts:  # gRPC refuses 0
        found.num_retries.value = retry.attempts
    if retry.per_try:
        found.per_try_timeout.CopyFrom(duration(retry.per_try))
    if not retry.same_host:
        predicate = package("envoy.extensions.retry.host.previous_hosts.v3")
        found.host_selection_retry_max_attempts = 5
        one = found.retry_host_predicate.add(name="envoy.retry_host_predicates.previous_hosts")
        one.typed_config.Pack(predicate.PreviousHostsPredicate())
    return found


def fault(injection: Injection) -> Any:
    """Return an HTTPFault."""
    filters = package("envoy.extensions.filters.common.fault.v3")
    found = package("envoy.extensions.filters.http.fault.v3").HTTPFault()
    if injection.delay:
        delay = filters.FaultDelay(fixed_delay=duration(injection.delay))
        delay.percentage.CopyFrom(share(injection.delay_percent))
        found.delay.CopyFrom(delay)
    if injection.status or injection.grpc is not None:
        if injection.grpc is not None:
            found.abort.grpc_status = injection.grpc
        else:
            found.abort.http_status = injection.status
        found.abort.percentage.CopyFrom(share(injection.abort_percent))
    return found


def cors(one: a.Cors) -> Any:
    """Return a CorsPolicy."""
    found = package("envoy.extensions.filters.http.cors.v3").CorsPolicy(
        allow_origin_string_match=map(text, one.origins),
        allow_methods=one.methods,
        allow_headers=one.headers,
        expose_headers=one.exposed,
        max_age=one.max_age,
    )
    if one.credentials is not None:
        found.allow_credentials.value = one.credentials
    found.forward_not_matching_preflights.value = one.forward_unmatched
    return found


def pack_filters(found: Any, configured: Iterable[tuple[str, Any]]) -> None:
    """Put configurations of filters into a message that overrides them."""
    for name, content in configured:
        found.typed_per_filter_config[name].Pack(content)
