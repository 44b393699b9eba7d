"""Fields of protobuf messages, as their JSON mapping lets authors write them.

A name is read in lowerCamelCase and in snake_case; a 64-bit integer may be a string; an enum is its
name or its number; a duration is seconds with ``s``. What is null is left out. Source: ProtoJSON,
protobuf.dev/programming-guides/json.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import AliasChoices, BeforeValidator, Field, WithJsonSchema
from pydantic.alias_generators import to_snake

from fairlead.kinds.kind import child
from fairlead.kinds.quantity import LONGEST_MS
from fairlead.kinds.spec import INT_OR_STRING, described
from fairlead.kinds.suggestion import choose
from fairlead.kinds.violation import refusal
from fairlead.policy.limit import MOST_THRESHOLD

_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)s")
_INTEGER = re.compile(r"[0-9]{1,20}(?:\.0{1,9})?")


def field(name: str, description: str, default: Any = ...) -> Any:
    """Return the field that is called `name`, in lowerCamelCase, in the definition."""
    both = AliasChoices(name, to_snake(name))
    return Field(default=default, alias=name, validation_alias=both, description=description)


def value(plain: Any, *path: str) -> Any:
    """Return what stands at `path`, in lowerCamelCase, in either spelling; None for nothing."""
    for name in path:
        here = child(plain)
        plain = here.get(name, here.get(to_snake(name)))
    return plain


def written_path(plain: Any, *path: str) -> tuple[str, ...]:
    """Return `path`, which is in lowerCamelCase, as the author of `plain` spelt it."""
    found = []
    for name in path:
        here = child(plain)
        spelt = name if name in here or to_snake(name) not in here else to_snake(name)
        found.append(spelt)
        plain = here.get(spelt)
    return tuple(found)


def enum(names: Sequence[str]) -> BeforeValidator:
    """Return a validator for an enum whose values, from 0 on, are called `names`."""

    def read(raw: Any) -> str:
        if type(raw) is int:
            if 0 <= raw < len(names):
                return names[raw]
            raise refusal(f"{raw} is none of 0 to {len(names) - 1}: {', '.join(names)}")
        if not isinstance(raw, str):
            raise refusal(f"must be one of {', '.join(names)}, got {described(raw)}")
        if raw not in names:
            raise refusal(choose("value", raw, names))
        return raw

    return BeforeValidator(read)


def _integer(raw: Any) -> int:
    text = repr(raw) if type(raw) in (int, float) else raw
    if not isinstance(text, str) or not _INTEGER.fullmatch(text):
        shown = repr(raw[:40]) if isinstance(raw, str) else described(raw)
        raise refusal(f"must be an integer from 0 on, got {shown}")
    number = int(Decimal(text))
    if number > MOST_THRESHOLD:
        raise refusal(f"{text[:40]} is more than {int(MOST_THRESHOLD)}, which nothing reaches")
    return number


def milliseconds(text: str) -> float | None:
    """Return the milliseconds that ``0.4s`` spells, or None."""
    found = _DURATION.fullmatch(text)
    return float(Decimal(found[1]) * 1000) if found else None


def _duration(raw: Any) -> float:
    length = milliseconds(raw) if isinstance(raw, str) else None
    if length is None:
        shown = repr(raw[:80]) if isinstance(raw, str) else described(raw)
        raise refusal(f"must be seconds with an s, like 0.4s or 10s, got {shown}")
    if not 0 < length <= LONGEST_MS:
        raise refusal(f"{raw!r} is no time to wait: write more than 0s, and at most a year")
    return length


def _whole(raw: Any) -> int:
    length = _duration(raw)
    if not length.is_integer():
        raise refusal(f"{raw!r} is no whole number of milliseconds: write one like 0.4s")
    return int(length)


UInt: TypeAlias = Annotated[int, BeforeValidator(_integer), WithJsonSchema(INT_OR_STRING)]
"""An unsigned integer, up to the largest threshold; 64-bit ones may be quoted."""

Milliseconds: TypeAlias = Annotated[
    float, BeforeValidator(_duration), WithJsonSchema({"type": "string"})
]
"""A google.protobuf.Duration above 0, read as milliseconds."""

WholeMilliseconds: TypeAlias = Annotated[
    int, BeforeValidator(_whole), WithJsonSchema({"type": "string"})
]
"""The same without a fraction."""
