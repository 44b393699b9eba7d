"""Request bodies: bounded in size, depth and time, read as JSON or YAML, refused with the reason.

Bodies come from anybody who can reach the port. Whatever is wrong with one ends as a Status, and
nothing that could not be stored and sent out again gets any further than this file.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.requests import ClientDisconnect, Request

from fairlead.control.api.status import Refused, bad_request, too_large, unsupported_media_type
from fairlead.control.store import Object

LIMIT = 1 << 20
"""Bytes of a body, and of an object after a patch (Kubernetes' stores set the same bound)."""

DRAINED = 64 << 20
"""Bytes read and thrown away before a body that is too large is refused.

A client that is still sending when the connection closes never reads the refusal.
"""

PATIENCE = 30.0
"""Seconds for a body to arrive in full."""

DEPTH = 64
"""Levels of nesting; no kind comes near it, and a reader of any language survives it."""

JSON_TYPES = ("application/json",)
YAML_TYPES = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml")
_INT64 = 1 << 63

ReadYaml = Callable[[str], Any]
"""Turns bounded YAML text of one document into plain data; raises Refused."""


def media_type(request: Request) -> str:
    """Return the content type without its parameters; ``""`` where there is none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read(request: Request, limit: int = LIMIT) -> bytes:
    """Return the whole body. Raises Refused where it is too large or does not arrive."""
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


async def read_object(request: Request, read_yaml: ReadYaml) -> tuple[Object, tuple[str, ...]]:
    """Return the body's object, and the names of fields that its JSON text gives twice."""
    kind = media_type(request)
    if kind not in JSON_TYPES + YAML_TYPES:
        raise unsupported_media_type(
            f"the body's content type is {kind or 'not given'!r}; "
            "send application/json or application/yaml"
        )
    body = await read(request)
    twice: tuple[str, ...] = ()
    if kind in YAML_TYPES:
        # Bounded, but slow enough near the bound to hold up every stream.
        value = await asyncio.to_thread(read_yaml, _text(body))
        check(value)
    else:
        value, twice = parse_json(body)
    if not isinstance(value, dict):
        raise bad_request(f"the body is {_describe(value)}, expected an object")
    return value, twice


def parse_json(body: bytes) -> tuple[Any, tuple[str, ...]]:
    """Return the data in JSON text, and the names of fields that it gives twice in one object."""
    twice: dict[str, None] = {}

    def pairs(items: list[tuple[str, Any]]) -> Object:
        found = dict(items)
        if len(found) != len(items):
            names = [name for name, _ in items]
            twice.update((name, None) for name in names if names.count(name) > 1)
        return found

    try:
        value = json.loads(_text(body), object_pairs_hook=pairs, parse_constant=_no_constant)
    except RecursionError as error:
        raise bad_request(f"the body is nested deeper than {DEPTH} levels") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise bad_request(f"the body is not JSON: {error.msg}, {where}") from error
    except ValueError as error:
        raise bad_request(f"the body is not JSON: {error}") from error
    check(value)
    return value, tuple(twice)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise bad_request(f"the body is not UTF-8: byte {error.start}") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def check(value: Any) -> None:
    """Refuse what JSON can carry and nobody can store: abysses, lone surrogates, giant numbers."""
    waiting = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEPTH:
            raise bad_request(f"the body is nested deeper than {DEPTH} levels")
        if isinstance(item, dict):
            waiting.extend((name, depth + 1) for name in item)
            waiting.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list):
            waiting.extend((child, depth + 1) for child in item)
        else:
            _check_scalar(item)


def _check_scalar(item: Any) -> None:
    if isinstance(item, str):
        if not item.isascii() and any("\ud800" <= letter <= "\udfff" for letter in item):
            raise bad_request("the body holds half of a surrogate pair, which is no text")
    elif isinstance(item, int):
        if not -_INT64 <= item < _INT64:
            raise bad_request("the body holds an integer of more than 64 bits; quote the value")
    elif item is not None and not isinstance(item, float):
        raise bad_request(f"the body holds a {type(item).__name__}, which JSON does not have")


def _describe(value: Any) -> str:
    return {list: "a list", str: "a string", type(None): "null"}.get(type(value), "a scalar")
