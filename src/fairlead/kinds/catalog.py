"""Every kind there is, in the order people meet them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fairlead.kinds import (
    adaptive_overload_protection_strategy,
    authority_strategy,
    circuit_breaker,
    circuit_breaker_strategy,
    concurrency_limit,
    concurrency_limit_strategy,
    database_endpoint,
    destination_rule,
    fault_tolerance_rule,
    flow_control,
    grpc_route,
    hot_parameter_strategy,
    http_request_fallback_action,
    http_route,
    istio_gateway,
    kubernetes_gateway,
    rate_limit,
    rate_limit_strategy,
    reference_grant,
    router_rule,
    service_entry,
    shadow,
    sidecar,
    throttling_strategy,
    traffic_label_rule,
    traffic_lane,
    traffic_router,
    virtual_service,
    virtual_workload,
    virtual_workloads,
    workload_entry,
    workload_label_rule,
)
from fairlead.kinds.kind import Kind

KINDS: tuple[Kind[Any], ...] = (
    traffic_lane.KIND,
    traffic_label_rule.KIND,
    workload_label_rule.KIND,
    database_endpoint.KIND,
    shadow.KIND,
    flow_control.KIND,
    fault_tolerance_rule.KIND,
    rate_limit_strategy.KIND,
    throttling_strategy.KIND,
    concurrency_limit_strategy.KIND,
    circuit_breaker_strategy.KIND,
    hot_parameter_strategy.KIND,
    authority_strategy.KIND,
    adaptive_overload_protection_strategy.KIND,
    http_request_fallback_action.KIND,
    rate_limit.KIND,
    concurrency_limit.KIND,
    circuit_breaker.KIND,
    traffic_router.KIND,
    virtual_workload.KIND,
    router_rule.KIND,
    virtual_workloads.KIND,
    virtual_service.KIND,
    destination_rule.KIND,
    service_entry.KIND,
    workload_entry.KIND,
    sidecar.KIND,
    kubernetes_gateway.KIND,
    istio_gateway.KIND,
    http_route.KIND,
    grpc_route.KIND,
    reference_grant.KIND,
)


def kind_named(word: str, kinds: Iterable[Kind[Any]] = KINDS) -> Kind[Any] | None:
    """Return the one of `kinds` that `word` means, or None.

    `word` is its kind, plural, singular or a short name, in any case, with or without ``.group``.
    Of kinds of several groups that have one name, the first is meant where there is no group; one
    that is written as its kind is meant before another's plural: VirtualWorkloads.
    """
    for kind in kinds:
        if word in (kind.kind, f"{kind.kind}.{kind.group}"):
            return kind
    name, _, group = word.lower().partition(".")
    for kind in kinds:
        names = (kind.kind.lower(), kind.plural, kind.singular, *kind.short_names)
        if name in names and group in ("", kind.group):
            return kind
    return None
