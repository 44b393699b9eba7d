"""Amounts and durations as authors of rules write them."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from fairlead.kinds.spec import INT64, described
from fairlead.kinds.violation import refusal

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "minute": 60_000, "h": 3_600_000}
_UNITS["d"] = 24 * _UNITS["h"]
_DURATION = re.compile(r"([0-9]{1,12})(ms|s|min|minute|m|h|d)")

LONGEST_MS = 366 * _UNITS["d"]
"""The longest duration that is accepted, in milliseconds."""


def duration_ms(text: str) -> int | None:
    """Return the milliseconds that ``250ms``, ``1s``, ``2min`` spell, or None."""
    found = _DURATION.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else None


def _duration(value: Any) -> str:
    if isinstance(value, str):
        length = duration_ms(value)
        if length is not None and 0 < length <= LONGEST_MS:
            return value
        if length == 0:
            raise refusal(
                f"{value[:80]!r} is no time at all: write a window like 500ms, 1s or 2min"
            )
        raise refusal(f"{value[:80]!r} is not a duration: write one like 500ms, 1s or 2min")
    raise refusal(f"must be a duration like 1s, got {described(value)}")


def _threshold(value: Any) -> float | int:
    """Take an integer or a fraction; what would refuse every request for good must be written 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal(f"must be a number, got {described(value)}")
    if not math.isfinite(value) or not 0 <= value < INT64:
        raise refusal(f"{value!r} is no threshold: write a number from 0 on")
    if 0 < value < 1:
        message = f"{value!r} is less than one request: write 1, and a longer window"
        raise refusal(message)
    return int(value) if isinstance(value, float) and value.is_integer() else value


Duration: TypeAlias = Annotated[str, BeforeValidator(_duration), WithJsonSchema({"type": "string"})]
"""A positive length of time with its unit."""

Threshold: TypeAlias = Annotated[
    float | int, BeforeValidator(_threshold), WithJsonSchema({"type": "number", "minimum": 0})
]
"""Requests; 0, or at least one."""
