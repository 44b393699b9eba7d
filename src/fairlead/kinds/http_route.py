"""HTTPRoute (Gateway API): which requests of a gateway, or of a mesh, go where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

from pydantic import Field

from fairlead.kinds import regex
from fairlead.kinds.authoring import Maker
from fairlead.kinds.gateway_api import (
    ALSO,
    GROUP,
    VERSION,
    BackendObject,
    Duration,
    HeaderName,
    Many,
    RouteSpec,
    SectionName,
    SessionPersistence,
    Written,
    backend_violations,
    duration,
    items,
    route_violations,
    word,
)
from fairlead.kinds.kind import AGE, ENFORCED, NAME, Column, Kind, Plain, child, text_at
from fairlead.kinds.route_filter import (
    METHODS,
    REDIRECT,
    HttpFilter,
    filter_violations,
    replaces_prefix,
)
from fairlead.kinds.violation import Loc, Violation

EXACT, PATH_PREFIX, REGEX = "Exact", "PathPrefix", "RegularExpression"
_PATH = re.compile(r"(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+")
_NOT_IN_PATHS = ("//", "/./", "/../", "%2f", "%2F", "#")


class PathMatch(Written):
    """A test of the path, without the query."""

    type: Annotated[str, word(EXACT, PATH_PREFIX, REGEX)] = Field(
        default=PATH_PREFIX, description=f"{EXACT}, {PATH_PREFIX} (whole elements) or {REGEX}."
    )
    value: str = Field(default="/", max_length=1024, description="What it is compared with.")


class HeaderMatch(Written):
    """A test of a header; of names that are equal but for their case the first counts."""

    type: Annotated[str, word(EXACT, REGEX)] = Field(
        default=EXACT, description=f"{EXACT} or {REGEX}."
    )
    name: HeaderName = Field(description="Its name, in any case.")
    value: str = Field(min_length=1, max_length=4096, description="What it is compared with.")


class QueryParamMatch(Written):
    """A test of the first value of a parameter."""

    type: Annotated[str, word(EXACT, REGEX)] = Field(
        default=EXACT, description=f"{EXACT} or {REGEX}."
    )
    name: HeaderName = Field(description="Its name.")
    value: str = Field(min_length=1, max_length=1024, description="What it is compared with.")


class HttpRouteMatch(Written):
    """Requests that meet all of these."""

    path: PathMatch | None = Field(default=None, description="Path; any if left out.")
    headers: Many[HeaderMatch] | None = Field(default=None, max_length=16, description="Headers.")
    query_params: Many[QueryParamMatch] | None = Field(
        default=None, max_length=16, description="Parameters of the query."
    )
    method: Annotated[str, word(*METHODS)] | None = Field(default=None, description="Method.")


class HttpBackendRef(BackendObject):
    """One of those who are called."""

    weight: int = Field(default=1, ge=0, le=1_000_000, description="Its share of all weights.")
    filters: Many[HttpFilter] | None = Field(
        default=None, max_length=16, description="Done with requests that go there."
    )


class Timeouts(Written):
    """How long; 0s for no end."""

    request: Duration | None = Field(default=None, description="With all attempts.")
    backend_request: Duration | None = Field(default=None, description="Each attempt.")


class Retry(Written):
    """Send it again, after failures of the connection and these answers."""

    codes: Many[Annotated[int, Field(ge=400, le=599)]] | None = Field(
        default=None, description="Statuses."
    )
    attempts: int | None = Field(default=None, ge=1, description="How often; once if left out.")
    backoff: Duration | None = Field(default=None, description="Pause; 25ms if left out.")


class HttpRouteRule(Written):
    """What becomes of requests that match."""

    name: SectionName | None = Field(default=None, description="Its name, for people.")
    matches: Many[HttpRouteMatch] | None = Field(
        default=None, max_length=64, description="Any of these; every request if left out."
    )
    filters: Many[HttpFilter] | None = Field(default=None, max_length=16, description="Changes.")
    backend_refs: Many[HttpBackendRef] | None = Field(
        default=None, max_length=16, description="Who is called; without one, a 500 is answered."
    )
    timeouts: Timeouts | None = Field(default=None, description="How long.")
    retry: Retry | None = Field(default=None, description="How often.")
    session_persistence: SessionPersistence | None = Field(
        default=None, description="Sessions. Not enforced yet: status says so."
    )


class HTTPRouteSpec(RouteSpec):
    """Which requests go where: the most exact match counts, not the order."""

    rules: Many[HttpRouteRule] | None = Field(
        default=None, min_length=1, max_length=16, description="Rules."
    )


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what types cannot say."""
    yield from route_violations(plain)
    for loc, rule in items(child(plain, "spec").get("rules"), ("spec", "rules")):
        for where, match in items(rule.get("matches"), (*loc, "matches")):
            yield from _match(match, where)
        yield from filter_violations(rule.get("filters"), (*loc, "filters"))
        backends = list(items(rule.get("backendRefs"), (*loc, "backendRefs")))
        for where, backend in backends:
            yield from backend_violations(backend, where)
            yield from filter_violations(backend.get("filters"), (*where, "filters"))
        kinds = [one.get("type") for _, one in items(rule.get("filters"), loc)]
        if backends and REDIRECT in kinds:
            message = f"must not be used together with {REDIRECT}"
            yield Violation(loc=(*loc, "backendRefs"), message=message)
        lists = (rule.get("filters"), *(one.get("filters") for _, one in backends))
        if any(map(replaces_prefix, lists)) and not _one_prefix(rule):
            message = "must be exactly one, of a PathPrefix, where replacePrefixMatch is used"
            yield Violation(loc=(*loc, "matches"), message=message)
        yield from _times(child(rule, "timeouts"), (*loc, "timeouts"))


def _one_prefix(rule: Plain) -> bool:
    matches = rule.get("matches")
    if not isinstance(matches, list) or len(matches) != 1:
        return matches is None  # the default is a PathPrefix
    return bool(child(matches[0], "path").get("type", PATH_PREFIX) == PATH_PREFIX)


def _times(timeouts: Plain, loc: Loc) -> Iterator[Violation]:
    whole, each = (
        duration(text_at(timeouts, name)) or 0.0 for name in ("request", "backendRequest")
    )
    if whole and each > whole:
        message = f"must not be longer than request, {timeouts['request']}"
        yield Violation(loc=(*loc, "backendRequest"), message=message)


def _match(match: Plain, loc: Loc) -> Iterator[Violation]:
    path, where = child(match, "path"), (*loc, "path", "value")
    value, kind = path.get("value", "/"), path.get("type", PATH_PREFIX)
    plain = isinstance(value, str) and kind in (EXACT, PATH_PREFIX)
    if plain and (problem := _path_problem(value)):
        yield Violation(loc=where, message=problem)
    texts = [(where, path)] + [
        ((*one, "value"), found)
        for name in ("headers", "queryParams")
        for one, found in items(match.get(name), (*loc, name))
    ]
    for one, found in texts:
        pattern = found.get("value")
        tested = found.get("type") == REGEX and isinstance(pattern, str)
        if tested and (problem := regex.problem(str(pattern))):
            yield Violation(loc=one, message=problem)
    seen: set[str] = set()
    for one, found in items(match.get("queryParams"), (*loc, "queryParams")):
        if found.get("name") in seen:
            yield Violation(loc=(*one, "name"), message="is tested twice")
        seen.add(str(found.get("name")))


def _path_problem(value: str) -> str | None:
    if not value.startswith("/"):
        return f"{value[:80]!r} must start with /"
    held = [one for one in _NOT_IN_PATHS if one in value]
    if held:
        return f"must not contain {' or '.join(held)}"
    if value.endswith(("/..", "/.")):
        return "must not end with /.. or /."
    if not _PATH.fullmatch(value):
        return f"{value[:80]!r} has a character that no path has as it stands: write it as %20"
    return None


def hostnames(plain: Plain, now: datetime) -> str:
    """Return the cell that shows the hosts of a route."""
    del now
    found = child(plain, "spec").get("hostnames")
    return ",".join(map(str, found)) if isinstance(found, list) else ""


HOSTNAMES = Column(name="Hostnames", description="Hosts that it is about.", cell=hostnames)

KIND: Kind[HTTPRouteSpec] = Kind(
    group=GROUP,
    version=VERSION,
    also=ALSO,
    kind="HTTPRoute",
    plural="httproutes",
    singular="httproute",
    spec=HTTPRouteSpec,
    rules=(violations,),
    columns=(NAME, HOSTNAMES, ENFORCED, AGE),
)

HTTPRoute = Maker(KIND)
"""Makes one in Python; fields in snake case."""
