"""What apps did in the last hour, from memory and history."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.compiler.seen import Sight
from fairlead.control.history.keeper import Keeper
from fairlead.control.telemetry.intake import Intake
from fairlead.control.telemetry.lookback import Lookback
from fairlead.control.telemetry.memory import Memory

from .reports import START, Time, edge, interface, report


class Plane:
    """Memory, history, and time that stands until it is moved."""

    def __init__(self, directory: Path) -> None:
        self.time, self.memory = Time(START), Memory()
        self.intake = Intake(self.memory, self.time.clocks)
        self.keeper = Keeper(self.memory, self.time.clocks, directory, 1 << 30)
        self._seq = 0

    def live(self, seconds: int) -> None:
        """Let time pass in which orders calls stock on a lane, and writes rows."""
        for _ in range(seconds // 10):
            self.time.now += 10
            self._seq += 1
            rows = (interface(lane="gray"), interface("sql:shop:SELECT 1", side="sql"))
            calls = (edge("stock", 3, label="gray", lane="", fallbacks=3), edge("stock", 2))
            self.intake.take(report(self._seq, rows, edges=calls))
            asyncio.run(self.keeper.look())

    def sight(self, *unreadable: str) -> Sight:
        """Return what was seen around orders."""
        lookback = Lookback(
            memory=self.memory, keeper=self.keeper, clocks=self.time.clocks, known=set
        )
        around = lookback.around(("shop", "orders"), lambda place: place not in unreadable)
        return asyncio.run(around)


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Plane]:
    found = Plane(tmp_path)
    yield found
    found.keeper.close()


def test_an_hour_is_whole_where_history_has_most_of_it(plane: Plane) -> None:
    """Memory keeps five minutes: a chain of those would change each time that it is asked for."""
    plane.live(3000)
    seen = plane.sight().apps["shop", "orders"]
    assert [(one.callee, one.label, one.calls, one.fallbacks) for one in seen.calls] == [
        (("shop", "stock"), "", 600, 0),
        (("shop", "stock"), "gray", 900, 900),
    ]
    assert [(one.name, one.lane, one.calls) for one in seen.interfaces] == [
        ("GET:/orders", "gray", 3000)
    ]
    assert seen.told
    assert seen.statements


def test_what_is_longer_ago_does_not_count(plane: Plane) -> None:
    """An edge of yesterday's release is no hop of today's request."""
    plane.live(600)
    plane.time.now += 2 * 3600
    seen = plane.sight().apps["shop", "orders"]
    assert (seen.told, seen.calls) == (False, ())


def test_nothing_is_read_of_a_namespace_that_may_not_be(plane: Plane) -> None:
    """Who asks must not learn by the graph what they may not list."""
    plane.live(20)
    sight = plane.sight("shop")
    assert sight.apps == {}
    assert not sight.may_read("shop")
