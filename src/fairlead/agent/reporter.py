"""One report at a time: made when it is due, and kept until it has arrived.

The next one begins where the last one ended, also where that took hours to arrive: what there was
to tell is in the totals. What reporting costs is measured; where it is more than a hundredth of one
core the next report comes later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from fairlead.agent import native
from fairlead.agent.bounded import bounded_edges, bounded_interfaces, bounded_rules
from fairlead.agent.collector import (
    NOTHING,
    Collector,
    Totals,
    edge_reports,
    interface_reports,
    rule_reports,
)
from fairlead.agent.runtime import Figures
from fairlead.agent.shedding import Shedding
from fairlead.protocols.watch.codec import Subscription, Telemetry
from fairlead.protocols.watch.report import Report, RequestReport

if TYPE_CHECKING:
    from fairlead.flow.engine import Engine

SHARE = 0.01
"""Of a core, that reports may need."""

UNHEARD = 3
"""Answers that say nothing of a report, after which it is taken back."""

SILENT = 60.0
"""Seconds until the next report then: the control plane seems to know nothing of them."""

KEPT = 3600.0
"""Seconds that a report which is taken back may be long: what it told, the next one tells too."""

Clock = Callable[[], float]


class Reporter:
    """Makes the reports of one process. Threads may share it."""

    def __init__(
        self,
        engine: Engine,
        subscription: Subscription,
        telemetry: Callable[[], Telemetry] = Telemetry,
        *,
        clock: Clock = time.monotonic,
        spent: Clock = time.thread_time,
    ) -> None:
        """`telemetry` says how often a report is wanted; `spent` is the CPU of this thread."""
        self._engine, self._whose = engine, subscription
        self._telemetry, self._clock, self._spent = telemetry, clock, spent
        self.figures, self.shedding = Figures(clock), Shedding(engine)
        self.collector = Collector(engine)
        self.requests: Callable[[], tuple[RequestReport, ...]] = tuple
        """Gives the requests that somebody looks at, once each."""
        self._lock = native.Lock()
        self._before = NOTHING
        self._began = clock()
        self._not_before = 0.0
        self._early = 0.0
        """Seconds that the last report was made before it was due, less than none where after:
        renewals come when they come, and on average it is as often as is asked for."""
        self._unheard = 0
        self._pending: Report | None = None
        self._taken_back = (NOTHING, self._began)
        """What there was, and when, before the report that waits."""
        self._seq = 0
        self.cost = 0.0
        """Seconds of CPU that the last report took."""
        self.lost = 0
        """Reports that nobody took."""
        self.arrived: float | None = None
        """When the last one arrived, on the clock."""

    @property
    def every(self) -> float:
        """Seconds between two reports."""
        return self._telemetry().every

    @property
    def waiting(self) -> Report | None:
        """The report that has not arrived."""
        return self._pending

    @property
    def seq(self) -> int:
        """Number of the last report that was made."""
        return self._seq

    def totals(self) -> Totals:
        """Return everything that was counted so far."""
        with self._lock:
            return self.collector.read()

    def until_due(self) -> float:
        """Return the seconds until a report is due; 0.0 where one waits to be sent."""
        if self._pending is not None:
            return 0.0
        return max(0.0, self._next() - self._clock())

    def _next(self) -> float:
        pause = max(self.every, self.cost / SHARE)
        return max(self._began + pause + min(self._early, pause / 2), self._not_before)

    def due(self, address: str, *, soon: float = 0.0) -> Report | None:
        """Return the report to send now, None where none is due in so many seconds.

        One that has not arrived is sent again, as it was.
        """
        with self._lock:
            if self._pending is None and self.until_due() <= soon:
                self._pending = self._made(address)
            return self._pending

    def answered(self, seq: int) -> None:
        """Hear up to which report all have arrived; 0 where the answer says nothing of them."""
        with self._lock:
            if self._pending is None:
                return
            if seq >= self._pending.seq:
                self._pending, self._unheard, self.arrived = None, 0, self._clock()
                return
            self._unheard += 1
            if self._unheard >= UNHEARD:
                self._take_back()

    def postponed(self) -> None:
        """Hear that nothing is taken for now, for another reason than the report."""
        with self._lock:
            if self._pending is not None:
                self._take_back()

    def refused(self) -> None:
        """Hear that the report is not taken, and would not be the next time."""
        with self._lock:
            if self._pending is not None:
                self._give_up()

    def _take_back(self) -> None:
        """Have the next report tell what this one did; nobody has counted it."""
        before, began = self._taken_back
        if self._clock() - began > KEPT:
            self._give_up()
        else:
            self._before, self._began = before, began
            self._rest()

    def _give_up(self) -> None:
        self.lost += 1
        self._rest()

    def _rest(self) -> None:
        self._pending, self._unheard = None, 0
        self._not_before = self._clock() + SILENT

    def _made(self, address: str) -> Report:
        began = self._spent()
        asked = self._telemetry()
        self.collector.most = asked.interfaces
        self.shedding.look()
        before, now = self._before, self.collector.read()
        self.collector.rest()
        at = self._clock()
        report = Report(
            node=self._whose.node,
            namespace=self._whose.namespace,
            app=self._whose.app,
            address=address,
            lane=self._engine.plan.own_lane,
            seq=self._seq + 1,
            seconds=max(at - self._began, 0.001),
            interfaces=bounded_interfaces(interface_reports(now, before)),
            rules=bounded_rules(rule_reports(now, before)),
            edges=bounded_edges(edge_reports(now, before)),
            requests=self.requests(),
            statements=self.collector.statements.due(at),
            runtime=self.figures.since(),
            dropped=max(0, now.dropped - before.dropped),
        )
        # Not before it is made: what a fault of ours kept from being told is told the next time.
        early = self._next() - at
        self._early = early if abs(early) < self.every / 2 else 0.0
        self._taken_back = (before, self._began)
        self._before, self._began, self._seq = now, at, self._seq + 1
        self.cost = self._spent() - began
        return report
