"""What the kinds of networking.istio.io have in common: spellings, times, and fields that wait.

Whatever Istio takes is taken, so that its files load as they are. A field that this version does
not enforce is of the type `Later`; its author is told by a condition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from fairlead.kinds.spec import Spec, described
from fairlead.kinds.violation import refusal
from fairlead.policy.resilience import LONGEST

GROUP = "networking.istio.io"
VERSION, ALSO = "v1", ("v1beta1", "v1alpha3")

LATER = "x-fairlead-later"
ANYTHING = {"x-kubernetes-preserve-unknown-fields": True}

Later: TypeAlias = Annotated[Any, WithJsonSchema({**ANYTHING, LATER: True})]
"""Anything: it is read, and not enforced in this version."""

_UNITS: dict[str, Decimal | int] = {
    "h": 3600,
    "m": 60,
    "s": 1,
    "ms": Decimal("1e-3"),
    "us": Decimal("1e-6"),
    "µs": Decimal("1e-6"),
    "ns": Decimal("1e-9"),
}
_PART = re.compile(r"([0-9]{1,12}(?:\.[0-9]{0,9})?)(h|ms|m|s|us|µs|ns)")


class Istio(Spec):
    """A part of an object of Istio's, with its names in lowerCamelCase."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, alias_generator=to_camel, populate_by_name=False
    )


def later(description: str) -> Any:
    """Return a field that is read and not enforced."""
    return Field(default=None, description=f"{description} Not enforced yet: status says so.")


def seconds(text: str) -> float | None:
    """Return the seconds that Go's ``1.5s``, ``250ms`` or ``1m30s`` spell, or None."""
    total, end = Decimal(0), 0
    for part in _PART.finditer(text[:80]):
        if part.start() != end:
            return None
        total, end = total + Decimal(part[1]) * _UNITS[part[2]], part.end()
    return float(total) if text and end == len(text) else None


def _duration(raw: Any) -> float:
    if isinstance(raw, str):
        found = 0.0 if raw == "0" else seconds(raw)
        if found is not None and found <= LONGEST:
            return found
        if found is not None:
            raise refusal(f"{raw[:80]!r} is longer than a day, which is no time to wait")
    shown = repr(raw[:80]) if isinstance(raw, str) else described(raw)
    raise refusal(f"must be a duration like 500ms, 1.5s or 2m, got {shown}")


Seconds: TypeAlias = Annotated[
    float, BeforeValidator(_duration), WithJsonSchema({"type": "string"})
]
"""A duration as Go and Istio write it, read as seconds; 0 is allowed."""


class Percent(Istio):
    """A share with a fraction."""

    value: float = Field(default=0.0, ge=0, le=100, description="From 0 to 100.")


def waiting(part: Spec, above: str = "") -> Iterator[str]:
    """Yield the paths of what `part` says and nobody enforces yet."""
    for name, info in type(part).model_fields.items():
        value = getattr(part, name)
        path = f"{above}{info.alias or name}"
        marks = (one.json_schema or {} for one in info.metadata if isinstance(one, WithJsonSchema))
        if any(LATER in mark for mark in marks):
            if value is not None:
                yield path
            continue
        for place, item in _parts(value):
            yield from waiting(item, f"{path}{place}.")


def _parts(value: Any) -> Iterator[tuple[str, Spec]]:
    """Yield the parts of an object in a field, each with its place in it."""
    if isinstance(value, Spec):
        yield "", value
    items = enumerate(value) if isinstance(value, tuple) else ()
    pairs = value.items() if isinstance(value, Mapping) else ()
    yield from ((f"[{place}]", item) for place, item in items if isinstance(item, Spec))
    yield from ((f".{key}", item) for key, item in pairs if isinstance(item, Spec))
