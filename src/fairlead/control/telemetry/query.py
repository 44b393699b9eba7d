"""Graphs: what happened to series of one app, point by point.

A point is told for time that is known. Where no process of the app told anything it is None, as it
is for the last seconds, of which reports are still to come. What is counted is told a second.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from fairlead.control.store import Object
from fairlead.control.telemetry.memory import COVERED, EDGE, INTERFACE, RULE, TOTAL, App, Told
from fairlead.control.telemetry.packed import NOTHING, Packed, Sums, unpack
from fairlead.control.telemetry.rates import quantiles
from fairlead.control.telemetry.series import COARSE, FINE, Name

STEPS = (FINE, COARSE, 30, 60, 300, 600, 1800, 3600, 7200, 21_600, 86_400)
"""Seconds between two points; each is as many of the slots that are kept."""

HOUR = 3600
MOST_POINTS, MOST_SERIES, MOST_TOGETHER = 2_000, 50, 20_000
"""Points of a series, series of an answer, and points of all of them."""

LEAST = 30
"""Seconds of a longer step that are enough to tell its last point before it is over."""

LABELS: dict[str, tuple[str, str, str]] = {
    INTERFACE: ("interface", "side", "lane"),
    TOTAL: ("interface", "side", "lane"),
    RULE: ("rule", "interface", "reason"),
    EDGE: ("to", "label", "lane"),
}
"""What the parts of a series' name are called, by its sort."""

EACH = "*"
"""For `interface`: every interface by itself."""

Points: TypeAlias = Mapping[int, Packed]
"""What happened by slot, numbered from 1970 on."""


NOBODY: Mapping[Name, float] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Older:
    """What has to be known of the past before an answer can be begun."""

    names: tuple[Name, ...] = ()
    fine: Points = field(default_factory=dict)
    """Seconds that are known one by one."""
    flushed: Mapping[int, int] = field(default_factory=dict)
    called: Mapping[Name, float] = field(default_factory=dict)
    """Series of elsewhere, each with how often it was called."""

    @classmethod
    def of(cls, history: History, query: Query, called: Mapping[Name, float] = NOBODY) -> Older:
        """Ask `history`; may take a while. `called` are series that are known elsewhere."""
        fine: Points = {}
        if query.end - query.begin <= HOUR and query.step < COARSE:
            times = (query.begin, query.end)
            fine = history.read(query.app, [COVERED], FINE, times).get(COVERED, {})
        names = (*history.names(query.app), *called)
        return cls(names=names, fine=fine, flushed=dict(history.flushed), called=called)


class History(Protocol):
    """What is kept of the past."""

    flushed: dict[int, int]
    """The moment up to which it has what memory had, by the length of slots."""

    def names(self, app: App) -> Iterable[Name]:
        """Return the series that it has of an app."""

    def read(
        self, app: App, names: Sequence[Name], step: int, times: tuple[float, float]
    ) -> Mapping[Name, Points]:
        """Return what it has of series in slots of a multiple of `step` seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question. Times are unix seconds; `step` 0 is the best that there are points for."""

    app: App
    sort: str
    wanted: Mapping[str, str]
    """Labels that are to be equal."""
    begin: float
    end: float
    step: int = 0
    metrics: frozenset[str] = frozenset()
    """Arrays that are asked for, all if empty."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """What memory knows, copied for whoever reads the rest elsewhere."""

    query: Query
    names: list[Name]
    step: int
    tier: int
    complete: float
    """The moment up to which all reports have come."""
    left_out: int = 0
    known: dict[Name, dict[int, Packed]] = field(default_factory=dict)


def prepare(query: Query, told: Told | None, older: Older, now: float) -> Answer:
    """Return the answer as far as memory has it; quick, and for the event loop."""
    series = told.series if told else {}
    found = sorted({n for n in (*series, *older.names) if _is_wanted(n, query)})
    names = _busiest(found, told, older.called)
    step = step_of(query, len(names), fine=_is_fine(told, query, older.fine))
    tier = FINE if step < COARSE else COARSE
    lag = 2.5 if told is not None and told.is_fine(now) else 12.5
    answer = Answer(query=query, names=names, step=step, tier=tier, complete=now - lag)
    answer.left_out = len(found) - len(names)
    if told is not None:
        first = older.flushed.get(tier, 0) // tier
        wanted = {n: series[n] for n in names if n in series} | {COVERED: told.covered}
        answer.known = {n: _from(first, one.slots(tier)) for n, one in wanted.items()}
    return answer


def _from(first: int, slots: Points) -> dict[int, Packed]:
    return {slot: packed for slot, packed in slots.items() if slot >= first}


def finish(answer: Answer, history: History) -> Object:
    """Return the graph: reads what is not in memory, and may take a while."""
    query, step = answer.query, answer.step
    first, last = int(query.begin // step), int(query.end // step)
    times = (float(first * step), float((last + 1) * step))
    older = history.read(query.app, [*answer.names, COVERED], step, times)
    slots = range(first, max(first, last) + 1)
    lengths = _lengths(answer, slots)
    known = {
        name: _gathered(answer, name, older.get(name, {})) for name in (*answer.names, COVERED)
    }
    covered = known[COVERED]
    ends = int(answer.complete // step)
    there = {
        slot: lengths.get(slot, step)
        for slot in slots
        if slot in covered and (slot < ends or slot == first < last or slot in lengths)
    }
    found = [_series(query, name, known[name], (slots, there)) for name in answer.names]
    plain = {"step": step, "from": first * step, "series": found}
    return plain | ({"leftOut": answer.left_out} if answer.left_out else {})


def _lengths(answer: Answer, slots: range) -> dict[int, int]:
    """Return the seconds that are known of a point which is not over yet, if they say something.

    Of a week, a point is ten minutes: what began in them would be told of when they are over.
    """
    begun = int(answer.complete // answer.step)
    seconds = int(answer.complete // answer.tier) * answer.tier - begun * answer.step
    return {begun: seconds} if begun in slots and seconds >= LEAST else {}


def step_of(query: Query, count: int, *, fine: bool) -> int:
    """Return the seconds between points: what is asked for, or more where it were too many."""
    most = min(MOST_POINTS, MOST_TOGETHER // max(1, count))
    length = query.end - query.begin
    least = query.step or (FINE if fine else COARSE)
    for step in STEPS:
        if step >= least and length / step <= most - 1:
            return step
    return STEPS[-1]


def _is_wanted(name: Name, query: Query) -> bool:
    if name[0] != query.sort:
        return False
    labels = dict(zip(LABELS[query.sort], name[1:], strict=True))
    return all(labels.get(key) == value for key, value in query.wanted.items())


def _busiest(names: list[Name], told: Told | None, called: Mapping[Name, float]) -> list[Name]:
    """Return as many as an answer may have: those of which memory knows most slots."""
    if len(names) <= MOST_SERIES:
        return names
    series = told.series if told else {}
    slots = {name: len(series[name].coarse) if name in series else 0 for name in names}
    busiest = sorted(names, key=lambda name: (-slots[name], -called.get(name, 0.0)))
    return sorted(busiest[:MOST_SERIES])


def _is_fine(told: Told | None, query: Query, older: Points) -> bool:
    """Tell whether nearly all of the time is known by the second."""
    slots = range(int(query.begin), int(query.end))
    known = told.covered.fine if told else {}
    there = sum(slot in known or slot in older for slot in slots) if len(slots) <= HOUR else 0
    return 0 < 0.9 * len(slots) <= there


def _gathered(answer: Answer, name: Name, older: Points) -> dict[int, Packed]:
    """Return a series in slots of the step: memory's own slots added up, and what is older."""
    per = answer.step // answer.tier
    gathered = dict(older)
    whole = answer.complete // answer.tier if per > 1 else math.inf
    for slot, packed in answer.known.get(name, {}).items():
        if slot >= whole:
            continue
        gathered[slot // per] = gathered.get(slot // per, 0) + packed
    return gathered


def _series(
    query: Query, name: Name, points: Points, slots: tuple[range, Mapping[int, int]]
) -> Object:
    labels = dict(zip(LABELS[query.sort], name[1:], strict=True))
    times, there = slots
    rows = [unpack(points[slot]) if slot in points else NOTHING for slot in there]
    plain: Object = {"labels": {"namespace": query.app[0], "app": query.app[1], **labels}}
    for metric, column in _columns(query, rows, list(there.values())):
        array: list[float | None] = [None] * len(times)
        for slot, value in zip(there, column, strict=True):
            array[slot - times.start] = value
        plain[metric] = array
    return plain


def _columns(
    query: Query, rows: Sequence[Sums], lengths: Sequence[int]
) -> Iterator[tuple[str, Sequence[float | None]]]:
    """Yield the arrays that are asked for. There may be twenty thousand points.

    `lengths` are the seconds that are known of each.
    """
    wanted = [one for one in ARRAYS[query.sort] if not query.metrics or one in query.metrics]
    if not {"p50", "p99"}.isdisjoint(wanted):
        took = [quantiles(sums.rt, (0.5, 0.99)) for sums in rows]
    for metric in wanted:
        if metric == "p50":
            yield metric, [one[0] for one in took]
        elif metric == "p99":
            yield metric, [one[1] for one in took]
        elif metric == "concurrency":
            # Little's law: calls under way on average are the seconds that they took, a second.
            took_us = zip(rows, lengths, strict=True)
            yield metric, [round(sums.rt_us / 1e6 / length, 4) for sums, length in took_us]
        else:
            place = Sums._fields.index(metric)
            counts: Iterator[Any] = (sums[place] for sums in rows)
            each = zip(counts, lengths, strict=True)
            yield metric, [round(count / length, 4) for count, length in each]


ARRAYS: dict[str, tuple[str, ...]] = {
    INTERFACE: ("passed", "rejected", "simulated", "errors", "p50", "p99", "concurrency"),
    TOTAL: ("passed", "rejected", "simulated", "errors", "p50", "p99", "concurrency"),
    RULE: ("rejected", "simulated"),
    EDGE: ("passed", "errors", "p50", "p99", "retries", "fallbacks", "lost"),
}
"""Arrays of a series, by its sort."""

METRICS = frozenset(metric for metrics in ARRAYS.values() for metric in metrics)
