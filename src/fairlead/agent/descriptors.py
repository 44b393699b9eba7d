"""Services of gRPC as a document: methods, the fields of their messages, and values of enums.

Read from the descriptors that generated code has registered with protobuf; nothing is imported.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

MOST_SERVICES, MOST_TYPES = 256, 4096

_TYPES = (
    "", "double", "float", "int64", "uint64", "int32", "fixed64", "fixed32", "bool", "string",
    "group", "message", "bytes", "uint32", "enum", "sfixed32", "sfixed64", "sint32", "sint64",
)  # fmt: skip
"""Names of types by their numbers in descriptor.proto."""

_REPEATED = 3


def described(names: Iterable[str]) -> dict[str, Any] | None:
    """Return the services of these full names that protobuf knows, None where it knows none."""
    module = sys.modules.get("google.protobuf.descriptor_pool")
    if module is None:
        return None
    pool, services, waiting = module.Default(), {}, []
    for name in sorted(set(names))[:MOST_SERVICES]:
        try:
            service = pool.FindServiceByName(name)
        except KeyError:
            continue
        services[name] = {one.name: _method(one) for one in service.methods}
        waiting += [kind for one in service.methods for kind in (one.input_type, one.output_type)]
    if not services:
        return None
    messages, enums = _types(waiting)
    return {"services": services, "messages": messages, "enums": enums}


def _method(method: Any) -> dict[str, Any]:
    return {
        "input": method.input_type.full_name,
        "output": method.output_type.full_name,
        "clientStreaming": bool(method.client_streaming),
        "serverStreaming": bool(method.server_streaming),
    }


def _types(waiting: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    messages: dict[str, Any] = {}
    enums: dict[str, Any] = {}
    while waiting and len(messages) < MOST_TYPES:
        message = waiting.pop()
        if message.full_name in messages:
            continue
        messages[message.full_name] = {str(one.number): _field(one) for one in message.fields}
        for one in message.fields:
            if one.message_type is not None:
                waiting.append(one.message_type)
            elif one.enum_type is not None:
                values = {value.name: value.number for value in one.enum_type.values}
                enums[one.enum_type.full_name] = values
    return messages, enums


def _field(field: Any) -> dict[str, Any]:
    kind = field.message_type or field.enum_type
    repeated = getattr(field, "is_repeated", None)
    if repeated is None:
        repeated = field.label == _REPEATED
    return {
        "name": field.name,
        "type": _TYPES[field.type] if kind is None else kind.full_name,
        "repeated": bool(repeated),
    }
