"""Text of JSON, without what some parsers take for it and nobody may send."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

LONGEST_INTEGER = 40
"""Digits: making a number of many takes time that grows with their square."""

Pairs = Callable[[list[tuple[str, Any]]], Any]


def read_json(text: str | bytes, pairs: Pairs | None = None) -> Any:
    """Return what `text` says; `pairs` makes an object of its keys and values.

    Raises json.JSONDecodeError with the place, ValueError for NaN, infinities and integers that are
    too long, UnicodeDecodeError, RecursionError, and what `pairs` raises.
    """
    return json.loads(text, object_pairs_hook=pairs, parse_constant=_constant, parse_int=_integer)


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _integer(text: str) -> int:
    if len(text) > LONGEST_INTEGER:
        raise ValueError(f"an integer of {len(text)} digits")
    return int(text)
