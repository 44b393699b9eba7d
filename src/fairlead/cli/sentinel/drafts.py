"""What one rule of Sentinel becomes: a strategy of a FlowControl on one resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Strategy = dict[str, Any]
"""One of a FlowControl's strategies, as YAML has it: ``{"rateLimit": {"threshold": 5, …}}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A strategy on a resource; `place` is where its rule stands."""

    type: str
    """Type of the rule: ``flow``, ``degrade``, …"""
    resource: str
    regex: bool
    strategy: Strategy
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a rule does not say itself."""

    cold_factor: float
    """Of warm-ups, which Sentinel Java takes from a property of the process."""
    origins: Mapping[str, frozenset[str]]
    """Callers that have flow rules of their own, by resource: ``other`` is everybody else."""
    guarded: set[str]
    """Resources that have an authority rule already: Sentinel takes the first one."""


def milliseconds(number: int) -> str:
    """Return a duration as our objects have it."""
    return f"{number // 1000}s" if number % 1000 == 0 else f"{number}ms"


def plain(number: float) -> float | int:
    """Return a number as people write it: without a fraction where it has none."""
    return int(number) if float(number).is_integer() else number


def percentage(share: float) -> str:
    """Return a ratio from 0 to 1 as our objects have it: ``45%``."""
    text = format(Decimal(repr(share)) * 100, "f")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def closed() -> Strategy:
    """Return what lets nothing pass."""
    return {"rateLimit": {"threshold": 0, "statDuration": "1s"}}
