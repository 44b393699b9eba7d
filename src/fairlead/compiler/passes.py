"""The passes, in order of precedence: of two rules that match, the earlier kind wins (contract 11).

A pass sees one resource. What is decided between resources is `select.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fairlead.compiler.adaptive_overload_protection_strategy import (
    compile_adaptive_overload_protection_strategy,
)
from fairlead.compiler.authority_strategy import compile_authority_strategy
from fairlead.compiler.circuit_breaker import compile_circuit_breaker
from fairlead.compiler.circuit_breaker_strategy import compile_circuit_breaker_strategy
from fairlead.compiler.concurrency_limit import compile_concurrency_limit
from fairlead.compiler.concurrency_limit_strategy import compile_concurrency_limit_strategy
from fairlead.compiler.database_endpoint import compile_database_endpoint
from fairlead.compiler.destination_rule import compile_destination_rule
from fairlead.compiler.fault_tolerance_rule import compile_fault_tolerance_rule
from fairlead.compiler.flow_control import compile_flow_control
from fairlead.compiler.grpc_route import compile_grpc_route
from fairlead.compiler.hot_parameter_strategy import compile_hot_parameter_strategy
from fairlead.compiler.http_request_fallback_action import compile_http_request_fallback_action
from fairlead.compiler.http_route import compile_http_route
from fairlead.compiler.istio_gateway import compile_istio_gateway
from fairlead.compiler.kubernetes_gateway import compile_kubernetes_gateway
from fairlead.compiler.part import Part
from fairlead.compiler.rate_limit import compile_rate_limit
from fairlead.compiler.rate_limit_strategy import compile_rate_limit_strategy
from fairlead.compiler.reference_grant import compile_reference_grant
from fairlead.compiler.router_rule import compile_router_rule
from fairlead.compiler.service_entry import compile_service_entry
from fairlead.compiler.shadow import compile_shadow
from fairlead.compiler.sidecar import compile_sidecar
from fairlead.compiler.throttling_strategy import compile_throttling_strategy
from fairlead.compiler.traffic_label_rule import compile_traffic_label_rule
from fairlead.compiler.traffic_lane import compile_traffic_lane
from fairlead.compiler.traffic_router import compile_traffic_router
from fairlead.compiler.virtual_service import compile_virtual_service
from fairlead.compiler.virtual_workload import compile_virtual_workload
from fairlead.compiler.virtual_workloads import compile_virtual_workloads
from fairlead.compiler.workload_entry import compile_workload_entry
from fairlead.compiler.workload_label_rule import compile_workload_label_rule
from fairlead.kinds import (
    Resource,
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

Pass = Callable[[Resource[Any]], Part]

PASSES: tuple[tuple[Kind[Any], Pass], ...] = (
    (traffic_lane.KIND, compile_traffic_lane),
    (traffic_label_rule.KIND, compile_traffic_label_rule),
    (workload_label_rule.KIND, compile_workload_label_rule),
    (database_endpoint.KIND, compile_database_endpoint),
    (shadow.KIND, compile_shadow),
    (flow_control.KIND, compile_flow_control),
    (fault_tolerance_rule.KIND, compile_fault_tolerance_rule),
    (rate_limit_strategy.KIND, compile_rate_limit_strategy),
    (throttling_strategy.KIND, compile_throttling_strategy),
    (concurrency_limit_strategy.KIND, compile_concurrency_limit_strategy),
    (circuit_breaker_strategy.KIND, compile_circuit_breaker_strategy),
    (hot_parameter_strategy.KIND, compile_hot_parameter_strategy),
    (authority_strategy.KIND, compile_authority_strategy),
    (
        adaptive_overload_protection_strategy.KIND,
        compile_adaptive_overload_protection_strategy,
    ),
    (http_request_fallback_action.KIND, compile_http_request_fallback_action),
    (rate_limit.KIND, compile_rate_limit),
    (concurrency_limit.KIND, compile_concurrency_limit),
    (circuit_breaker.KIND, compile_circuit_breaker),
    (traffic_router.KIND, compile_traffic_router),
    (virtual_workload.KIND, compile_virtual_workload),
    (router_rule.KIND, compile_router_rule),
    (virtual_workloads.KIND, compile_virtual_workloads),
    (virtual_service.KIND, compile_virtual_service),
    (destination_rule.KIND, compile_destination_rule),
    (service_entry.KIND, compile_service_entry),
    (workload_entry.KIND, compile_workload_entry),
    (sidecar.KIND, compile_sidecar),
    (kubernetes_gateway.KIND, compile_kubernetes_gateway),
    (istio_gateway.KIND, compile_istio_gateway),
    (http_route.KIND, compile_http_route),
    (grpc_route.KIND, compile_grpc_route),
    (reference_grant.KIND, compile_reference_grant),
)
