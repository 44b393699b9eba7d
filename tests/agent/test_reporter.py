"""A report is made when it is due, and kept until it has arrived."""

from __future__ import annotations

import time
from random import random
from types import SimpleNamespace
from typing import Any

import pytest

from fairlead.agent.posting import MOST_BYTES, Posting
from fairlead.agent.reporter import KEPT, SILENT, UNHEARD, Reporter
from fairlead.flow.engine import Engine
from fairlead.protocols.watch.client import RefusedRequest
from fairlead.protocols.watch.codec import Lease, Registration, Subscription, Telemetry
from fairlead.protocols.watch.connection import ControlUnreachable
from fairlead.protocols.watch.report import Report, report_body


class Clocked:
    """A reporter under a clock that a test moves, and a control plane that answers as told."""

    def __init__(self) -> None:
        self.now, self.spent = 1000.0, 0.0
        self.telemetry = Telemetry()
        self.engine = Engine(clock=time.monotonic, dice=random)
        self.reporter = Reporter(
            self.engine,
            Subscription(node="n", namespace="shop", app="cart"),
            lambda: self.telemetry,
            clock=lambda: self.now,
            spent=lambda: self.spent,
        )
        self.faults: list[str] = []
        self.tenancy: Any = SimpleNamespace(
            choice=SimpleNamespace(address="h:1"), running=True, woken=0, renewed=1.0, problem=""
        )
        self.tenancy.wake = lambda: setattr(self.tenancy, "woken", self.tenancy.woken + 1)
        self.posting = Posting(
            SimpleNamespace(connection=lambda timeout: self),  # type: ignore[arg-type]
            self.reporter,
            lambda: self.tenancy,
            lambda where, error: self.faults.append(f"{where}: {error}"),
            clock=lambda: self.now,
        )
        self.sent: list[Report] = []
        self.error: Exception | None = None
        self.posting._reports = self  # type: ignore[assignment]

    def hurry(self) -> None:
        """Have nothing to lose."""

    def send(self, report: Report) -> int:
        if self.error is not None:
            raise self.error
        self.sent.append(report)
        return report.seq

    def call(self, name: str = "GET:/a", times: int = 1) -> None:
        for _ in range(times):
            self.engine.gates.gate(name).enter().exit()


@pytest.fixture
def clocked() -> Clocked:
    return Clocked()


def passed(report: Report | None) -> dict[str, int]:
    assert report is not None
    return {row.name: row.passed for row in report.interfaces}


def test_a_report_is_due_as_often_as_the_control_plane_says(clocked: Clocked):
    """Ten seconds by default; who comes a little too early may take it along."""
    assert clocked.reporter.due("h:1") is None
    clocked.now += 9
    assert clocked.reporter.due("h:1") is None
    report = clocked.reporter.due("h:1", soon=1.5)

    assert report is not None
    assert (report.node, report.namespace, report.app, report.address, report.seq, report.seconds) \
        == ("n", "shop", "cart", "h:1", 1, 9.0)  # fmt: skip


def test_on_average_reports_are_as_often_as_is_asked_for(clocked: Clocked):
    """They ride on renewals, every three seconds: a little early and a little late in turn."""
    began, made = clocked.now, []
    for _ in range(100):
        clocked.now += 3
        if report := clocked.reporter.due("h:1", soon=1.5):
            made.append(clocked.now - began)
            clocked.reporter.answered(report.seq)
    assert made[:5] == [9, 21, 30, 39, 51]
    assert len(made) == 30

    clocked.telemetry = Telemetry(every=1.0)
    assert clocked.reporter.until_due() <= 1.5


def test_what_has_not_arrived_is_sent_again_as_it_was(clocked: Clocked):
    """A repeat has the same number: whoever adds up knows it."""
    clocked.call()
    clocked.now += 10
    first = clocked.reporter.due("h:1")
    clocked.call(times=5)
    clocked.now += 100

    assert clocked.reporter.due("h:1") is first
    assert passed(first) == {"GET:/a": 1}
    clocked.reporter.answered(1)
    second = clocked.reporter.due("h:1")
    assert second is not None
    assert (second.seq, second.seconds, passed(second)) == (2, 100.0, {"GET:/a": 5})


def test_a_control_plane_that_knows_no_reports_is_left_alone_for_a_while(clocked: Clocked):
    """An old one: it answers, and says nothing of them."""
    clocked.now += 10
    for _ in range(UNHEARD):
        assert clocked.reporter.due("h:1") is not None
        clocked.reporter.answered(0)

    clocked.now += SILENT - 1
    assert clocked.reporter.due("h:1") is None
    clocked.now += 1
    assert clocked.reporter.due("h:1") is not None
    assert clocked.reporter.lost == 0


def unheard(clocked: Clocked) -> None:
    for _ in range(UNHEARD):
        clocked.reporter.answered(0)


def test_what_nobody_took_is_told_by_the_next_report(clocked: Clocked):
    """Whatever answered in the control plane's place has counted nothing of it."""
    for _ in range(5):
        clocked.call(times=2)
        clocked.now += SILENT
        assert clocked.reporter.due("h:1") is not None
        unheard(clocked)
    clocked.call()
    clocked.now += SILENT
    report = clocked.reporter.due("h:1")

    assert report is not None
    assert (passed(report), report.seconds, report.seq) == ({"GET:/a": 11}, 6 * SILENT, 6)
    clocked.reporter.answered(6)
    clocked.call()
    clocked.now += 10
    assert passed(clocked.reporter.due("h:1")) == {"GET:/a": 1}
    assert clocked.reporter.lost == 0


def test_a_report_that_nobody_takes_for_an_hour_is_lost(clocked: Clocked):
    """It may be what it says that is not taken: a process must not be silent for good."""
    clocked.call(times=7)
    clocked.now += KEPT + 1
    assert clocked.reporter.due("h:1") is not None
    unheard(clocked)
    clocked.call()
    clocked.now += SILENT

    assert passed(clocked.reporter.due("h:1")) == {"GET:/a": 1}
    assert clocked.reporter.lost == 1


def test_reporting_takes_a_hundredth_of_a_core_at_most(clocked: Clocked):
    """What takes 50 ms is done every five seconds, whatever somebody would like to see."""
    clocked.telemetry = Telemetry(every=1.0)
    clocked.reporter._spent = iter([0.0, 0.05]).__next__
    clocked.now += 1
    assert clocked.reporter.due("h:1") is not None
    clocked.reporter.answered(1)

    assert clocked.reporter.until_due() == 5.0


def test_reports_ride_on_renewals_while_nobody_watches(clocked: Clocked):
    """They cost no request of their own."""
    clocked.now += 10
    report = clocked.posting.riding("h:1")
    registration = Registration(
        node="n", namespace="shop", app="cart", address="h:1", pid=1, host="h", report=report
    )
    clocked.posting.between()
    assert (report is not None, clocked.sent) == (True, [])

    clocked.posting.heard(
        registration, Lease(lane="", conflict=None, lease=10.0, renew=3.0, reported=1)
    )
    assert clocked.reporter.waiting is None


def test_a_watched_app_sends_them_by_themselves(clocked: Clocked):
    """Each second, between renewals, which carry none then."""
    clocked.telemetry = Telemetry(every=1.0)
    clocked.now += 1

    assert clocked.posting.riding("h:1") is None
    assert clocked.posting.between() == 1.0
    assert [report.seq for report in clocked.sent] == [1]
    clocked.now += 0.5
    assert clocked.posting.between() == 0.5
    assert len(clocked.sent) == 1


def test_who_begins_to_watch_does_not_wait_for_the_next_renewal(clocked: Clocked):
    """The line comes on one thread, and another one sleeps."""
    clocked.posting.line()
    assert clocked.tenancy.woken == 0
    clocked.telemetry = Telemetry(every=1.0)
    clocked.posting.line()
    clocked.posting.line()

    assert clocked.tenancy.woken == 1


def test_a_large_report_does_not_burden_a_renewal(clocked: Clocked):
    """A lease must not depend on how much there is to tell, nor on how long a statement is."""
    for number in range(200):
        clocked.call(f"sql:shop:SELECT {number} {'ü' * 200}")
    clocked.now += 10

    assert clocked.posting.riding("h:1") is None
    clocked.posting.between()
    assert [len(report.interfaces) for report in clocked.sent] == [200]
    assert len(report_body(clocked.sent[0])) > MOST_BYTES


@pytest.mark.parametrize(("status", "goes_on"), [(400, False), (413, False), (429, True)])
def test_a_renewal_that_is_refused_goes_without_a_report(
    clocked: Clocked, status: int, goes_on: bool
):
    """It may be what was measured that is refused, and the instance must not go for it."""
    clocked.now += 10
    registration = Registration(
        node="n",
        namespace="shop",
        app="cart",
        address="h:1",
        pid=1,
        host="h",
        report=clocked.posting.riding("h:1"),
    )
    clocked.posting.heard(registration, RefusedRequest(status, "no"))

    assert (clocked.posting.riding("h:1") is not None) == goes_on


def test_what_a_fault_kept_from_being_told_is_told_the_next_time(
    clocked: Clocked, monkeypatch: pytest.MonkeyPatch
):
    """Counts are of the totals: nothing is lost before a report is made."""
    clocked.call(times=3)
    clocked.now += 10
    with monkeypatch.context() as patched:
        patched.setattr(clocked.reporter.figures, "since", lambda: 1 / 0)
        assert clocked.posting.riding("h:1") is None

    report = clocked.posting.riding("h:1")
    assert passed(report) == {"GET:/a": 3}
    assert report is not None
    assert report.seq == 1


def test_a_process_that_serves_nobody_reports_too(clocked: Clocked):
    """A worker that only calls others is part of the picture; it has no lease, and no address."""
    clocked.tenancy.running = False
    clocked.now += 10
    clocked.posting.line()

    assert [(report.seq, report.address) for report in clocked.sent] == [(1, "")]


def test_a_process_that_ends_tells_the_rest(clocked: Clocked):
    """What was counted since the last report, and one that has not arrived before that."""
    clocked.call()
    clocked.now += 10
    for clocked.tenancy.renewed, clocked.tenancy.problem in ((None, ""), (1.0, "no goodbye")):
        clocked.posting.last()
    assert clocked.sent == []  # nobody has ever answered, or does any more
    clocked.tenancy.problem = ""
    first = clocked.reporter.due("h:1")
    clocked.reporter.answered(1)
    clocked.now += 10
    clocked.reporter.due("h:1")
    clocked.call(times=3)
    clocked.now += 1
    clocked.posting.last()

    assert (passed(first), [report.seq for report in clocked.sent]) == ({"GET:/a": 1}, [2, 3])
    assert passed(clocked.sent[-1]) == {"GET:/a": 3}


def test_a_process_that_ends_waits_for_nobody(clocked: Clocked):
    """The control plane may end at the same time."""
    clocked.now += 10
    clocked.reporter.due("h:1")
    clocked.reporter.answered(1)
    clocked.error = ControlUnreachable("away")
    clocked.posting.last()

    assert clocked.posting.problem == "away"


def test_a_control_plane_that_is_away_is_not_asked_in_a_loop(clocked: Clocked):
    """Twice as long each time; nothing is lost meanwhile."""
    clocked.telemetry = Telemetry(every=1.0)
    clocked.error = ControlUnreachable("away")
    clocked.now += 1
    pauses = []
    for _ in range(7):
        pauses.append(clocked.posting.between())
        clocked.now += pauses[-1]
    clocked.call()
    clocked.error = None
    clocked.now += 30
    clocked.posting.between()
    clocked.posting.between()

    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert [report.seq for report in clocked.sent] == [1, 2]
    assert passed(clocked.sent[-1]) == {"GET:/a": 1}
    assert not clocked.faults


@pytest.mark.parametrize(("status", "lost"), [(400, 1), (404, 1), (403, 0), (429, 0), (503, 0)])
def test_what_will_not_be_taken_is_not_sent_for_ever(clocked: Clocked, status: int, lost: int):
    """A refusal for a moment is waited out; any other report may be better."""
    clocked.telemetry = Telemetry(every=1.0)
    clocked.error = RefusedRequest(status, "no")
    clocked.now += 1
    clocked.posting.between()

    assert clocked.reporter.lost == lost
    assert (clocked.reporter.waiting is None) == bool(lost)


def test_a_fault_of_ours_does_not_keep_a_lease_from_being_renewed(clocked: Clocked):
    """It is counted."""
    clocked.now += 10
    clocked.reporter.collector.read = lambda: 1 / 0  # type: ignore[method-assign,assignment,return-value]

    assert clocked.posting.riding("h:1") is None
    assert clocked.faults == ["telemetry: division by zero"]
