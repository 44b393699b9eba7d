"""Request bodies: bounded in size, depth and time, read as JSON or YAML, refused with the reason.

Bodies come from anybody who can reach the port. Whatever is wrong with one ends as a Status, and
nothing that could not be stored and sent out again gets any further than this file.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from math import isfinite
from typing import Any, TypeAlias

from starlette.requests import ClientDisconnect, Request

from fairlead.control.api.status import (
    Cause,
    Refused,
    bad_request,
    too_large,
    unsupported_media_type,
)
from fairlead.control.store import Object
from fairlead.kinds.violation import path_text

LIMIT = 1 << 20
"""Bytes of a body, and of an object after a patch (Kubernetes' stores set the same bound)."""

DRAINED = 64 << 20
"""Bytes read and thrown away before a body that is too large is refused.

A client that is still sending when the connection closes never reads the refusal.
"""

PATIENCE = 30.0
"""Seconds for a body to arrive in full."""

PATIENCE_UNWANTED = 3.0
"""Seconds for a body of a request that is refused whatever it holds."""

DEPTH = 64
"""Levels of nesting; no kind comes near it, and a reader of any language survives it."""

JSON_TYPES = ("application/json",)
YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
CROWD = 50_000
"""Values and names of fields in a body."""

_INT64 = 1 << 63

_Place: TypeAlias = tuple[Any, ...]
"""Where something is: empty for the root, else the place it is in and its name there."""

ReadYaml = Callable[[str], Any]
"""Turns bounded YAML text of one document into plain data; raises Refused."""


def media_type(request: Request) -> str:
    """Return the content type without its parameters; ``""`` where there is none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read(request: Request, limit: int = LIMIT) -> bytes:
    """Return the whole body. Raises Refused where it is too large or does not arrive."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        # What it unfolds to is bounded by nothing that was sent.
        raise unsupported_media_type("compressed bodies are not read: send it as it is")
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                size += len(chunk)
                if size <= limit:
                    chunks.append(chunk)
                elif size > DRAINED:
                    break
    except TimeoutError as error:
        message = f"the body did not arrive within {PATIENCE:.0f} seconds"
        raise Refused(HTTPStatus.REQUEST_TIMEOUT, "Timeout", message) from error
    except ClientDisconnect as error:
        raise bad_request("the connection closed before the body was complete") from error
    if size > limit:
        raise too_large(f"the body is larger than {limit} bytes")
    return b"".join(chunks)


async def take_in(request: Request) -> None:
    """Read what is left of a body that nobody wants, if it is not much and comes soon."""
    size = 0
    # RuntimeError: it has been read to its end.
    with suppress(TimeoutError, ClientDisconnect, RuntimeError):
        async with asyncio.timeout(PATIENCE_UNWANTED):
            async for chunk in request.stream():
                size += len(chunk)
                if size > LIMIT:
                    return


async def optional_object(request: Request, read_yaml: ReadYaml) -> Object:
    """Return the body's object, an empty one where there is no body. Raises Refused."""
    body = await read(request)
    return (await _object(request, body, read_yaml))[0] if body.strip() else {}


async def read_object(request: Request, read_yaml: ReadYaml) -> tuple[Object, tuple[str, ...]]:
    """Return the body's object, and the paths of fields that its JSON text gives twice."""
    _check_type(request)
    return await _object(request, await read(request), read_yaml)


async def _object(
    request: Request, body: bytes, read_yaml: ReadYaml
) -> tuple[Object, tuple[str, ...]]:
    _check_type(request)
    twice: tuple[str, ...] = ()
    if media_type(request) in YAML_TYPES:
        # Bounded, but slow enough near the bound to hold up every stream.
        value = await asyncio.to_thread(read_yaml, _text(body))
        check(value)
    else:
        value, twice = parse_json(body)
    if not isinstance(value, dict):
        raise bad_request(f"the body is {_describe(value)}, expected an object")
    return value, twice


def _check_type(request: Request) -> None:
    kind = media_type(request)
    if kind not in JSON_TYPES + YAML_TYPES:
        raise unsupported_media_type(
            f"the body's content type is {kind or 'not given'!r}; "
            "send application/json or application/yaml"
        )


def parse_json(body: bytes) -> tuple[Any, tuple[str, ...]]:
    """Return the data in JSON text, and the paths of fields that it gives twice in one object."""
    repeated: list[tuple[Object, list[str]]] = []

    def pairs(items: list[tuple[str, Any]]) -> Object:
        found = dict(items)
        if len(found) != len(items):
            counts = Counter(name for name, _ in items)
            repeated.append((found, [name for name, count in counts.items() if count > 1]))
        return found

    try:
        value = json.loads(_text(body), object_pairs_hook=pairs, parse_int=_integer)
    except RecursionError as error:
        raise bad_request(f"the body is nested deeper than {DEPTH} levels") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise bad_request(f"the body is not JSON: {error.msg}, {where}") from error
    check(value)
    return value, tuple(_paths(value, repeated)) if repeated else ()


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise bad_request(f"the body is not UTF-8: byte {error.start}") from error


def _integer(text: str) -> int:
    # Python takes long over thousands of digits; all that are too many are alike.
    return int(text) if len(text) <= 20 else _INT64


def check(value: Any) -> None:
    """Refuse what JSON can carry and nobody can store, with its path.

    Abysses, crowds, lone surrogates, giant numbers, and what is no number at all.
    """
    for count, (item, place, depth) in enumerate(_walk(value)):
        if depth > DEPTH:
            raise bad_request(f"the body is nested deeper than {DEPTH} levels")
        if count > CROWD:
            raise too_large(f"the body holds more than {CROWD} values")
        problem = _problem(item)
        if problem:
            message = f"the body holds {problem}"
            cause = Cause(reason="FieldValueInvalid", field=_path(place), message=message)
            raise Refused(HTTPStatus.BAD_REQUEST, "BadRequest", str(cause), causes=[cause])


def _walk(value: Any) -> Iterator[tuple[Any, _Place, int]]:
    """Yield everything in plain data, names of fields too, with its place and its depth."""
    waiting: list[tuple[Any, _Place, int]] = [(value, (), 1)]
    while waiting:
        item, place, depth = waiting.pop()
        yield item, place, depth
        if isinstance(item, dict):
            for name, child in item.items():
                yield name, place, depth
                waiting.append((child, (place, name), depth + 1))
        elif isinstance(item, list):
            waiting.extend((child, (place, i), depth + 1) for i, child in enumerate(item))


def _path(place: _Place) -> str:
    loc: list[str | int] = []
    while place:
        place, name = place
        loc.append(name)
    return path_text(tuple(reversed(loc)))


def _paths(value: Any, repeated: Sequence[tuple[Object, list[str]]]) -> Iterator[str]:
    names = {id(found): names for found, names in repeated}
    for item, place, _ in _walk(value):
        if isinstance(item, dict):
            yield from (_path((place, name)) for name in names.get(id(item), ()))


def _problem(item: Any) -> str | None:
    if isinstance(item, str):
        if not item.isascii() and any("\ud800" <= letter <= "\udfff" for letter in item):
            return "half of a surrogate pair, which is no text"
    elif isinstance(item, float):
        if not isfinite(item):
            return f"{item}, which is not a number of JSON"
    elif isinstance(item, int):
        if not -_INT64 <= item < _INT64:
            return "an integer of more than 64 bits; quote the value"
    elif item is not None and not isinstance(item, dict | list):
        return f"a {type(item).__name__}, which JSON does not have"
    return None


def _describe(value: Any) -> str:
    return {list: "a list", str: "a string", type(None): "null"}.get(type(value), "a scalar")
