"""RouterRule: the routes of a VirtualService, to subsets that a VirtualWorkloads describes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, cast

from fairlead.compiler.istio.form import Ruled
from fairlead.compiler.istio.service import routed
from fairlead.compiler.part import Calling, Part
from fairlead.kinds import Resource
from fairlead.kinds.istio_http import (
    Destination,
    HttpMatchRequest,
    HttpRoute,
    HttpRouteDestination,
    TextMatch,
)
from fairlead.kinds.networking import waiting
from fairlead.kinds.router_rule import (
    HttpCase,
    HttpMatch,
    RouterRuleSpec,
    RpcCase,
    RpcMatch,
    RpcMethodMatch,
    WorkloadsRef,
)
from fairlead.kinds.virtual_service import VirtualServiceSpec

GRPC = {"content-type": TextMatch(prefix="application/grpc")}
NOTHING = {"x-fairlead-nobody": None}
"""Missing from every call, and asked for: what cannot be decided matches nothing."""
ANY = "[^/]+"

Texts = Mapping[str, TextMatch | None]


def subset_of(workloads: str, group: str) -> str:
    """Return the name of the subset that is a group of a VirtualWorkloads."""
    return f"{workloads}.{group}"


def compile_router_rule(resource: Resource[RouterRuleSpec]) -> Part:
    """Return what a RouterRule compiles to."""
    spec = resource.spec
    found = (*_rpc(spec), *_http(spec))
    http = tuple(route for _, route in found)
    service: Any = VirtualServiceSpec.model_construct(hosts=(spec.app,), http=http)
    part = routed(cast(Any, replace(resource, spec=service)))
    places = {f"http[{at}]": place for at, (place, _) in enumerate(found)}
    left = (f"{path}: not enforced in this version" for path in waiting(spec))
    return replace(
        part,
        calling=part.calling and replace(part.calling, ways=tuple(_named(part.calling, places))),
        not_honoured=(*left, *_left_out(spec)),
    )


def _named(calling: Calling, places: Mapping[str, str]) -> Iterator[Ruled]:
    """Yield routes with the places that their author has written."""
    for way in calling.ways:
        whose, _, place = way.route.name.partition(" ")
        yield replace(way, route=replace(way.route, name=f"{whose} {places[place]}"))


def _http(spec: RouterRuleSpec) -> Iterator[tuple[str, HttpRoute]]:
    for place, one in enumerate(spec.http or ()):
        if one.rule is not None:
            match = (_http_match(one.rule.match),) if one.rule.match is not None else None
            yield f"http[{place}].rule", _route(spec.app, one.rule.targets, match)
    usual = ((at, one.target) for at, one in enumerate(spec.http or ()) if one.target)
    place, targets = next(usual, (0, ()))
    yield f"http[{place}].target", _route(spec.app, targets, None)


def _rpc(spec: RouterRuleSpec) -> Iterator[tuple[str, HttpRoute]]:
    for place, one in enumerate(spec.rpc or ()):
        if one.rule is not None:
            match = tuple(_rpc_matches(one.rule.match or RpcMatch()))
            yield f"rpc[{place}].rule", _route(spec.app, one.rule.targets, match)
    usual = ((at, one.target) for at, one in enumerate(spec.rpc or ()) if one.target)
    for place, targets in islice(usual, 1):
        match = (HttpMatchRequest.model_construct(headers=GRPC),)
        yield f"rpc[{place}].target", _route(spec.app, targets, match)


def _route(
    app: str, targets: Iterable[WorkloadsRef], match: tuple[HttpMatchRequest, ...] | None
) -> HttpRoute:
    """Return a route; without a target it leads to every instance."""
    found = tuple(
        HttpRouteDestination.model_construct(
            destination=Destination(host=app, subset=subset_of(one.workloads, one.name)),
            weight=one.weight if one.weight is not None else 1,
        )
        for one in targets
    )
    anybody = HttpRouteDestination.model_construct(destination=Destination(host=app), weight=1)
    return HttpRoute.model_construct(match=match, route=found or (anybody,))


def _http_match(one: HttpMatch) -> HttpMatchRequest:
    headers = {**(one.headers or {}), **(one.header or {})}
    labels, sound = _labels(one.source_labels)
    return HttpMatchRequest.model_construct(
        uri=one.uri,
        method=one.method,
        headers={**headers, **({} if sound else NOTHING)} or None,
        query_params=one.query_params,
        ignore_uri_case=one.ignore_uri_case,
        source_labels=labels,
    )


def _rpc_matches(one: RpcMatch) -> Iterator[HttpMatchRequest]:
    labels, sound = _labels(one.source_labels)
    by_place = any(method.args for method in one.methods or ())
    headers = {**GRPC, **(one.headers or {}), **(one.attachments or {})}
    for uri in dict.fromkeys(_paths(one)):
        yield HttpMatchRequest.model_construct(
            uri=uri,
            headers={**headers, **({} if sound and not by_place else NOTHING)},
            source_labels=labels,
        )


def _paths(one: RpcMatch) -> Iterator[TextMatch | None]:
    services: tuple[TextMatch | None, ...] = one.services or (None,)
    for method in one.methods or (RpcMethodMatch(),):
        for service in (method.service,) if method.service is not None else services:
            yield _path(service, method.method_name)


def _path(service: TextMatch | None, method: TextMatch | None) -> TextMatch | None:
    """Return the test of ``/SERVICE/METHOD``."""
    if service is None and method is None:
        return None
    whole = service is not None and service.exact is not None
    if whole and method is None:
        return TextMatch(prefix=f"/{service.exact}/") if service is not None else None
    if whole and method is not None and method.exact is not None and service is not None:
        return TextMatch(exact=f"/{service.exact}/{method.exact}")
    return TextMatch(regex=f"/{_pattern(service)}/{_pattern(method)}")


def _pattern(one: TextMatch | None) -> str:
    if one is None:
        return ANY
    if one.exact is not None:
        return re.escape(one.exact)
    if one.prefix is not None:
        return f"{re.escape(one.prefix)}[^/]*"
    return f"(?:{one.regex})"


def _labels(found: Texts | None) -> tuple[dict[str, str] | None, bool]:
    """Return labels of who calls, and whether all of them can be asked for."""
    known = {key: one.exact for key, one in (found or {}).items() if one and one.exact is not None}
    return known or None, len(known) == len(found or {})


def _left_out(spec: RouterRuleSpec) -> Iterator[str]:
    cases = [(f"http[{at}]", one.rule) for at, one in enumerate(spec.http or ())]
    found: list[tuple[str, HttpCase | RpcCase | None]] = [*cases]
    found += [(f"rpc[{at}]", one.rule) for at, one in enumerate(spec.rpc or ())]
    for place, case in found:
        match = case.match if case is not None else None
        if match is not None and not _labels(match.source_labels)[1]:
            path = f"{place}.rule.match.sourceLabels"
            yield f"{path}: only exact is decided: the match holds of nothing"
