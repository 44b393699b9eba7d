"""Interfaces that are told of together are added up in one integer: nobody can tell."""

from __future__ import annotations

import pytest

from fairlead.control.telemetry.bundle import MOST_BUNDLES
from fairlead.control.telemetry.memory import INTERFACE
from fairlead.control.telemetry.packed import unpack
from fairlead.protocols.watch.report import SERVER, InterfaceReport

from .reports import interface, report
from .test_intake import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("lane", ["", "gray"])
def test_rows_that_come_together_are_counted_like_rows_that_do_not(desk: Desk, lane: str) -> None:
    """They are added up in one integer: each must come out as it went in, and their sums too."""
    names = [f"GET:/{number}" for number in range(20)]
    for seq in range(1, 31):
        desk.time.now += 10
        for node in ("n1", "n2"):
            rows = [
                interface(name, passed=number, lane=lane if number % 2 else "", errors=seq % 3)
                for number, name in enumerate(names)
            ]
            desk.intake.take(report(seq, [*rows, edge_of(seq)], node=node))
    assert len(desk.told._bundles) == 1
    for number, name in enumerate(names):
        sums = desk.all(name, lane=lane if number % 2 else "")
        assert (sums.passed, sums.errors, sum(sums.rt)) == (60 * number, 60, 60 * number)
    window = desk.told.window(desk.time.now, 3600)
    assert desk.told.sum_of(SERVER, window).passed == 60 * sum(range(20))
    assert desk.told.sum_of("client", window).passed == 2 * sum(range(1, 31))
    ever = {key: unpack(packed).passed for key, packed in desk.told.ever.items()}
    assert sum(ever.values()) == 60 * sum(range(20)) + 2 * sum(range(1, 31))


def edge_of(calls: int) -> InterfaceReport:
    return interface("cart", passed=calls, side="client")


def test_a_row_of_many_that_counts_too_much_is_left_out_alone(desk: Desk) -> None:
    """Also where rows are added up together: the others stand, and nothing runs over."""
    for seq, calls in enumerate((1, 1, 1 << 60, 1, -1), 1):
        desk.intake.take(report(seq, [interface("GET:/a", calls, rt=()), interface("GET:/b", 3)]))
    assert desk.intake.refused == 2
    assert desk.all("GET:/a").passed == 3
    assert desk.all("GET:/b").passed == 15


def test_rows_that_came_together_are_kept_where_their_series_is_forgotten(desk: Desk) -> None:
    """What an app tells after an idle time is not added to series that nobody knows any more."""
    rows = [interface("GET:/a"), interface("GET:/b")]
    for seq in (1, 2, 3):
        desk.intake.take(report(seq, rows))
    desk.time.now += 3600
    desk.memory.trim(int(desk.time.now) // 10 - 3, int(desk.time.now) - 30, desk.time.now - 3600)
    for seq in (4, 5, 6):
        desk.intake.take(report(seq, rows))
    assert desk.all("GET:/a").passed == 30


def test_shapes_are_bounded(desk: Desk) -> None:
    """Who tells of something else each time is added up row by row."""
    for seq in range(1, 101):
        desk.intake.take(report(seq, [interface(f"GET:/{seq // 2}", 1)]))
    assert len(desk.told._bundles) <= MOST_BUNDLES
    names = [name for name in desk.told.series if name[0] == INTERFACE]
    assert sum(desk.all(name[1]).passed for name in names) == 100
