"""GRPCRoute: its rules, as the tables of gateways and meshes will have them."""

from __future__ import annotations

from fairlead.compiler.gateways.form import Backend, RouteRule
from fairlead.compiler.gateways.matches import grpc_matches
from fairlead.compiler.gateways.sentences import unhonoured
from fairlead.compiler.part import Part
from fairlead.kinds import Resource
from fairlead.kinds.grpc_route import GrpcRouteRule, GRPCRouteSpec

UNAVAILABLE = 503
"""Status of HTTP that clients of gRPC read as UNAVAILABLE, which the API asks for."""


def compile_grpc_route(resource: Resource[GRPCRouteSpec]) -> Part:
    """Return what a GRPCRoute compiles to; `gateways` finds where it is attached."""
    rules = resource.spec.rules or ()
    routing = tuple(_rule(f"rules[{place}]", rule) for place, rule in enumerate(rules))
    sentences = tuple(unhonoured(resource.spec, routing))
    return Part(resource=resource, routing=routing, not_honoured=sentences)


def _rule(path: str, rule: GrpcRouteRule) -> RouteRule:
    backends = tuple(
        Backend(
            ref=one, weight=one.weight, filters=one.filters or (), path=f"{path}.backendRefs[{at}]"
        )
        for at, one in enumerate(rule.backend_refs or ())
    )
    return RouteRule(
        path=path,
        matches=grpc_matches(rule.matches),
        filters=rule.filters or (),
        backends=backends,
        failure=UNAVAILABLE,
    )
