"""A statement that has been read: what to send, and which tables the server will touch for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A table that a statement on the shadows reads or changes. Names are keys."""

    database: str | None
    """Database or schema that is written before it."""
    table: str
    change: str = ""
    """``insert``, ``upsert``, ``update``, ``delete``, ``merge`` or ``replace``; ``""`` is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The same statement on the shadows of its tables."""

    text: str
    word: str = ""
    """The word it begins with, in lower case."""
    writes: bool = False
    shadowed: tuple[tuple[str, str], ...] = ()
    """Each table that has a shadow, and the shadow."""
    touched: tuple[Touched, ...] = ()
    called: frozenset[str] = frozenset()
    """Functions that it calls, in lower case, and words that could be one."""
    fields: frozenset[str] = frozenset()
    """Columns that it names, in lower case."""
