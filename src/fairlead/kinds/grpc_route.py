"""GRPCRoute (Gateway API): which calls of gRPC of a gateway, or of a mesh, go where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from fairlead.kinds import regex
from fairlead.kinds.authoring import Maker
from fairlead.kinds.gateway_api import (
    GROUP,
    VERSION,
    BackendObject,
    Many,
    RouteSpec,
    SectionName,
    SessionPersistence,
    Written,
    backend_violations,
    items,
    route_violations,
    word,
)
from fairlead.kinds.http_route import EXACT, HOSTNAMES, REGEX, HeaderMatch
from fairlead.kinds.kind import AGE, ENFORCED, NAME, Kind, Plain, child
from fairlead.kinds.route_filter import GrpcFilter, filter_violations
from fairlead.kinds.violation import Loc, Violation

_NAMES = {
    "service": re.compile(r"(?i)\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*"),
    "method": re.compile(r"[A-Za-z_][A-Za-z_0-9]*"),
}


class GrpcMethodMatch(Written):
    """A test of what is called."""

    type: Annotated[str, word(EXACT, REGEX)] = Field(
        default=EXACT, description=f"{EXACT} or {REGEX}."
    )
    service: str | None = Field(
        default=None, max_length=1024, description="Service, as shop.Orders; any if left out."
    )
    method: str | None = Field(default=None, max_length=1024, description="Method of it.")


class GrpcRouteMatch(Written):
    """Calls that meet all of these."""

    method: GrpcMethodMatch | None = Field(default=None, description="What is called.")
    headers: Many[HeaderMatch] | None = Field(default=None, max_length=16, description="Headers.")


class GrpcBackendRef(BackendObject):
    """One of those who are called."""

    weight: int = Field(default=1, ge=0, le=1_000_000, description="Its share of all weights.")
    filters: Many[GrpcFilter] | None = Field(
        default=None, max_length=16, description="Done with calls that go there."
    )


class GrpcRouteRule(Written):
    """What becomes of calls that match."""

    name: SectionName | None = Field(default=None, description="Its name, for people.")
    matches: Many[GrpcRouteMatch] | None = Field(
        default=None, max_length=64, description="Any of these; every call if left out."
    )
    filters: Many[GrpcFilter] | None = Field(default=None, max_length=16, description="Changes.")
    backend_refs: Many[GrpcBackendRef] | None = Field(
        default=None, max_length=16, description="Who is called; without one, it is an error."
    )
    session_persistence: SessionPersistence | None = Field(
        default=None, description="Sessions. Not enforced yet: status says so."
    )


class GRPCRouteSpec(RouteSpec):
    """Which calls go where: the most exact match counts, not the order."""

    rules: Many[GrpcRouteRule] | None = Field(default=None, max_length=16, description="Rules.")


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    yield from route_violations(plain)
    for loc, rule in items(child(plain, "spec").get("rules"), ("spec", "rules")):
        for where, match in items(rule.get("matches"), (*loc, "matches")):
            if "method" in match:
                yield from _method(child(match, "method"), (*where, "method"))
            for one, header in items(match.get("headers"), (*where, "headers")):
                value = header.get("value")
                tested = header.get("type") == REGEX and isinstance(value, str)
                if tested and (problem := regex.problem(str(value))):
                    yield Violation(loc=(*one, "value"), message=problem)
        yield from filter_violations(rule.get("filters"), (*loc, "filters"))
        for where, backend in items(rule.get("backendRefs"), (*loc, "backendRefs")):
            yield from backend_violations(backend, where)
            yield from filter_violations(backend.get("filters"), (*where, "filters"))


def _method(method: Plain, loc: Loc) -> Iterator[Violation]:
    if method.get("service") is None and method.get("method") is None:
        yield Violation(loc=loc, message="needs service, method or both")
    for name, pattern in _NAMES.items():
        value, kind = method.get(name), method.get("type", EXACT)
        if not isinstance(value, str):
            continue
        if kind == EXACT and not pattern.fullmatch(value):
            yield Violation(loc=(*loc, name), message=f"{value[:80]!r} is no {name} of gRPC")
        if kind == REGEX and (problem := regex.problem(value)):
            yield Violation(loc=(*loc, name), message=problem)


KIND: Kind[GRPCRouteSpec] = Kind(
    group=GROUP,
    version=VERSION,
    kind="GRPCRoute",
    plural="grpcroutes",
    singular="grpcroute",
    spec=GRPCRouteSpec,
    rules=(violations,),
    columns=(NAME, HOSTNAMES, ENFORCED, AGE),
)

GRPCRoute = Maker(KIND)
"""Makes one in Python; fields in snake case."""
