"""Keep a report within what a control plane takes: rows beyond that are told together.

Statements may have a thousand characters, and each row its lanes: a report that is refused as too
large would be refused again, and so would the renewal that it rides on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any, NamedTuple, TypeVar

from fairlead.policy.workload import BASE
from fairlead.protocols.watch.report import (
    MOST_ROWS,
    REST,
    EdgeReport,
    InterfaceReport,
    RuleReport,
)

INTERFACE_BYTES, RULE_BYTES, EDGE_BYTES = 192 << 10, 80 << 10, 80 << 10
"""Bytes of the rows of each sort; a message may have 512 KiB."""

MOST_TOLD = MOST_ROWS - 512
"""Rows of each sort that stand by themselves: it leaves room for those that stand for others."""

_ROW, _COUNT = 120, 6
"""Bytes of the numbers of a row, and of each bucket of its response times."""

Row = TypeVar("Row", bound=NamedTuple)


def bounded_interfaces(rows: Iterable[InterfaceReport]) -> tuple[InterfaceReport, ...]:
    """Return rows of interfaces; those beyond the bounds are one for each side and lane."""
    return _bounded(rows, INTERFACE_BYTES, lambda row: (REST, row.side, row.lane))


def bounded_rules(rows: Iterable[RuleReport]) -> tuple[RuleReport, ...]:
    """Return rows of rules; those beyond the bounds are one for each reason."""
    return _bounded(rows, RULE_BYTES, lambda row: (REST, REST, row.reason))


def bounded_edges(rows: Iterable[EdgeReport]) -> tuple[EdgeReport, ...]:
    """Return rows of edges; those beyond the bounds tell base from lanes, and no more."""
    return _bounded(rows, EDGE_BYTES, lambda row: (REST, _other(row.label), _other(row.lane)))


def _bounded(
    rows: Iterable[Row], most: int, stands_for: Callable[[Row], tuple[str, str, str]]
) -> tuple[Row, ...]:
    kept: list[Row] = []
    others: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        most -= _size(row)
        if most >= 0 and len(kept) < MOST_TOLD:
            kept.append(row)
            continue
        key = stands_for(row)
        before = others.get(key)
        numbers = row[3:] if before is None else map(_sum, before[3:], row[3:])
        others[key] = type(row)._make((*key, *numbers))
    return (*kept, *others.values())


def _other(lane: str) -> str:
    return REST if lane else BASE


def _sum(one: Any, other: Any) -> Any:
    if isinstance(one, tuple):
        return tuple(a + b for a, b in zip_longest(one, other, fillvalue=0))
    return one + other


def _size(row: tuple[object, ...]) -> int:
    found = _ROW
    for field in row:
        if isinstance(field, str):
            found += len(field.encode("utf-8", "replace"))
        elif isinstance(field, tuple):
            found += _COUNT * len(field)
    return found
