"""The past that a Prometheus has: graphs of what memory does not know are completed with it.

Where it does not answer, a graph has what memory knows, and says why there is no more.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from fairlead.control.clocks import Clocks
from fairlead.control.history import promql
from fairlead.control.history.prometheus import Prometheus, Unanswered
from fairlead.control.history.promql import Row
from fairlead.control.store import Object
from fairlead.control.telemetry.query import Query
from fairlead.control.telemetry.series import Name
from fairlead.telemetry.metrics import PROCESSES

AT_A_TIME = 4
"""Questions that are under way at a time; others wait."""

PAUSE = 10.0
"""Seconds for which one that did not answer is not asked again: graphs must not wait for it."""

LOOK = 60.0
"""Seconds between looks whether it is there, when nobody asks."""

SAMPLES = 4
"""Samples that a rate is worked out of at least, so that one that is late or lost leaves no gap."""

USUAL = 15
"""Seconds between samples of an app of which there are too few to tell."""

LEAST_SPAN = 600
"""Seconds of which series are looked for at least."""

FRESH = 60.0
"""Seconds for which an answer is given again: several people look at one graph, which is live."""

MOST_KEPT, MOST_VALUES = 32, 50_000
"""Answers that are kept for that, and values of one."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a query is about that lies before memory begins."""

    until: float
    """The moment at which memory begins, unix seconds."""
    names: Mapping[Name, float] = field(default_factory=dict)
    """Series, each with how often it was called."""
    every: float = USUAL
    """Seconds between samples."""
    problem: str = ""


class Distant:
    """What is asked of a Prometheus. Belongs to one event loop."""

    def __init__(self, prometheus: Prometheus, clocks: Clocks) -> None:
        self._prometheus, self._clocks = prometheus, clocks
        self.problem = ""
        self._failed = float("-inf")
        """When it did not answer last, on the monotonic clock."""
        self._kept: dict[tuple[object, ...], tuple[float, list[Row]]] = {}
        self._threads = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="fairlead-prometheus")

    def shown(self) -> Object:
        """Say where the past is, and what is wrong with it."""
        return {"place": self._prometheus.url, "problem": self.problem}

    async def run(self) -> None:
        """See now and then whether it is there, for good."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(LOOK)
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def look(self) -> None:
        """See whether it answers, and whether it reads any agents."""
        question = f"count({PROCESSES.prometheus})"
        try:
            rows = await self._asked_now(self._prometheus.at, question, self._now())
        except Unanswered:
            return
        self._noted("" if rows else _EMPTY)

    async def begin(self, query: Query, until: float) -> Found | None:
        """Return what there is of a query before `until`; None where memory knows all of it."""
        end = min(query.end, until)
        if query.begin >= end:
            return None
        if self._clocks.elapsed() - self._failed < PAUSE:
            return Found(until=until, problem=self.problem)
        # Whole minutes, so that those who look at one graph ask one question.
        seconds = max(LEAST_SPAN, -(-int(end - query.begin) // 60) * 60)
        question = promql.of_names(query, seconds)
        try:
            rows = await self._ask(self._prometheus.at, question, end)
        except Unanswered as error:
            return Found(until=until, problem=str(error))
        parts = _by_part(rows)
        names = {promql.name_of(query.sort, row): _last(row) for row in parts.get(promql.NAMES, ())}
        return Found(until=until, names=names, every=_every(parts.get(promql.SCRAPES, ())))

    async def complete(self, query: Query, names: Sequence[Name], plain: Object, at: Found) -> None:
        """Put what there is into the graph of some series, before memory's first whole slot."""
        step = int(plain["step"])
        first = int(plain["from"]) // step
        last = min(int(query.end // step), int(-(-at.until // step)) - 1)
        problem = at.problem
        if not problem and last >= first:
            try:
                rows = await self._rates(query, range(first, last + 1), step, at.every)
                _fill(query.sort, names, plain, rows)
            except Unanswered as error:
                problem = str(error)
        if problem:
            plain["problem"] = f"what is older has to come from Prometheus: {problem}"

    async def _rates(self, query: Query, slots: range, step: int, every: float) -> _Rates:
        """Return what there is of slots of `step` seconds.

        Rates are of a span that has some samples, and lies about the middle of the slot.
        """
        window = max(float(step), SAMPLES * every)
        late = (step + window) / 2
        begin, end = slots.start * step + late, (slots.stop - 1) * step + late
        # What is still to come would be taken for nothing.
        end -= max(0, -int((self._now() - end) // step)) * step
        if end < begin:
            return _Rates(slots, {})
        question = promql.of_arrays(query, window)
        rows = await self._ask(self._prometheus.between, question, begin, end, step)
        told = {
            part: [
                (row, {round((at - late) / step): value for at, value in row.values})
                for row in found
            ]
            for part, found in _by_part(rows).items()
        }
        return _Rates(slots, told)

    async def _ask(self, ask: Callable[..., list[Row]], *arguments: object) -> list[Row]:
        """Return an answer, which may be of a moment ago. Raises Unanswered."""
        key, now = (ask.__name__, *arguments), self._clocks.elapsed()
        self._kept = {one: kept for one, kept in self._kept.items() if now - kept[0] < FRESH}
        if key in self._kept:
            return self._kept[key][1]
        answer = await self._asked_now(ask, *arguments)
        if len(self._kept) < MOST_KEPT and sum(len(row.values) for row in answer) <= MOST_VALUES:
            self._kept[key] = (now, answer)
        return answer

    async def _asked_now(self, ask: Callable[..., list[Row]], *arguments: object) -> list[Row]:
        """Return an answer. Raises Unanswered, and notes why."""
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._threads, partial(ask, *arguments))
        except Unanswered as error:
            if error.away:
                self._failed = self._clocks.elapsed()
                self._noted(str(error))
            raise
        if self.problem != _EMPTY:
            self._noted("")
        return answer

    def _noted(self, problem: str) -> None:
        if problem and problem != self.problem:
            log.warning(
                "graphs lack what is older: Prometheus at %s: %s", self._prometheus.url, problem
            )
        self.problem = problem

    def _now(self) -> float:
        return self._clocks.now().timestamp()


_EMPTY = f"it has no {PROCESSES.prometheus}: have it read the agents, which FAIRLEAD_METRICS opens"


@dataclass(frozen=True, slots=True)
class _Rates:
    """Rows of an answer, by what they are of, with their values by slot."""

    slots: range
    told: Mapping[str, Sequence[tuple[Row, Mapping[int, float]]]]


def _by_part(rows: Sequence[Row]) -> Mapping[str, Sequence[Row]]:
    parts: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        parts[row.labels.get(promql.OF, "")].append(row)
    return parts


def _last(row: Row) -> float:
    return row.values[-1][1] if row.values else 0.0


def _every(rows: Sequence[Row]) -> float:
    """Return the seconds between samples, of how many there were at most in a while."""
    most = max((_last(row) for row in rows), default=0.0)
    return promql.LOOK / most if most >= 1 else USUAL


def _fill(sort: str, names: Sequence[Name], plain: Object, rates: _Rates) -> None:
    """Put rates into arrays; 0 where a process was there and a series was not."""
    start, slots = int(plain["from"]) // int(plain["step"]), rates.slots
    there: set[int] = set()
    for _, values in rates.told.get(promql.COVERED, ()):
        there.update(values)
    for name, one in zip(names, plain["series"], strict=True):
        for array in [key for key in one if key != "labels"]:
            values = dict(_values(sort, name, rates.told.get(array, ())))
            nothing = None if array in ("p50", "p99") else 0.0
            for slot in slots:
                value = values.get(slot, nothing) if slot in there else None
                if slot - start < len(one[array]):
                    one[array][slot - start] = value


def _values(
    sort: str, name: Name, rows: Sequence[tuple[Row, Mapping[int, float]]]
) -> Iterator[tuple[int, float]]:
    for row, values in rows:
        if promql.name_of(sort, row) == promql.as_spelt(name):
            yield from ((slot, round(value, 6)) for slot, value in values.items())
