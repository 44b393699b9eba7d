"""Envoy's RouteAction and RedirectAction, read into ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fairlead.policy.resilience import CONDITIONS, GRPC_CONDITIONS, Retry
from fairlead.policy.routing.action import (
    Forward,
    HashKey,
    HeaderChanges,
    HostRewrite,
    Mirror,
    PathRewrite,
    Redirect,
    Substitution,
    Weighted,
)
from fairlead.protocols.xds import pb
from fairlead.protocols.xds.fields import Fields, Unreadable
from fairlead.protocols.xds.reading_matches import fraction

Changes = Callable[[Fields], HeaderChanges]

_MISSING = (503, 404, 500)
_CODES = (301, 302, 303, 307, 308)
_TEMPLATE = "envoy.extensions.path.rewrite.uri_template.v3.UriTemplateRewriteConfig"
_HARMLESS = (
    "metadata_match", "flush_timeout", "early_data_policy", "rate_limits", "hedge_policy",
    "include_vh_rate_limits", "upgrade_configs", "internal_redirect_policy",
)  # fmt: skip
_RETRY_HARMLESS = (
    "per_try_idle_timeout", "retry_priority", "retry_options_predicates",
    "host_selection_retry_max_attempts", "rate_limited_retry_back_off",
)  # fmt: skip


def seconds(at: Fields | None) -> float | None:
    """Read a Duration."""
    if at is None:
        return None
    return float(at.value("seconds")) + float(at.value("nanos")) / 1e9


class TimeLimits(NamedTuple):
    """Seconds, as a Route has them."""

    timeout: float | None = None
    idle_timeout: float | None = None
    grpc_timeout: float | None = None


def time_limits(at: Fields) -> TimeLimits:
    """Read how long requests of a RouteAction may take."""
    longest = at.maybe("max_stream_duration")
    grpc = seconds(at.maybe("max_grpc_timeout"))
    if longest is not None:
        grpc = seconds(longest.maybe("grpc_timeout_header_max"))
        longest.done()
    return TimeLimits(
        timeout=seconds(at.maybe("timeout")),
        idle_timeout=seconds(at.maybe("idle_timeout")),
        grpc_timeout=grpc,
    )


def forward(at: Fields, changes: Changes) -> Forward:
    """Read a RouteAction, but for what belongs to a Route here."""
    found = Forward(
        clusters=_clusters(at, changes),
        cluster_header=at.value("cluster_header"),
        missing=_MISSING[at.value("cluster_not_found_response_code")],
        path=_path(at),
        host=_host(at),
        append_forwarded_host=at.value("append_x_forwarded_host"),
        mirrors=tuple(map(_mirror, at.each("request_mirror_policies"))),
        hashing=tuple(map(_hash, at.each("hash_policy"))),
        priority="high" if at.value("priority") == 1 else "",
    )
    at.done(*_HARMLESS)
    return found


def _clusters(at: Fields, changes: Changes) -> tuple[Weighted, ...]:
    kind = at.choice("cluster_specifier")
    if kind is None:
        raise Unreadable(at.path, "needs a cluster")
    if kind == "cluster":
        return (Weighted(cluster=at.value(kind)),)
    if kind != "weighted_clusters":
        return ()
    group = at.one(kind)
    found = tuple(_weighted(one, changes) for one in group.each("clusters"))
    group.value("total_weight")  # deprecated: the sum of the weights counts
    group.done("runtime_key_prefix")
    return found


def _weighted(at: Fields, changes: Changes) -> Weighted:
    found = Weighted(
        cluster=at.value("name"),
        weight=at.wrapped("weight") or 0,
        changes=changes(at),
        host=at.value("host_rewrite_literal"),
    )
    at.done("metadata_match", "typed_per_filter_config")
    return found


def _substitution(at: Fields | None) -> Substitution | None:
    if at is None:
        return None
    pattern = at.one("pattern")
    found = Substitution(regex=pattern.value("regex"), text=at.value("substitution"))
    pattern.done("google_re2")
    at.done()
    return found


def _path(at: Fields) -> PathRewrite | None:
    prefix, full = at.value("prefix_rewrite"), at.value("path_rewrite")
    regex, policy = _substitution(at.maybe("regex_rewrite")), at.maybe("path_rewrite_policy")
    if policy is not None:
        config = policy.message.typed_config
        if config.type_url.rpartition("/")[2] != _TEMPLATE:
            raise Unreadable(policy.path, f"is not evaluated here: {config.type_url}")
        return PathRewrite(template=pb.unpack(config).path_template_rewrite)
    if not (prefix or full or regex):
        return None
    return PathRewrite(prefix=prefix or None, full=full or None, regex=regex)


def _host(at: Fields) -> HostRewrite | None:
    kind = at.choice("host_rewrite_specifier")
    if kind is None:
        return None
    if kind == "auto_host_rewrite":
        return HostRewrite(auto=bool(at.wrapped(kind)))
    if kind == "host_rewrite_path_regex":
        return HostRewrite(path=_substitution(at.one(kind)))
    if kind == "host_rewrite_literal":
        return HostRewrite(literal=at.value(kind))
    if kind == "host_rewrite_header":
        return HostRewrite(header=at.value(kind))
    raise Unreadable(at.under(kind), "is not evaluated here")


def _mirror(at: Fields) -> Mirror:
    part = at.maybe("runtime_fraction")
    found = Mirror(
        cluster=at.value("cluster"), fraction=fraction(part) if part is not None else None
    )
    at.done("trace_sampled", "disable_shadow_host_suffix_append")
    return found


def _hash(at: Fields) -> HashKey:
    kind = at.choice("policy_specifier")
    if kind is None:
        raise Unreadable(at.path, "needs one of header, cookie and others")
    inner, told = at.one(kind), _HASHED.get(kind)
    if told is None:
        raise Unreadable(inner.path, "is not evaluated here")
    source, field = told
    name: Any = inner.value(field)
    extra: dict[str, Any] = {}
    if kind == "cookie":
        extra = {"ttl": seconds(inner.maybe("ttl")), "path": inner.value("path")}
    inner.done()
    found = HashKey(
        source=source,
        name=name if isinstance(name, str) else "",
        terminal=at.value("terminal"),
        **extra,
    )
    at.done()
    return found


_HASHED = {
    "header": ("header", "header_name"),
    "cookie": ("cookie", "name"),
    "connection_properties": ("source-ip", "source_ip"),
    "query_parameter": ("query", "name"),
    "filter_state": ("filter-state", "key"),
}


def redirect(at: Fields) -> Redirect:
    """Read a RedirectAction."""
    kind = at.choice("path_rewrite_specifier")
    regex = _substitution(at.maybe("regex_rewrite"))
    found = Redirect(
        code=_CODES[at.value("response_code")],
        https=at.value("https_redirect"),
        scheme=at.value("scheme_redirect"),
        host=at.value("host_redirect"),
        port=at.value("port_redirect") or None,
        path=at.value("path_redirect") if kind == "path_redirect" else None,
        prefix=at.value("prefix_rewrite") if kind == "prefix_rewrite" else None,
        regex=regex,
        strip_query=at.value("strip_query"),
    )
    at.done()
    return found


def retry(at: Fields) -> Retry:
    """Read a RetryPolicy; conditions that are not known here are named as left out."""
    words = [word.strip() for word in at.value("retry_on").split(",") if word.strip()]
    known = tuple(word for word in words if word in CONDITIONS or word in GRPC_CONDITIONS)
    at.ignored.extend(f"{at.under('retry_on')}: {word}" for word in words if word not in known)
    attempts, pauses = at.wrapped("num_retries"), at.maybe("retry_back_off")
    base = seconds(pauses.maybe("base_interval")) if pauses is not None else None
    longest = seconds(pauses.maybe("max_interval")) if pauses is not None else None
    base = 0.025 if base is None else base
    found = Retry(
        attempts=1 if attempts is None else attempts,
        on=known,
        statuses=tuple(at.value("retriable_status_codes")),
        per_try=seconds(at.maybe("per_try_timeout")) or 0.0,
        backoff=base,
        longest=10 * base if longest is None else longest,
        same_host=not at.value("retry_host_predicate"),
    )
    at.done(*_RETRY_HARMLESS, "retriable_headers", "retriable_request_headers")
    return found
