"""A difference between two versions of a contract, and whether a caller may break by it."""

from __future__ import annotations

from dataclasses import dataclass

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Change:
    """One thing that is different."""

    where: str
    """``GET /orders/{id}``, ``/shop.Cart/Get``, or the name of a message."""
    part: str
    """``operation``, ``parameter``, ``request``, ``response 200`` · ``method``, ``field``,
    ``value``."""
    name: str = ""
    """Of a parameter, or the path of a field: ``items[].price``."""
    change: str
    detail: str = ""
    breaking: bool = False
