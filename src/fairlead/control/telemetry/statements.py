"""The statements that apps send to their databases, as agents told them last: in memory only.

Agents tell templates, without values. They are masked here once more: whoever has the token of an
app could tell anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from fairlead.control.clocks import Clocks
from fairlead.control.store import Object
from fairlead.control.telemetry.memory import App
from fairlead.protocols.watch.report import REST, Report, StatementReport
from fairlead.sql.session import DIALECTS, SQLITE
from fairlead.sql.template import Template, template

MOST_OF_ONE, MOST = 200, 20_000
"""Statements of one app, and of all: beyond them those that were told longest ago go."""

SLOT, SLOTS = 300, 12
"""Seconds of a slot in which calls are added up, and how many are kept: an hour."""

Key: TypeAlias = tuple[str, ...]
"""Dialect, database, lane, statement and cause, as they were told."""


class _Count(NamedTuple):
    calls: int = 0
    errors: int = 0
    us: int = 0

    def plus(self, row: StatementReport) -> _Count:
        us = int(row.rt_sum * 1e6)
        return _Count(self.calls + row.calls, self.errors + row.errors, self.us + us)


@dataclass(slots=True, kw_only=True)
class _Known:
    row: StatementReport
    shown: Template
    at: float
    """When it was told last, unix seconds."""
    slots: dict[int, _Count] = field(default_factory=dict)


class StatementKeeper:
    """All of them. Belongs to one event loop."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._apps: dict[App, dict[Key, _Known]] = {}
        self._count = 0

    def take(self, report: Report) -> None:
        """Take in what a report tells of statements."""
        app, now = (report.namespace, report.app), self._clocks.now().timestamp()
        # The app that told something last is the last one: the first makes room.
        known = self._apps[app] = self._apps.pop(app, {})
        for row in report.statements:
            key = (row.dialect, row.database, row.lane, row.statement, row.cause)
            one = known.get(key)
            if one is None:
                one = known[key] = _Known(row=row, shown=_masked(row), at=now)
                self._count += 1
            one.at, slot = now, int(now // SLOT)
            one.slots = {at: count for at, count in one.slots.items() if at > slot - SLOTS}
            one.slots[slot] = one.slots.get(slot, _Count()).plus(row)
        self._make_room(app, known)

    def _make_room(self, app: App, known: dict[Key, _Known]) -> None:
        if len(known) > MOST_OF_ONE:
            old = sorted(known, key=lambda key: known[key].at)[: len(known) - MOST_OF_ONE]
            for key in old:
                del known[key]
            self._count -= len(old)
        while self._count > MOST and len(self._apps) > 1:
            first = next(one for one in self._apps if one != app)
            self._count -= len(self._apps.pop(first))

    def shown(self, app: App) -> list[Object]:
        """Return the statements of an app, those that were sent most in the last hour first."""
        since = int(self._clocks.now().timestamp() // SLOT) - SLOTS
        items = [_shown(one, since) for one in self._apps.get(app, {}).values()]
        return sorted(items, key=lambda one: (not one["cause"], -one["calls"], one["statement"]))


def _masked(row: StatementReport) -> Template:
    if row.statement == REST:
        return Template(REST, "", ())
    return template(row.statement, _dialect(row))


def _dialect(row: StatementReport) -> str:
    return row.dialect if row.dialect in DIALECTS else SQLITE


def _shown(one: _Known, since: int) -> Object:
    row = one.row
    count = _sum(count for slot, count in one.slots.items() if slot > since)
    return {
        "dialect": _dialect(row),
        "database": row.database,
        "lane": row.lane,
        "statement": one.shown.text,
        "kind": one.shown.kind,
        "tables": list(one.shown.tables),
        "rewritten": template(row.rewritten, _dialect(row)).text if row.rewritten else "",
        "cause": row.cause,
        "reason": row.reason,
        "calls": count.calls,
        "errors": count.errors,
        "mean": round(count.us / count.calls / 1e6, 6) if count.calls and not row.cause else None,
        "last": round(one.at, 1),
    }


def _sum(counts: Iterable[_Count]) -> _Count:
    calls = errors = us = 0
    for one in counts:
        calls, errors, us = calls + one.calls, errors + one.errors, us + one.us
    return _Count(calls, errors, us)
