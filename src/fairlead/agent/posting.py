"""Reports on their way: with renewals as long as nobody is in a hurry, else by themselves.

No thread is started for it. The lease's sends them between two renewals; a process without one, as
it serves nobody, has them sent by the thread that follows the control plane, when that speaks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from fairlead.agent.lease import RENEW
from fairlead.protocols.watch.client import Door, RefusedRequest, Reports
from fairlead.protocols.watch.codec import LONGEST, Lease, Registration, Telemetry
from fairlead.protocols.watch.connection import ControlUnreachable
from fairlead.protocols.watch.report import report_body

if TYPE_CHECKING:
    from fairlead.agent.lease import Tenancy
    from fairlead.agent.reporter import Reporter
    from fairlead.protocols.watch.report import Report

MOST_BYTES = 64 << 10
"""Of a report that rides on a renewal, which a control plane refuses when it is too large."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds until the next try where the control plane is away, doubled each time."""

_PASSING = (401, 403, 429)
"""Refusals of this moment, or of this token: the report may be taken later."""


class Posting:
    """Sends the reports of one process."""

    def __init__(
        self,
        door: Door,
        reporter: Reporter,
        tenancy: Callable[[], Tenancy],
        fault: Callable[[str, BaseException], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Send to `door`; a `fault` of ours is counted."""
        self._reports = Reports(door)
        self._reporter, self._tenancy, self._fault, self._clock = reporter, tenancy, fault, clock
        self._every = Telemetry().every
        self._failures, self._next = 0, 0.0
        self.problem = ""
        """Why the last report was not taken."""
        self.wanted = True
        """False where nothing is to be told."""

    def riding(self, address: str) -> Report | None:
        """Return the report to send with a renewal, None where there is none, or it goes alone."""
        try:
            if self._is_hurried() or not self.wanted:
                return None
            report = self._reporter.due(address, soon=RENEW / 2)
            return None if report is None or _is_large(report) else report
        except Exception as error:  # the lease must be renewed
            self._fault("telemetry", error)
            return None

    def heard(self, registration: Registration, answer: Lease | RefusedRequest) -> None:
        """Hear what came of a registration."""
        if registration.report is None:
            return
        if isinstance(answer, Lease):
            self._reporter.answered(answer.reported)
        elif not _passes(answer.status):
            # It may be the report's size that is refused: the next renewal goes without one.
            self._reporter.postponed()

    def between(self) -> float:
        """Do what is to be done between two renewals; return the seconds until the next time."""
        if not self.wanted:
            return LONGEST
        try:
            self._reporter.figures.loop.ask()
            if self._is_hurried() or self._is_large():
                self._send(self._tenancy().choice.address)
        except Exception as error:  # the lease must be renewed
            self._fault("telemetry", error)
            return LONGEST
        if not self._is_hurried():
            return LONGEST
        return max(self._reporter.until_due(), self._next - self._clock(), 0.05)

    def line(self) -> None:
        """Hear that the control plane has spoken."""
        if not self.wanted:
            return
        try:
            every, self._every = self._every, self._reporter.every
            if self._tenancy().running:
                if every != self._every:
                    self._tenancy().wake()
            else:
                self._reporter.figures.loop.ask()
                self._send("")
        except Exception as error:  # what is in force must be followed
            self._fault("telemetry", error)

    def last(self) -> None:
        """Tell what has not been told, as the process is about to end.

        Where no renewal has arrived, nor the goodbye, nobody may be there, and nobody is waited
        for.
        """
        tenancy = self._tenancy()
        if not self.wanted or tenancy.renewed is None or tenancy.problem:
            return
        try:
            self._reports.hurry()
            # One may be on its way that is told first.
            for _ in range(2):
                report = self._reporter.due(tenancy.choice.address, soon=LONGEST)
                if report is not None:
                    self._reporter.answered(self._reports.send(report))
        except (ControlUnreachable, RefusedRequest) as error:
            self.problem = str(error)

    def abandon(self) -> None:
        """Close this process's side of the connection."""
        self._reports.abandon()

    def _is_hurried(self) -> bool:
        return self._reporter.every < RENEW

    def _is_large(self) -> bool:
        waiting = self._reporter.waiting
        return waiting is not None and _is_large(waiting)

    def _send(self, address: str) -> None:
        if self._clock() < self._next:
            return
        report = self._reporter.due(address)
        if report is None:
            return
        try:
            self._reporter.answered(self._reports.send(report))
            self._failures, self.problem = 0, ""
        except (ControlUnreachable, RefusedRequest) as error:
            self.problem = str(error)
            self._next = self._clock() + min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**self._failures)
            self._failures = min(self._failures + 1, 10)
            if isinstance(error, RefusedRequest) and not _passes(error.status):
                self._reporter.refused()


def _is_large(report: Report) -> bool:
    return len(report_body(report)) > MOST_BYTES


def _passes(status: int) -> bool:
    return status >= 500 or status in _PASSING
