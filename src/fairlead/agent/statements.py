"""What is told of the statements that this process sends: their templates, and no value in them.

What is counted by statement (`flow.sendings`) is added up by template, for people, and by kind and
table, as an interface like any other. Texts as the application wrote them stay in the process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from operator import add, sub
from typing import TYPE_CHECKING

from fairlead.policy.buckets import BUCKETS
from fairlead.policy.resource import SQL as STATEMENT
from fairlead.protocols.watch.report import (
    LONGEST_NAME,
    MOST_STATEMENTS,
    REST,
    SQL,
    StatementReport,
)
from fairlead.sql.template import Template, template

if TYPE_CHECKING:
    from fairlead.flow.engine import Engine
    from fairlead.flow.sendings import Sent

EVERY = 30.0
"""Seconds between two reports that tell of statements."""

MOST_TEMPLATES, MOST_SHAPES = 512, 64
"""Templates, and pairs of a kind and a table, that are told apart."""

BYTES = 64 << 10
"""Bytes that statements may take of a report; what finds no room is told the next time."""

A_SECOND = 300
"""Statements that are looked at for the first time, for each second: it takes 35 µs each."""

OTHER = "other"
"""The kind and table of all that are not told apart."""

InterfaceKey = tuple[str, str, str]
Numbers = tuple[int, ...]
"""Calls, failures, nanoseconds, and calls by response time."""

_CALLS, _ERRORS, _NS, _TIMES = range(4)
_NOTHING: Numbers = (0,) * (_TIMES + BUCKETS)


class _Told:
    """A template, and what is to be told of it."""

    __slots__ = ("numbers", "row")

    def __init__(self, row: StatementReport) -> None:
        self.row = row
        self.numbers = _NOTHING

    @property
    def weight(self) -> tuple[bool, int]:
        """What is told first: what was refused, then what is sent most."""
        return bool(self.row.cause), self.numbers[_CALLS]


class StatementTeller:
    """Adds up the statements of one process. Not for two threads at once."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._clock = engine, clock
        self._read_at = clock()
        self._room = 0
        self.wanted = True
        """Whether statements are told one by one, and not by kind and table alone."""
        self._told: dict[tuple[str, ...], _Told] = {}
        self._shapes: dict[InterfaceKey, Numbers] = {}
        self._names: set[str] = set()
        self._next: float | None = None

    def interfaces(self) -> dict[InterfaceKey, Numbers]:
        """Return what was counted so far by kind and table, in the order of an interface's numbers.

        The name is ``sql:DATABASE:KIND TABLE``; of one that a lane refuses, calls are rejected.
        """
        self._read()
        return self._shapes

    def due(self, now: float) -> tuple[StatementReport, ...]:
        """Return what happened since the last time; nothing before that is `EVERY` seconds ago."""
        if not self.wanted or (self._next is not None and now < self._next):
            return ()
        rows = tuple(self._due())
        self._next = now + EVERY if rows else None
        return rows

    def _due(self) -> Iterator[StatementReport]:
        room = BYTES
        changed = [one for one in self._told.values() if one.numbers[_CALLS]]
        changed.sort(key=lambda one: one.weight, reverse=True)
        for one in changed[:MOST_STATEMENTS]:
            row, numbers = one.row, one.numbers
            room -= 100 + sum(len(text.encode("utf-8", "replace")) for text in row[:9])
            if room < 0:
                return
            one.numbers = _NOTHING
            yield row._replace(
                calls=numbers[_CALLS],
                errors=0 if row.cause else numbers[_ERRORS],
                rt_sum=round(numbers[_NS] / 1e9, 6),
            )

    def _read(self) -> None:
        now = self._clock()
        self._room = int(A_SECOND * max(1.0, now - self._read_at))
        self._read_at = now
        found, full = self._engine.measuring.sendings.read()
        if full:
            self._engine.refresh()  # who keeps one in its plan asks for it anew
        for one in found:
            edge, before = one.edge, one.seen or _NOTHING
            if edge.calls == before[_CALLS]:
                continue
            counts = (edge.calls, edge.errors, edge.rt_ns, *edge.buckets)
            one.seen = counts
            self._add(one, tuple(max(0, number) for number in map(sub, counts, before)))

    def _add(self, one: Sent, numbers: Numbers) -> None:
        told = self._template(one)
        told.numbers = tuple(map(add, told.numbers, numbers))
        key = (self._name(told.row), SQL, one.lane)
        calls, errors, ns, *times = numbers
        if one.cause:
            whole = (0, calls, *(0,) * (5 + BUCKETS))
        else:
            whole = (calls, 0, 0, errors, ns, 0, 0, *times)
        before = self._shapes.get(key)
        self._shapes[key] = whole if before is None else tuple(map(add, before, whole))

    def _template(self, one: Sent) -> _Told:
        if isinstance(one.told, _Told):
            return one.told
        if one.text and self._room > 0:
            self._room -= 1
            one.told = told = self._found(one, template(one.text, one.dialect))
            return told
        return self._found(one, template(REST, one.dialect))

    def _found(self, one: Sent, found: Template) -> _Told:
        key = (one.dialect, one.database, one.lane, found.text, one.cause)
        told = self._told.get(key)
        if told is None and len(self._told) >= MOST_TEMPLATES:
            found, key = template(REST, one.dialect), (*key[:3], REST, "")
            told = self._told.get(key)
        if told is None:
            told = _Told(_row(one, found))
            if len(self._told) < 2 * MOST_TEMPLATES:
                self._told[key] = told
        return told

    def _name(self, row: StatementReport) -> str:
        table = row.tables.partition(",")[0]
        shape = f"{row.kind} {table}".strip() if row.kind else OTHER
        name = f"{STATEMENT}{row.database}:{shape}"[:LONGEST_NAME]
        if name not in self._names:
            if len(self._names) >= MOST_SHAPES:
                return f"{STATEMENT}{row.database}:{OTHER}"[:LONGEST_NAME]
            self._names.add(name)
        return name


def _row(one: Sent, found: Template) -> StatementReport:
    return StatementReport(
        dialect=one.dialect,
        database=one.database[:LONGEST_NAME],
        lane=one.lane,
        statement=found.text,
        kind=found.kind,
        tables=", ".join(found.tables)[:LONGEST_NAME],
        rewritten=one.rewritten[:LONGEST_NAME],
        cause=one.cause,
        reason=one.reason[:LONGEST_NAME],
        calls=0,
        errors=0,
        rt_sum=0.0,
    )
