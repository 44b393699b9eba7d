"""What the server's catalogue says of tables that one statement can reach through another.

Views, triggers, rules, cascading foreign keys, partitions, functions of the database's own: read by
a few queries and kept for a while; `reach.py` decides by them. What cannot be read is taken to
reach everything.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fairlead.sql.rights import Rights

Row = Sequence[Any]
Rows = Iterable[Row]
Key = tuple[str, str]
"""Database and table as the server compares them; the database is ``""`` but for MySQL."""

Asking = Generator[str, Rows, "Catalog"]
"""Yields queries, is sent their rows, and returns what they say."""


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a view, a trigger or a rule."""

    names: frozenset[str]
    """Tables it names, without regard to case; every word of it where it could not be parsed."""
    opaque: str = ""
    """What keeps it from being understood."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What runs when rows of a table change."""

    name: str
    changes: frozenset[str]
    """``insert``, ``update``, ``delete``."""
    body: Body
    sort: str = "trigger"
    """``trigger`` or ``rule``."""


@dataclass(frozen=True, slots=True)
class Cascade:
    """A child whose rows change with its parent's."""

    child: Key
    on_delete: bool
    on_update: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The reach of every table of a server, or of a database."""

    tables: frozenset[str] = frozenset()
    """Names of all tables and views, whatever database they are in."""
    views: Mapping[Key, Body] = field(default_factory=dict)
    triggers: Mapping[Key, tuple[Trigger, ...]] = field(default_factory=dict)
    cascades: Mapping[Key, tuple[Cascade, ...]] = field(default_factory=dict)
    parents: Mapping[Key, frozenset[Key]] = field(default_factory=dict)
    """What a table is a partition or an inheritance child of."""
    functions: frozenset[str] = frozenset()
    """Functions that are not the server's own: one may be called like a built-in one."""
    row_functions: frozenset[str] = frozenset()
    """Those of a whole row, which PostgreSQL calls where ``row.name`` is no column."""
    rights: Rights | None = None
    """MySQL: whose triggers are shown; None where all are."""


_CHANGES_ROWS = ("CASCADE", "SET NULL", "SET DEFAULT")


def cascades_of(rows: Iterable[tuple[Key, Key, Any, Any]]) -> dict[Key, tuple[Cascade, ...]]:
    """Return the cascades of each parent from (parent, child, on delete, on update)."""
    found: dict[Key, list[Cascade]] = {}
    for parent, child, on_delete, on_update in rows:
        deletes, updates = (
            text_of(rule).upper() in _CHANGES_ROWS for rule in (on_delete, on_update)
        )
        if deletes or updates:
            found.setdefault(parent, []).append(Cascade(child, deletes, updates))
    return {parent: tuple(children) for parent, children in found.items()}


def text_of(value: Any) -> str:
    """Return a cell as text: drivers give names as text or as bytes."""
    if isinstance(value, bytes | bytearray):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)
