"""Statements as a library emits them: with base's names and with the shadows', step by step.

The same work is done twice on the same rows, once with models of the base tables, which for that
have the rows of their shadows, and once with models of the shadows themselves. What came out is
replayed through the agent and by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from tests.sql.differential.copies import Copy
from tests.sql.differential.statement import SUFFIX, Statement

COMMIT, ROLLBACK = "COMMIT", "ROLLBACK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A statement that was sent, or the end of a transaction."""

    text: str
    args: Any = None
    many: bool = False
    client: bool = False
    """PostgreSQL: whether the driver puts the parameters into the text."""


Recording = dict[str, list[Step]]
"""The steps of each piece of work, by its name."""


Pieces = dict[str, list[Statement]]
"""The same as statements; one that ends a transaction is COMMIT or ROLLBACK."""


def record(copy: Copy, work: Callable[[Copy, str], Recording]) -> Pieces:
    """Return for each piece of `work` its statements.

    `work` is done on `copy` with models whose tables' names end in the text that it is given.
    """
    copy.build()
    mirror(copy)
    ours = work(copy, "")
    copy.restore()
    theirs = work(copy, SUFFIX)
    copy.close()
    return {name: list(_paired(name, ours[name], theirs[name])) for name in ours}


def mirror(copy: Copy) -> None:
    """Give the base tables of `copy` the rows of their shadows."""
    copy.begin()
    for table in copy.shadowed():
        copy.ask(f"DELETE FROM {copy.name(table)}")
        copy.ask(f"INSERT INTO {copy.name(table)} SELECT * FROM {copy.name(table + SUFFIX)}")
    copy.connection.commit()


def _paired(name: str, ours: list[Step], theirs: list[Step]) -> Iterable[Statement]:
    if len(ours) != len(theirs):
        raise ValueError(f"{name}: {len(ours)} statements on base, {len(theirs)} on the shadows")
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        if one.text == "BEGIN":
            continue  # what is replayed is in a transaction anyway
        if _values(one) != _values(other):
            raise ValueError(f"{name}: {one} on base, {other} on the shadows")
        place = f"{name}, statement {number}"
        yield replace(_statement(one), place=place, hand=_statement(other))


def _statement(step: Step) -> Statement:
    return Statement(
        text=step.text,
        args=None if step.many else step.args,
        rows=tuple(step.args) if step.many else None,
        client=step.client,
    )


def _values(step: Step) -> str:
    """Return the parameters of `step` without their names, which may be those of tables."""
    rows = step.args if step.many else [step.args]
    return repr([list(row.values()) if isinstance(row, dict) else row for row in rows])
