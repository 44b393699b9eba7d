"""Amounts and durations as authors of rules write them."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema

from fairlead.kinds.spec import described
from fairlead.kinds.violation import refusal
from fairlead.policy.limit import MOST_THRESHOLD

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "minute": 60_000, "h": 3_600_000}
_UNITS["d"] = 24 * _UNITS["h"]
_DURATION = re.compile(r"([0-9]{1,12})(ms|s|min|minute|m|h|d)")
_PERCENTAGE = re.compile(r"(?:100(?:\.0{1,9})?|[0-9]{1,2}(?:\.[0-9]{1,9})?)%")

LONGEST_MS = 366 * _UNITS["d"]
"""The longest duration that is accepted, in milliseconds."""


def duration_ms(text: str) -> int | None:
    """Return the milliseconds that ``250ms``, ``1s``, ``2min`` spell, or None."""
    found = _DURATION.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else None


def _duration(value: Any) -> str:
    length = _length(value)
    if length == 0:
        raise refusal(f"{value[:80]!r} is no time at all: write a window like 500ms, 1s or 2min")
    return str(value)


def _wait(value: Any) -> str:
    _length(value)
    return str(value)


def _length(value: Any) -> int:
    if not isinstance(value, str):
        raise refusal(f"must be a duration like 1s, got {described(value)}")
    length = duration_ms(value)
    if length is None:
        raise refusal(f"{value[:80]!r} is not a duration: write one like 500ms, 1s or 2min")
    if length > LONGEST_MS:
        raise refusal(f"{value[:80]!r} is longer than a year, {LONGEST_MS // _UNITS['d']}d")
    return length


def _threshold(value: Any) -> float | int:
    """Take an integer or a fraction; what would refuse every request for good must be written 0."""
    number = _amount(value)
    if 0 < number < 1:
        message = f"{value!r} is less than one request: write 1, and a longer window"
        raise refusal(message)
    return number


def _amount(value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal(f"must be a number, got {described(value)}")
    if not math.isfinite(value) or value < 0:
        raise refusal(f"{value!r} is no threshold: write a number from 0 on")
    if value > MOST_THRESHOLD:
        raise refusal(
            f"{described(value)} is more than a process can see: at most {MOST_THRESHOLD}"
        )
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _percentage(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    if not _PERCENTAGE.fullmatch(text):
        got = repr(value[:80]) if isinstance(value, str) else described(value)
        raise refusal(f"must be a percentage from 0% to 100%, like '45%', got {got}")
    return text


def ratio(percentage: str) -> float:
    """Return the share that ``45%`` spells: 0.45."""
    return float(Decimal(percentage.removesuffix("%")) / 100)


Duration: TypeAlias = Annotated[str, BeforeValidator(_duration), WithJsonSchema({"type": "string"})]
"""A positive length of time with its unit."""

Wait: TypeAlias = Annotated[str, BeforeValidator(_wait), WithJsonSchema({"type": "string"})]
"""A length of time with its unit, which may be 0."""

Threshold: TypeAlias = Annotated[
    float | int, BeforeValidator(_threshold), WithJsonSchema({"type": "number", "minimum": 0})
]
"""Requests; 0, or at least one."""

Amount: TypeAlias = Annotated[int, Field(ge=0, le=MOST_THRESHOLD)]
"""A whole number of calls."""

Percentage: TypeAlias = Annotated[
    str, BeforeValidator(_percentage), WithJsonSchema({"type": "string"})
]
"""A share with its sign, ``45%``; fractions are allowed."""
