"""Reports of agents, taken in: each once, and added to what is known of its app."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Sequence
from heapq import nlargest
from typing import NamedTuple

import orjson

from fairlead.control.clocks import Clocks
from fairlead.control.telemetry.bundle import MOST_ROWS
from fairlead.control.telemetry.memory import (
    EDGE,
    INTERFACE,
    MOST_PROCESSES,
    RULE,
    TOTAL,
    Memory,
    Told,
)
from fairlead.control.telemetry.packed import HIGH, PARTS, STRUCTS, Packed, pack
from fairlead.control.telemetry.process import Process
from fairlead.control.telemetry.series import Name, Where
from fairlead.protocols.watch.report import EdgeReport, Report, RuleReport
from fairlead.protocols.watch.report_reading import Whose, read_riding

LATE = 8
"""Numbers by which a report may be behind the last one and be a late repeat of it.

One that is further behind is the first of a process that counts anew.
"""


AT_ONCE = 128
"""Reports that wait at most: that many take some ten milliseconds, in which nobody is answered."""

MOST_BUSY = 64
"""Interfaces of a process of which it is kept how many calls are under way."""


log = logging.getLogger(__name__)


class Unread(NamedTuple):
    """A report that came with a renewal: its number, and the JSON of all of it."""

    seq: int
    text: bytes


class Turned(NamedTuple):
    """Calls that a rule turned away, as one report tells it."""

    namespace: str
    app: str
    row: RuleReport


class Intake:
    """Takes reports in. Belongs to one event loop."""

    def __init__(
        self,
        memory: Memory,
        clocks: Clocks,
        turned_away: Callable[[Turned], None] = lambda turned: None,
        requests: Callable[[Report], None] = lambda report: None,
        statements: Callable[[Report], None] = lambda report: None,
    ) -> None:
        """Add to `memory`; `turned_away` hears of calls that rules rejected.

        `requests` and `statements` hear of reports that tell of such.
        """
        self._memory, self._clocks, self._turned_away = memory, clocks, turned_away
        self._requests, self._statements = requests, statements
        self._waiting: dict[tuple[str, str, str], tuple[Unread, Whose, float]] = {}
        memory.catch_up = self.work_off
        self.taken = self.repeated = self.shed = self.refused = 0
        """Reports, those that came twice, calls that agents did not measure, and rows that counted
        more than can be."""

    def put(self, report: Unread, whose: Whose) -> int:
        """Take in what came with a renewal, in a moment and with others; return its number.

        A hundred that are read and added up one after the other cost half of what they do one by
        one: nobody waits for them, and whoever asks has them looked at first.
        """
        key = (whose.namespace, whose.app, whose.node)
        if key in self._waiting or len(self._waiting) >= AT_ONCE:
            self.work_off()
        self._waiting[key] = (report, whose, self._clocks.now().timestamp())
        self._memory.is_behind = True
        return report.seq

    def work_off(self) -> None:
        """Read what waits, and add it up; what cannot be read is left out."""
        waiting, self._waiting = self._waiting, {}
        self._memory.is_behind = False
        for (_, text), whose, at in waiting.values():
            try:
                report = _read(text, whose)
                if report is None:
                    self.refused += 1
                else:
                    self._take(report, at)
            except Exception:
                log.exception("a report of the app %s (node %s) was lost", whose.app, whose.node)

    def take(self, report: Report) -> int:
        """Take a report in, unless it was; return the number of the last one of its process."""
        if self._waiting:
            self.work_off()
        return self._take(report, self._clocks.now().timestamp())

    def _take(self, report: Report, now: float) -> int:
        told = self._memory.enter(report.namespace, report.app)
        if told is None:
            self.refused += 1
            return report.seq
        before = told.processes.get(report.node)
        if before is not None and 0 <= before.seq - report.seq <= LATE:
            self.repeated += 1
            return before.seq
        self.taken += 1
        self.shed += report.dropped
        process = _process(report, now)
        process.shape = before.shape if before is not None else 0
        if before is not None or len(told.processes) < MOST_PROCESSES:
            told.processes[report.node] = process
        where = Where.of(now, report.seconds)
        told.cover(report.seconds, where)
        if report.interfaces:
            busy = self._interfaces(told, report, where, process)
            process.inflight = nlargest(MOST_BUSY, busy) if len(busy) > MOST_BUSY else busy
        for edge in report.edges:
            self._edge(told, edge, where)
        for rule in report.rules:
            self._rule(told, rule, where)
        if report.requests:
            self._requests(report)
        if report.statements:
            self._statements(report)
        return report.seq

    def last(self, namespace: str, app: str, node: str) -> int:
        """Return the number of the last report of a process, 0 before the first."""
        if found := self._waiting.get((namespace, app, node)):
            return found[0].seq
        told = self._memory.known(namespace, app)
        process = told.processes.get(node) if told else None
        return process.seq if process else 0

    def _interfaces(
        self, told: Told, report: Report, where: Where, process: Process
    ) -> list[tuple[int, Name]]:
        """Add up what interfaces did; return the calls under way, by the name that is kept."""
        if not where.fine and where.parts == PARTS and len(report.interfaces) <= MOST_ROWS:
            columns = list(zip(*report.interfaces, strict=True))
            shape = (columns[0], columns[1], columns[2])
            before, process.shape = process.shape, hash(shape)
            bundled = told.bundle(shape, again=before == process.shape)
            if bundled is not None and len(where.coarse) <= 2:
                bundle, series = bundled
                packed = bundle.packed(columns, round(report.seconds * 1000))
                if packed >= 0:
                    bundle.add(packed, where.coarse)
                    under_way = zip(columns[9], series, strict=True)
                    return [(count, one.name) for count, one in under_way if count]
        return self._rows(told, report, where)

    def _rows(self, told: Told, report: Report, where: Where) -> list[tuple[int, Name]]:
        """Add up what interfaces did one by one, and leave out rows that count too much."""
        busy: list[tuple[int, Name]] = []
        ms, totals = round(report.seconds * 1000), dict[tuple[str, str], Packed]()
        of, total = ("", ""), 0
        build = int.from_bytes
        # Thousands of rows come each second: `pack` is written out here.
        for row in report.interfaces:
            name, side, lane, passed, rejected, simulated, errors, rt, took, inflight, peak = row
            us, peaks = int(took * 1e6), peak * ms
            try:
                heads = STRUCTS[len(rt)].pack(
                    passed, rejected, errors, us, peaks, simulated, 0, 0, 0, *rt
                )
                packed = build(heads, "little")
            except struct.error:
                packed = HIGH
            if packed & HIGH:
                self.refused += 1
                continue
            key = (INTERFACE, name, side, lane)
            kept = told.find(key)
            kept.add(packed, where)
            if inflight:
                busy.append((inflight, kept.name))
            if (side, lane) != of:
                totals[of] = totals.get(of, 0) + total
                of, total = (side, lane), 0
            total += packed
        totals[of] = totals.get(of, 0) + total
        for of, total in totals.items():
            if total:
                told.find((TOTAL, "", *of)).add(total, where)
                told.count(*of, total)
        return busy

    def _edge(self, told: Told, row: EdgeReport, where: Where) -> None:
        heads = (row.calls, 0, row.errors, int(row.rt_sum * 1e6), 0)
        packed = self._pack((*heads, 0, row.retries, row.fallbacks, row.lost), row.rt)
        told.find((EDGE, row.to, row.label, row.lane)).add(packed, where)

    def _rule(self, told: Told, row: RuleReport, where: Where) -> None:
        packed = self._pack((0, row.rejected, 0, 0, 0, row.simulated, 0, 0, 0))
        told.find((RULE, row.rule, row.resource, row.reason)).add(packed, where)
        if row.rejected:
            self._turned_away(Turned(told.namespace, told.app, row))

    def _pack(self, heads: tuple[int, ...], rt: Sequence[int] = ()) -> int:
        try:
            return pack(heads, rt)
        except ValueError:
            self.refused += 1
            return 0


def _read(text: bytes, whose: Whose) -> Report | None:
    try:
        return read_riding(orjson.loads(text), whose)
    except orjson.JSONDecodeError:
        return None


def _process(report: Report, now: float) -> Process:
    return Process(
        node=report.node,
        address=report.address,
        lane=report.lane,
        seq=report.seq,
        seconds=report.seconds,
        at=now,
        runtime=report.runtime,
        dropped=report.dropped,
    )
