"""Two OpenAPI documents compared, as their callers see them: operations, parameters and fields.

What a caller sends may become less strict and what it gets more, and never the other way round.
Schemas are followed through references as deep as DEEPEST; of alternatives (``oneOf`` and the like)
it is told that they are different, and not how.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fairlead.control.contracts.change import ADDED, CHANGED, REMOVED, Change

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DEEPEST, MOST_FIELDS = 8, 4096
_ALTERNATIVES = ("anyOf", "oneOf", "not")


class Field(NamedTuple):
    """A value that is sent: its type in words, and whether it has to be there."""

    type: str
    required: bool


Fields = dict[str, Field]


@dataclass(slots=True)
class Operation:
    """What is sent and answered."""

    parameters: Fields = field(default_factory=dict)
    request: Fields = field(default_factory=dict)
    responses: dict[str, Fields] = field(default_factory=dict)


def compared(before: Any, after: Any) -> Iterator[Change]:
    """Yield what is different in `after`."""
    old, new = _operations(before), _operations(after)
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Change(where=name, part="operation", change=REMOVED, breaking=True)
        elif name not in old:
            yield Change(where=name, part="operation", change=ADDED)
        else:
            yield from _between(name, old[name], new[name])


def _between(name: str, old: Operation, new: Operation) -> Iterator[Change]:
    yield from _sent(name, "parameter", old.parameters, new.parameters)
    yield from _sent(name, "request", old.request, new.request)
    for status in sorted(old.responses.keys() | new.responses.keys()):
        part = f"response {status}"
        if status not in new.responses:
            yield Change(where=name, part=part, change=REMOVED, breaking=status.startswith("2"))
        elif status not in old.responses:
            yield Change(where=name, part=part, change=ADDED)
        else:
            yield from _answered(name, part, old.responses[status], new.responses[status])


def _sent(where: str, part: str, old: Fields, new: Fields) -> Iterator[Change]:
    """Yield what is different for who sends it."""
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before is None and after is not None:
            detail = "required" if after.required else "optional"
            breaking = after.required
            yield Change(
                where=where, part=part, name=name, change=ADDED, detail=detail, breaking=breaking
            )
        elif after is None:
            yield Change(where=where, part=part, name=name, change=REMOVED)
        elif before is not None and before != after:
            breaking = before.type != after.type or (after.required and not before.required)
            yield _changed(where, part, name, before, after, breaking=breaking)


def _answered(where: str, part: str, old: Fields, new: Fields) -> Iterator[Change]:
    """Yield what is different for who gets it."""
    for name in sorted(old.keys() | new.keys()):
        before, after = old.get(name), new.get(name)
        if before is None:
            yield Change(where=where, part=part, name=name, change=ADDED)
        elif after is None:
            yield Change(where=where, part=part, name=name, change=REMOVED, breaking=True)
        elif before != after:
            breaking = before.type != after.type or (before.required and not after.required)
            yield _changed(where, part, name, before, after, breaking=breaking)


def _changed(where: str, part: str, name: str, old: Field, new: Field, *, breaking: bool) -> Change:
    detail = f"{_worded(old)} → {_worded(new)}"
    return Change(
        where=where, part=part, name=name, change=CHANGED, detail=detail, breaking=breaking
    )


def _worded(one: Field) -> str:
    return one.type if one.required else f"{one.type}, optional"


def _operations(document: Any) -> dict[str, Operation]:
    found: dict[str, Operation] = {}
    for path, item in _mapping(document, "paths").items():
        shared = item.get("parameters") if isinstance(item, Mapping) else None
        for method in METHODS:
            plain = item.get(method) if isinstance(item, Mapping) else None
            if isinstance(plain, Mapping):
                found[f"{method.upper()} {path}"] = _operation(document, plain, shared)
    return found


def _operation(document: Any, plain: Mapping[str, Any], shared: Any) -> Operation:
    made = Operation()
    for one in [*_list(shared), *_list(plain.get("parameters"))]:
        given = _resolved(document, one)
        name = f"{given.get('in', '')} {given.get('name', '')}"
        kind = _type(document, _resolved(document, given.get("schema")))
        made.parameters[name] = Field(kind, bool(given.get("required")))
    body = _resolved(document, plain.get("requestBody"))
    made.request = _content(document, body, required=bool(body.get("required")))
    for status, response in _mapping(plain, "responses").items():
        answer = _resolved(document, response)
        made.responses[str(status)] = _content(document, answer, required=True)
    return made


def _content(document: Any, plain: Mapping[str, Any], *, required: bool) -> Fields:
    found: Fields = {}
    for media, one in sorted(_mapping(plain, "content").items()):
        schema = one.get("schema") if isinstance(one, Mapping) else None
        prefix = "" if media == "application/json" else f"({media}) "
        for name, value in _fields(document, schema, "", required, 0):
            if len(found) < MOST_FIELDS:
                found[f"{prefix}{name}"] = value
    return found


def _fields(
    document: Any,
    schema: Any,
    name: str,
    required: bool,  # noqa: FBT001
    depth: int,
) -> Iterator[tuple[str, Field]]:
    plain = _resolved(document, schema)
    yield name, Field(_type(document, plain), required)
    if depth >= DEEPEST:
        return
    for part in _list(plain.get("allOf")):
        for below, value in _fields(document, part, name, required, depth + 1):
            if below != name:
                yield below, value
    if "items" in plain:
        yield from _fields(document, plain["items"], f"{name}[]", True, depth + 1)
    needed = frozenset(map(str, _list(plain.get("required"))))
    for key, value in _mapping(plain, "properties").items():
        below = f"{name}.{key}" if name else key
        yield from _fields(document, value, below, key in needed, depth + 1)


def _type(document: Any, plain: Mapping[str, Any]) -> str:
    """Return a type in words; values of an enum, and alternatives, are part of it."""
    if "enum" in plain:
        return f"one of {json.dumps(plain['enum'], default=str)[:200]}"
    for key in _ALTERNATIVES:
        if key in plain:
            kinds = (_type(document, _resolved(document, one)) for one in _list(plain[key]))
            return " or ".join(sorted(kinds)) or key
    kind = plain.get("type") or ("object" if "properties" in plain or "allOf" in plain else "any")
    words = " or ".join(map(str, kind)) if isinstance(kind, list) else str(kind)
    return f"{words} ({plain['format']})" if plain.get("format") else words


def _resolved(document: Any, plain: Any) -> Mapping[str, Any]:
    """Return what a reference within the document leads to."""
    for _ in range(DEEPEST):
        reference = plain.get("$ref") if isinstance(plain, Mapping) else None
        if not isinstance(reference, str):
            break
        plain = document
        for part in reference.removeprefix("#/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            plain = plain.get(name) if isinstance(plain, Mapping) else None
    return plain if isinstance(plain, Mapping) else {}


def _mapping(plain: Any, name: str) -> Mapping[str, Any]:
    found = plain.get(name) if isinstance(plain, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _list(plain: Any) -> list[Any]:
    return plain if isinstance(plain, list) else []
