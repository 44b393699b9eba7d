"""The `http` part of a TrafficLane: headers, query parameters and path, each a StringMatch.

The draft of TrafficLane shows `headers` as a list whose items are written ``- X-User-Id:`` with a
sibling ``exact:``; that shape is read too, and means the map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeAlias

from pydantic import Field, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError

from fairlead.kinds import string_match
from fairlead.kinds.message import complaints
from fairlead.kinds.names import printable
from fairlead.kinds.spec import Spec, Token, checked
from fairlead.kinds.string_match import WAYS, StringMatch
from fairlead.kinds.violation import Loc, Violation, refusal, refusals

_MOST = 64
"""Headers of a match, and query parameters: an entry looks at each for every request."""

_REMEDY = "say headers, queryParams or uri; for a share of all requests, traffic.percentage"


def _headers(raw: Any, validate: Callable[[Any], Any]) -> Any:
    """Read a list of headers as the map it means, keeping the paths its author typed."""
    if not isinstance(raw, list):
        return validate(raw)
    found: list[tuple[Loc, str]] = []
    matches: dict[str, Any] = {}
    for position, item in enumerate(raw):
        try:
            name, typed, loc = _entry(item)
            matches |= validate({name: typed})
        except PydanticCustomError as error:
            found.append(((position,), error.message()))
        except ValidationError as error:
            inner = complaints(error, HttpMatch, ("headers",))
            found += [((position, *loc, *below[2:]), message) for below, message in inner]
    if found:
        raise refusals(found)
    return matches


def _entry(item: Any) -> tuple[str, Any, Loc]:
    """Return the header, the StringMatch and its path below `item` of a list."""
    if isinstance(item, dict):
        names = [key for key in item if key not in WAYS]
        if len(names) == 1 and item[names[0]] is None:
            return names[0], {way: item[way] for way in WAYS if way in item}, ()
        if len(item) == 1 and names:
            return names[0], item[names[0]], (names[0],)
        if not names and item:
            raise refusal(
                "the header's name is missing (kubectl apply drops a key without a value): "
                "write {X-User-Id: {exact: '1'}}"
            )
    raise refusal("an item of headers is one header: {X-User-Id: {exact: '1'}}")


_Headers: TypeAlias = Annotated[dict[Token, StringMatch], WrapValidator(_headers)]
_Parameters: TypeAlias = dict[Annotated[str, checked(printable)], StringMatch]


class HttpMatch(Spec):
    """Requests that meet all of these."""

    headers: _Headers | None = Field(
        default=None, description="Header name (case is ignored) to how its value must be."
    )
    query_params: _Parameters | None = Field(
        default=None,
        alias="queryParams",
        description="Query parameter to how its decoded value must be.",
    )
    uri: StringMatch | None = Field(
        default=None, description="How the decoded path, without the query string, must be."
    )


def violations(raw: Any, loc: Loc) -> Iterator[Violation]:
    """Check what was typed for an HttpMatch at `loc`, as far as it can be read."""
    if not isinstance(raw, dict):
        return
    if not any(raw.values()):
        yield Violation(loc=loc, message=f"matches nothing in particular: {_REMEDY}")
    for part in ("headers", "queryParams"):
        parts = raw.get(part)
        if isinstance(parts, dict | list) and len(parts) > _MOST:
            message = f"has {len(parts)} entries, at most {_MOST} fit"
            yield Violation(loc=(*loc, part), message=message)
            raw = {**raw, part: None}
    seen: dict[str, str] = {}
    for name, typed, where in _typed_headers(raw.get("headers"), (*loc, "headers")):
        yield from string_match.violations(typed, where)
        first = seen.setdefault(name.lower(), name)
        if first is not name:
            yield Violation(
                loc=where, message=f"{name} is matched twice (header names ignore case)"
            )
    parameters = raw.get("queryParams")
    for name, typed in parameters.items() if isinstance(parameters, dict) else ():
        yield from string_match.violations(typed, (*loc, "queryParams", name))
    if raw.get("uri") is not None:
        yield from string_match.path_violations(raw["uri"], (*loc, "uri"))


def _typed_headers(raw: Any, loc: Loc) -> Iterator[tuple[str, Any, Loc]]:
    if isinstance(raw, dict):
        for name, typed in raw.items():
            yield name, typed, (*loc, name)
    for position, item in enumerate(raw if isinstance(raw, list) else ()):
        try:
            name, typed, below = _entry(item)
        except PydanticCustomError:
            continue
        yield name, typed, (*loc, position, *below)
