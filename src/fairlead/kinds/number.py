"""Numbers that are written as text, so that nobody re-spells them on the way."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, WithJsonSchema

from fairlead.kinds.spec import INT_OR_STRING, match_text
from fairlead.kinds.violation import refusal

# What an agent takes for a number (policy/match.py). Bounded, because a subject is a stranger's.
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?")


def number(text: str) -> Decimal | None:
    """Return the number that `text` spells, or None."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def percent_problem(text: str) -> str | None:
    """Say why `text` is not a share of 0 to 100 percent, or return None."""
    share = number(text)
    if share is None:
        return f'{text!r} is not a percentage: write a number from 0 to 100, like 10 or "0.5"'
    if not 0 <= share <= 100:
        return f"{text} is not between 0 and 100"
    return None


def _percent(value: Any) -> str:
    text = match_text(value)
    problem = percent_problem(text)
    if problem:
        raise refusal(problem)
    return text


Percent: TypeAlias = Annotated[str, BeforeValidator(_percent), WithJsonSchema(INT_OR_STRING)]
"""0 to 100; a fraction is written as a string."""
