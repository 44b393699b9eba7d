"""What came of a statement, in a form in which two can be compared."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from tests.sql.differential.statement import SUFFIX, Statement

_SHADOW = re.compile(rf"{SUFFIX}(?=_|\b)")
_QUOTES = re.compile(r"[\"`\[\]]")
_ALIAS = re.compile(r"(?i)\bAS\s+(?:order lines|\w+)")
_ABSENT = re.compile(r"(UndefinedTable 42P01):.*", re.DOTALL)
"""PostgreSQL says in several ways that there is no such table, as what is near looks like it."""
_POSITIONS = re.compile(r"\s*\b(?:at|near) (?:character|line) \d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a driver returned or raised."""

    columns: tuple[str, ...] | None = None
    rows: tuple[Any, ...] | None = None
    rowcount: int | None = None
    lastrowid: Any = None
    error: str = ""
    """Class, code and message, where it raised."""
    cause: str = ""
    """Why the agent refused, where it did: one word."""
    reason: str = ""


def difference(agent: Outcome, hand: Outcome, statement: Statement) -> str:
    """Return how two outcomes of `statement` differ, ``""`` where they do not."""
    one, other = _comparable(agent, statement), _comparable(hand, statement)
    for name in ("error", "columns", "rowcount", "lastrowid", "rows"):
        ours, theirs = getattr(one, name), getattr(other, name)
        if ours != theirs:
            return f"{name}: agent {shortened(ours)}, by hand {shortened(theirs)}"
    return ""


def shortened(value: object, most: int = 400) -> str:
    """Return `value` as text of bounded length."""
    text = repr(value)
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def plain(text: str) -> str:
    """Return `text` without what a shadow's name adds to it, and without the quotes of names.

    A column that has no name is called as its text: there an alias of the agent's may stand.
    """
    text = _QUOTES.sub(" ", _SHADOW.sub("", text)).lower()
    # MySQL cuts it off.
    return "".join(_ALIAS.sub("", text).split())[:100] if " " in text.strip() else text.strip()


def _comparable(outcome: Outcome, statement: Statement) -> Outcome:
    columns, rows = outcome.columns, outcome.rows
    if columns is not None:
        columns = tuple(plain(name) for name in columns)
    if statement.explains and rows is not None:
        # Plans name tables by alias: how many columns there are is what can be compared.
        return replace(outcome, columns=columns, rows=None, rowcount=None, error="")
    if rows is not None and not statement.ordered:
        rows = tuple(sorted(Counter(map(_hashable, rows)).items()))
    elif rows is not None:
        rows = tuple(map(_hashable, rows))
    error = plain(_POSITIONS.sub("", _ABSENT.sub(r"\1", outcome.error)))
    return replace(outcome, columns=columns, rows=rows, error=error)


def _hashable(row: Any) -> str:
    return repr(row)
