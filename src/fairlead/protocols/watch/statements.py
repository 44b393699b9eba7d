"""What an agent without a parser asks: what a statement is on its lane. Read with bounds.

`POST /fairlead/v1/rewrites`. The agent sends the rules that it enforces, so that an answer is about
these and no others, and what the server of its connection has answered so far. It is told what else
to ask there (`ask`), or the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fairlead.policy.database import ShadowTable
from fairlead.protocols.watch.codec import ROOT
from fairlead.protocols.watch.reader import NAME, NAMESPACE, NODE, InvalidMessage, Reader

REWRITES = f"{ROOT}/rewrites"

MOST_TABLES, MOST_NAMES, MOST_ANSWERS = 4096, 4096, 512
LONGEST_STATEMENT = 1 << 20
LONGEST_NAME = 256

Rows = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One statement, and all that its meaning depends on."""

    node: str
    namespace: str
    app: str
    dialect: str
    style: str
    """How parameters are marked in it (`sql.lexis`)."""
    statement: str
    tables: tuple[ShadowTable, ...] = ()
    """The shadow tables of the lane, as the agent's snapshot has them."""
    listed: tuple[str, ...] | None = None
    """Tables that may be rewritten, None for all of them (``FAIRLEAD_SHADOW``)."""
    functions: tuple[str, ...] = ()
    session: dict[str, Rows] = field(default_factory=dict)
    """Rows by query: where the connection stands."""
    catalog: str = ""
    """Digest of what the server said of its catalogue, where that was sent before."""
    answers: dict[str, Rows] = field(default_factory=dict)
    """Rows by query: what the server says of its catalogue."""


def read_question(plain: Any, dialects: tuple[str, ...], styles: tuple[str, ...]) -> Question:
    """Return what a body asks. Raises InvalidMessage."""
    read = Reader(plain if isinstance(plain, dict) else {})
    lane = read.lane(read.plain.get("lane")) or ""
    question = Question(
        node=read.name("node", NODE),
        namespace=read.name("namespace", NAMESPACE),
        app=read.name("app", NAME),
        dialect=_one_of(read, "dialect", dialects),
        style=_one_of(read, "style", styles),
        statement=_long_text(read, "statement", LONGEST_STATEMENT),
        tables=_tables(read, lane),
        listed=None if read.plain.get("listed") is None else _names(read, "listed"),
        functions=_names(read, "functions"),
        session=_answers(read, "session"),
        catalog=read.text("catalog"),
        answers=_answers(read, "answers"),
    )
    read.finish()
    return question


def _one_of(read: Reader, name: str, known: tuple[str, ...]) -> str:
    value = read.plain.get(name)
    if value in known:
        return str(value)
    read.problem(name, f"is none of {', '.join(known)}")
    return ""


def _long_text(read: Reader, name: str, longest: int) -> str:
    value = read.plain.get(name)
    if isinstance(value, str) and len(value) <= longest:
        return value
    read.problem(name, f"must be a string of at most {longest} characters")
    return ""


def _tables(read: Reader, lane: str) -> tuple[ShadowTable, ...]:
    value = read.given("tables", ())
    if not isinstance(value, list | tuple) or len(value) > MOST_TABLES:
        read.problem("tables", f"must be a list of at most {MOST_TABLES}")
        return ()
    found = []
    for position, one in enumerate(value):
        names = [one.get(part) for part in ("database", "table", "shadow")] if _is(one) else []
        if names and all(_is_name(name) for name in names):
            database, table, shadow = map(str, names)
            made = ShadowTable(rule="", lane=lane, database=database, table=table, shadow=shadow)
            found.append(made)
        else:
            read.problem(f"tables[{position}]", "must have the names database, table and shadow")
    return tuple(found)


def _is(value: Any) -> bool:
    return isinstance(value, dict)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME


def _names(read: Reader, name: str) -> tuple[str, ...]:
    value = read.given(name, ())
    if (
        isinstance(value, list | tuple)
        and len(value) <= MOST_NAMES
        and all(_is_name(one) for one in value)
    ):
        return tuple(value)
    read.problem(name, f"must be a list of at most {MOST_NAMES} names")
    return ()


def _answers(read: Reader, name: str) -> dict[str, Rows]:
    value = read.given(name, ())
    if not isinstance(value, list | tuple) or len(value) > MOST_ANSWERS:
        read.problem(name, f"must be a list of at most {MOST_ANSWERS}")
        return {}
    found = {}
    for position, one in enumerate(value):
        query, rows = (one.get("query"), one.get("rows")) if _is(one) else (None, None)
        if isinstance(query, str) and isinstance(rows, list) and all(map(_is_row, rows)):
            found[query] = tuple(tuple(row) for row in rows)
        else:
            read.problem(f"{name}[{position}]", "must have a query, and its rows of plain values")
    return found


def _is_row(row: Any) -> bool:
    return isinstance(row, list) and not any(isinstance(cell, list | dict) for cell in row)


__all__ = ["REWRITES", "InvalidMessage", "Question", "read_question"]
