"""What people write: kinds, and the resources that are of them.

A kind is declared once, in a file of its own; `KINDS` lists them. An object is read whole, and
every violation in it is reported at once, with the path its author typed.
"""

from __future__ import annotations

from fairlead.kinds.adaptive_overload_protection_strategy import AdaptiveOverloadProtectionStrategy
from fairlead.kinds.authority_strategy import AuthorityStrategy
from fairlead.kinds.binding import app_of
from fairlead.kinds.catalog import KINDS, kind_named
from fairlead.kinds.circuit_breaker import CircuitBreaker
from fairlead.kinds.circuit_breaker_strategy import CircuitBreakerStrategy
from fairlead.kinds.concurrency_limit import ConcurrencyLimit
from fairlead.kinds.concurrency_limit_strategy import ConcurrencyLimitStrategy
from fairlead.kinds.database_endpoint import DatabaseEndpoint
from fairlead.kinds.destination_rule import DestinationRule
from fairlead.kinds.fault_tolerance_rule import FaultToleranceRule
from fairlead.kinds.flow_control import FlowControl
from fairlead.kinds.grpc_route import GRPCRoute
from fairlead.kinds.hot_parameter_strategy import HotParameterStrategy
from fairlead.kinds.http_match import HttpMatch
from fairlead.kinds.http_request_fallback_action import HttpRequestFallbackAction
from fairlead.kinds.http_route import HTTPRoute
from fairlead.kinds.istio_gateway import IstioGateway
from fairlead.kinds.kind import Column, Kind, Resource
from fairlead.kinds.kubernetes_gateway import KubernetesGateway
from fairlead.kinds.loading import load_documents, load_object
from fairlead.kinds.match import Match
from fairlead.kinds.metadata import Metadata
from fairlead.kinds.parsing import parse
from fairlead.kinds.rate_limit import RateLimit
from fairlead.kinds.rate_limit_strategy import RateLimitStrategy
from fairlead.kinds.reference_grant import ReferenceGrant
from fairlead.kinds.router_rule import RouterRule
from fairlead.kinds.service_entry import ServiceEntry
from fairlead.kinds.shadow import Shadow
from fairlead.kinds.sidecar import Sidecar
from fairlead.kinds.string_match import StringMatch
from fairlead.kinds.throttling_strategy import ThrottlingStrategy
from fairlead.kinds.traffic_label_rule import TrafficLabelRule
from fairlead.kinds.traffic_lane import TrafficLane
from fairlead.kinds.traffic_router import TrafficRouter
from fairlead.kinds.violation import InvalidResource, Violation
from fairlead.kinds.virtual_service import VirtualService
from fairlead.kinds.virtual_workload import VirtualWorkload
from fairlead.kinds.virtual_workloads import VirtualWorkloads
from fairlead.kinds.workload_entry import WorkloadEntry
from fairlead.kinds.workload_label_rule import WorkloadLabelRule

__all__ = [
    "KINDS",
    "AdaptiveOverloadProtectionStrategy",
    "AuthorityStrategy",
    "CircuitBreaker",
    "CircuitBreakerStrategy",
    "Column",
    "ConcurrencyLimit",
    "ConcurrencyLimitStrategy",
    "DatabaseEndpoint",
    "DestinationRule",
    "FaultToleranceRule",
    "FlowControl",
    "GRPCRoute",
    "HTTPRoute",
    "HotParameterStrategy",
    "HttpMatch",
    "HttpRequestFallbackAction",
    "InvalidResource",
    "IstioGateway",
    "Kind",
    "KubernetesGateway",
    "Match",
    "Metadata",
    "RateLimit",
    "RateLimitStrategy",
    "ReferenceGrant",
    "Resource",
    "RouterRule",
    "ServiceEntry",
    "Shadow",
    "Sidecar",
    "StringMatch",
    "ThrottlingStrategy",
    "TrafficLabelRule",
    "TrafficLane",
    "TrafficRouter",
    "Violation",
    "VirtualService",
    "VirtualWorkload",
    "VirtualWorkloads",
    "WorkloadEntry",
    "WorkloadLabelRule",
    "app_of",
    "kind_named",
    "load_documents",
    "load_object",
    "parse",
]
