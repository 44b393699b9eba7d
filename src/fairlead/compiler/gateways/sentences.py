"""What a route says and nobody honours, in sentences for its author."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.gateways.filters import Place, filtered, unusable
from fairlead.compiler.gateways.form import RouteRule
from fairlead.compiler.gateways.rules import unfit
from fairlead.kinds.gateway_api import RouteSpec
from fairlead.kinds.grpc_route import GrpcRouteRule, GRPCRouteSpec
from fairlead.kinds.http_route import HttpRouteRule, HTTPRouteSpec
from fairlead.kinds.route_filter import Filter, HttpFilter


def unhonoured(
    spec: HTTPRouteSpec | GRPCRouteSpec, routing: tuple[RouteRule, ...]
) -> Iterator[str]:
    """Yield a sentence for each field that does not do what it says."""
    yield from _parents(spec)
    rules: tuple[HttpRouteRule | GrpcRouteRule, ...] = spec.rules or ()
    for place, written in enumerate(rules):
        if written.session_persistence is not None:
            yield f"rules[{place}].sessionPersistence: not enforced in this version"
    for rule in routing:
        for at, one in enumerate(rule.filters):
            yield from _filter(one, f"{rule.path}.filters[{at}]")
        for backend in rule.backends:
            problems = [unusable(one) for one in backend.filters]
            if len(rule.backends) > 1 and not any(problems):
                result = filtered(backend.filters, rule.prefix, Place(), lambda _: None)
                problems = [unfit(backend, result)]
            yield from (f"{backend.path}.filters: {one}" for one in problems if one)


def _parents(spec: RouteSpec) -> Iterator[str]:
    if spec.use_default_gateways not in (None, "None"):
        yield "useDefaultGateways: not enforced in this version: name the parents"


def _filter(one: Filter, path: str) -> Iterator[str]:
    if problem := unusable(one):
        yield f"{path}: {problem}: every request of the rule gets a 500"
    if isinstance(one, HttpFilter) and one.cors is not None and one.cors.allow_credentials:
        lists = (one.cors.allow_methods, one.cors.allow_headers, one.cors.expose_headers)
        if any("*" in (names or ()) for names in lists):
            yield f"{path}.cors: browsers do not take * with credentials: name what is allowed"
