"""Reports are taken in once each, and added to what is known."""

from __future__ import annotations

from itertools import pairwise

import pytest

from fairlead.control.telemetry import memory as memories
from fairlead.control.telemetry.intake import AT_ONCE, MOST_BUSY, Intake, Turned, Unread
from fairlead.control.telemetry.memory import INTERFACE, RULE, TOTAL, Memory, Told
from fairlead.control.telemetry.packed import MOST, NOTHING, Sums, unpack
from fairlead.protocols.watch.report import SERVER, report_body
from fairlead.protocols.watch.report_reading import Whose

from .reports import START, Time, interface, report, rule


class Desk:
    """An intake, and what came of it."""

    def __init__(self) -> None:
        self.time, self.memory = Time(START), Memory()
        self.turned: list[Turned] = []
        self.intake = Intake(self.memory, self.time.clocks, self.turned.append)

    @property
    def told(self) -> Told:
        found = self.memory.of("shop", "orders")
        assert found is not None
        return found

    def all(self, name: str = "GET:/orders", step: int = 10, lane: str = "") -> Sums:
        series = self.told.series[INTERFACE, name, SERVER, lane]
        return unpack(sum(series.slots(step).values()))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_report_that_comes_twice_counts_once(desk: Desk) -> None:
    """An agent that heard no answer sends it again."""
    answers = [desk.intake.take(report(seq, [interface(passed=10)])) for seq in (1, 2, 2, 1, 2)]
    assert answers == [1, 2, 2, 2, 2]
    assert desk.all().passed == 20
    assert (desk.intake.taken, desk.intake.repeated) == (2, 3)


def test_a_process_that_counts_anew_is_heard(desk: Desk) -> None:
    """A name may come again with another life; its numbers begin at 1."""
    desk.intake.take(report(40, [interface(passed=10)]))
    assert desk.intake.take(report(1, [interface(passed=7)])) == 1
    assert desk.all().passed == 17


def test_a_report_is_shared_out_between_the_slots_it_touches(desk: Desk) -> None:
    """Else a graph has teeth: two reports in one slot, and none in the next."""
    for seq in range(1, 31):
        desk.time.now += 11.0
        desk.intake.take(report(seq, [interface(passed=1100)], seconds=11.0))
    slots = desk.told.series[INTERFACE, "GET:/orders", SERVER, ""].coarse
    full = [unpack(slots[slot]).passed for slot in sorted(slots)[1:-1]]
    assert min(full) > 980
    assert max(full) < 1020
    assert desk.all().passed == 33_000


def test_a_long_report_is_shared_out_evenly(desk: Desk) -> None:
    """Who could not report for a minute had calls in each part of it."""
    desk.time.now += 65
    desk.intake.take(report(1, [interface(passed=6000)], seconds=60.0))
    slots = desk.told.series[INTERFACE, "GET:/orders", SERVER, ""].coarse
    counts = [unpack(slots[slot]).passed for slot in sorted(slots)]
    assert counts == [pytest.approx(500, abs=30), *[pytest.approx(1000, abs=30)] * 5, counts[-1]]
    assert sum(counts) == 6000


def test_seconds_are_kept_of_short_reports_only(desk: Desk) -> None:
    """What ten seconds were like says nothing of one of them."""
    desk.time.now += 10
    desk.intake.take(report(1, [interface(passed=10)], seconds=10.0))
    assert not desk.told.series[INTERFACE, "GET:/orders", SERVER, ""].fine
    desk.time.now += 1
    desk.intake.take(report(2, [interface(passed=5)], seconds=1.0))
    assert desk.all(step=1).passed == 5
    assert desk.all(step=10).passed == 15


def test_who_was_away_for_long_is_told_of_for_two_minutes(desk: Desk) -> None:
    """The rate is right; what came before stays unknown."""
    desk.time.now += 3600
    desk.intake.take(report(1, [interface(passed=36_000)], seconds=3600.0))
    slots = desk.told.series[INTERFACE, "GET:/orders", SERVER, ""].coarse
    assert len(slots) in (12, 13)
    assert desk.all().passed == pytest.approx(1200, rel=0.1)


def test_interfaces_are_added_up_by_side_and_lane(desk: Desk) -> None:
    """An app's figures are there without a look at each of its interfaces."""
    rows = [interface("GET:/a", 1), interface("GET:/b", 2), interface("GET:/a", 4, lane="gray")]
    desk.intake.take(report(1, rows))
    totals = {n[3]: unpack(s.total(desk.told.window(desk.time.now))).passed
              for n, s in desk.told.series.items() if n[0] == TOTAL}  # fmt: skip
    assert totals == {"": 3, "gray": 4}


def test_rejected_calls_are_told_at_once(desk: Desk) -> None:
    """Somebody may be looking."""
    desk.intake.take(report(1, rules=(rule(rejected=5), rule("RateLimit/idle", 0, simulated=3))))
    assert [(turned.app, turned.row.rejected) for turned in desk.turned] == [("orders", 5)]
    assert {name[1] for name in desk.told.series if name[0] == RULE} == {
        "RateLimit/slow",
        "RateLimit/idle",
    }


def test_a_row_that_counts_too_much_is_left_out(desk: Desk) -> None:
    """It would run over into other counts; the rest of the report stands."""
    desk.intake.take(report(1, [interface("GET:/a", 1 << 60), interface("GET:/b", 3)]))
    assert desk.intake.refused == 1
    assert desk.all("GET:/b").passed == 3


def test_names_are_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are the network's words: a flood of unknown paths must not fill the memory."""
    monkeypatch.setattr(memories, "MOST_SERIES", 8)
    rows = [interface(f"GET:/{number}", 1) for number in range(100)]
    desk.intake.take(report(1, rows))
    assert len(desk.told.series) <= 16
    assert (
        sum(
            unpack(sum(series.coarse.values())).passed
            for name, series in desk.told.series.items()
            if name[0] == INTERFACE
        )
        == 100
    )


def test_of_too_many_names_the_sides_are_still_known(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What an app does on a lane that came too late is in its rate, and somebody is told of it."""
    monkeypatch.setattr(memories, "MOST_SERIES", 4)
    for seq, lane in enumerate(["", *(f"lane-{number}" for number in range(40))], 1):
        rows = [interface("GET:/a", 1, lane=lane), interface("cart", 2, side="client", lane=lane)]
        desk.intake.take(report(seq, [*rows, interface("GET:/b", 4, lane=lane)]))
    window = desk.told.window(desk.time.now)
    assert desk.told.sum_of(SERVER, window).passed == 41 * 5
    assert desk.told.sum_of("client", window).passed == 41 * 2
    assert len(desk.told.series) <= 8 + 8
    assert desk.told.folded > 100
    assert [text for text in caplog.messages if "orders" in text and "4 interfaces" in text]
    assert len(caplog.messages) == 1


def test_rates_are_of_the_time_that_is_known(desk: Desk) -> None:
    """Two processes report at moments of their own; neither the young nor the late ones lie."""
    for step in range(1, 61):
        desk.time.now += 1
        for number in range(2):
            if step % 10 == 3 * number:
                rows = [interface(passed=500)]
                desk.intake.take(report(step, rows, node=f"n{number}", seconds=10.0))
    window = desk.told.window(desk.time.now)
    rate = desk.told.sum_of(SERVER, window).passed / window.seconds
    assert rate == pytest.approx(100, rel=0.1)


def test_what_is_old_is_forgotten(desk: Desk) -> None:
    """An app that is gone takes no room."""
    desk.intake.take(report(1, [interface()]))
    desk.time.now += 7200
    oldest = int(desk.time.now) - 3600
    desk.memory.trim(oldest // 10, oldest, desk.time.now)
    assert not desk.memory.apps


def test_an_interface_that_nobody_calls_is_known_as_long_as_its_app_reports(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours later it says what there is to call, at no calls a second."""
    monkeypatch.setattr(memories, "MOST_QUIET", 1)
    desk.intake.take(report(1, [interface(passed=10), interface(name="GET:/more")]))
    for seq in (2, 3):
        desk.time.now += 3600
        desk.intake.take(report(seq, []))
        now = desk.time.now
        desk.memory.trim(int(now - 300) // 10, int(now - 300), now)
        assert not desk.told.sorted[INTERFACE]
        rows = list(desk.told.interfaces(desk.told.window(now)))
        assert rows == [((INTERFACE, "GET:/orders", SERVER, ""), NOTHING)]
    desk.intake.take(report(4, [interface(passed=10)]))
    assert [sums.passed for _, sums in desk.told.interfaces(desk.told.window(now))] == [10]
    later = int(desk.time.now) + 3600
    desk.memory.trim(later // 10, later, later)
    assert desk.memory.of("shop", "orders") is None


def test_a_slot_is_whole_when_the_next_report_has_come(desk: Desk) -> None:
    """Every second of a watched app is known once."""
    for seq in range(1, 21):
        desk.time.now += 1.1
        desk.intake.take(report(seq, [interface(passed=110)], seconds=1.1))
    fine = desk.told.series[INTERFACE, "GET:/orders", SERVER, ""].fine
    slots = sorted(fine)
    assert all(after - before == 1 for before, after in pairwise(slots))
    assert all(95 <= unpack(fine[slot]).passed <= 105 for slot in slots[1:-1])


def test_what_is_under_way_is_bounded_in_names_and_numbers(desk: Desk) -> None:
    """Thousands of processes may each say so; sums of them are shown in JSON."""
    rows = [interface(f"GET:/{number}", inflight=number) for number in range(MOST_BUSY + 9)]
    desk.intake.take(report(1, [*rows, interface("GET:/most", inflight=2**63 - 1)]))

    (process,) = desk.told.processes.values()
    assert len(process.inflight) == MOST_BUSY
    assert (process.inflight[0][0], process.inflight[0][1][1]) > (MOST, "GET:/most")
    assert all(desk.told.series[name].name is name for _, name in process.inflight)


WHOSE = Whose("n1", "shop", "orders", "h:1", "")


def waiting(desk: Desk, seq: int, node: str = "n1") -> int:
    """Put a report as it comes with a renewal."""
    text = report_body(report(seq, [interface(passed=10)], node=node))
    return desk.intake.put(Unread(seq, text), WHOSE._replace(node=node))


def test_what_came_with_renewals_is_there_for_whoever_asks(desk: Desk) -> None:
    """It is added up a moment later, with others; its slots are those of when it came."""
    assert [waiting(desk, 1, node) for node in ("n1", "n2")] == [1, 1]
    assert [desk.intake.last("shop", "orders", node) for node in ("n1", "n3")] == [1, 0]
    assert desk.intake.taken == 0
    desk.time.now += 60
    assert desk.all().passed == 20
    assert max(desk.told.covered.coarse) == START // 10 - 1
    assert desk.intake.taken == 2


def test_what_waits_counts_once_and_in_order(desk: Desk) -> None:
    """A repeat may come before it is added up, as may the next one, or one that goes by itself."""
    for seq in (1, 1, 2):
        assert waiting(desk, seq) == seq
    assert desk.intake.take(report(3, [interface(passed=10)])) == 3
    assert waiting(desk, 2) == 2
    assert desk.all().passed == 30
    assert (desk.intake.taken, desk.intake.repeated) == (3, 2)


def test_what_waits_is_bounded(desk: Desk) -> None:
    """It is kept as it came."""
    for number in range(3 * AT_ONCE):
        waiting(desk, 1, f"n{number}")
    assert desk.intake.taken == 2 * AT_ONCE


def test_what_waits_and_cannot_be_read_is_given_up(desk: Desk) -> None:
    """Its sender is told that it came: it would be the same the next time, and block the others."""
    for seq, text in enumerate((b"", b"[]", b'{"seq":1', b'{"seq":4,"seconds":"x"}'), 1):
        assert desk.intake.put(Unread(seq, text), WHOSE) == seq
    assert waiting(desk, 5) == 5
    assert desk.all().passed == 10
    assert desk.intake.refused == 4
