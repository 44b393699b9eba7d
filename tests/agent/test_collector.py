"""What a process counts becomes rows of a report."""

from __future__ import annotations

import time
import tracemalloc
from random import random
from typing import Any

import pytest

from fairlead.agent.collector import (
    NOTHING,
    PASSED,
    Collector,
    Totals,
    edge_reports,
    interface_reports,
    rule_reports,
)
from fairlead.flow.engine import Engine
from fairlead.protocols.watch.report import EdgeReport, InterfaceReport, RuleReport
from tests.flow.virtual import MS, World, rate

pytestmark = pytest.mark.usefixtures("form")


class Counting:
    """A process's engine with gates of a clock of its own, and what reads them."""

    def __init__(self, *rules: Any) -> None:
        self.world = World(*rules)
        self.engine = Engine(clock=time.monotonic, dice=random, gates=self.world.gates)
        self.world.gates.apply(self.world.gates._given[0])
        self.collector = Collector(self.engine)
        self.before = NOTHING

    def read(self) -> tuple[Totals, Totals]:
        """Return the totals now and the last ones."""
        before, self.before = self.before, self.collector.read()
        return self.before, before

    def interfaces(self) -> list[InterfaceReport]:
        return list(interface_reports(*self.read()))


@pytest.fixture
def counting() -> Counting:
    return Counting()


def test_a_row_has_what_happened_since_the_last_one(counting: Counting):
    """Passed, errors, times by bucket without the zeros behind, and who is inside now."""
    world = counting.world
    world.call(5, name="GET:/a")
    world.call(10, failed=True, name="GET:/a")
    inside = world.enter("GET:/a")

    assert counting.interfaces() == [
        InterfaceReport(
            "GET:/a", "server", "", 3, 0, 0, 1, (*(0,) * 12, 1, 0, 1), 0.015, 1, 1
        )
    ]  # fmt: skip
    counting.collector.rest()
    world.call(5, name="GET:/a")
    row = counting.interfaces()[0]
    assert (row.passed, row.errors, row.rt_sum, row.inflight, row.peak) == (1, 0, 0.005, 1, 2)
    inside.exit()


def test_what_did_not_change_is_left_out(counting: Counting):
    """A process that nobody calls says next to nothing."""
    counting.world.call(1, name="GET:/a")
    counting.interfaces()

    assert counting.interfaces() == []


def test_a_name_says_on_which_side_an_interface_is(counting: Counting):
    """Requests, unknown paths among them, calls, statements, and functions."""
    names = ("GET:/a", "/pkg.S/M", "404", "call:cart", "sql:shop", "reserve-stock")
    for name in names:
        counting.world.call(1, name=name)

    sides = {row.name: row.side for row in counting.interfaces()}
    assert sides == dict(
        zip(names, ("server", "server", "server", "client", "sql", "function"), strict=True)
    )


def test_lanes_are_told_apart_and_base_is_the_rest(counting: Counting):
    """A call on a lane counts at its gate, as rules need it, and at the lane's meter."""
    for lane in ("", "gray", "gray"):
        entry = counting.world.enter("GET:/a")
        meter = counting.engine.measuring.meter("GET:/a", lane).enter() if lane else None
        counting.world.time += 5 * MS
        entry.exit()
        if meter is not None:
            meter.exit()

    rows = {row.lane: row for row in counting.interfaces()}
    assert {lane: row.passed for lane, row in rows.items()} == {"": 1, "gray": 2}
    assert sum(rows[""].rt) == 1
    assert counting.interfaces() == []


def test_a_call_counts_once_where_a_wider_resource_has_rules():
    """``/a`` is not called besides ``GET:/a``: whoever adds up has as many calls as there were."""
    counting = Counting(rate(1000, resource="/a"))
    counting.world.call(1, name="GET:/a")
    counting.world.call(1, name="POST:/a")

    assert {row.name: row.passed for row in counting.interfaces()} == {"GET:/a": 1, "POST:/a": 1}


def test_interfaces_beyond_a_number_are_one(counting: Counting):
    """Neither a report nor a graph grows with what strangers call; totals do not go back."""
    counting.collector.most = 3
    for number in range(10):
        counting.world.call(1, name=f"GET:/{number}")

    rows = {row.name: row.passed for row in counting.interfaces()}
    assert rows == {"GET:/0": 1, "GET:/1": 1, "GET:/2": 1, "*": 7}
    counting.collector.most = 1
    counting.world.call(1, name="GET:/2")
    assert {row.name: row.passed for row in counting.interfaces()} == {"GET:/2": 1}


def test_no_call_is_told_twice_when_more_is_told_apart(counting: Counting):
    """What was one of the rest stands alone from then on, with what came since."""
    counting.collector.most = 1
    for number in range(3):
        counting.world.call(1, name=f"GET:/{number}")
    assert {row.name: row.passed for row in counting.interfaces()} == {"GET:/0": 1, "*": 2}

    counting.collector.most = 10
    assert not counting.interfaces()
    for number in range(4):
        counting.world.call(1, name=f"GET:/{number}")
    rows = {row.name: row.passed for row in counting.interfaces()}
    assert rows == {"GET:/0": 1, "GET:/1": 1, "GET:/2": 1, "GET:/3": 1}


def test_neither_is_one_on_a_lane(counting: Counting):
    """What base has of the rest is what lanes leave of it."""
    counting.collector.most = 0
    counting.world.call(1, name="GET:/a")
    with counting.engine.measuring.meter("GET:/a", "gray").enter():
        pass
    counting.world.call(1, name="GET:/a")
    counting.interfaces()

    counting.collector.most = 10
    assert not counting.interfaces()
    counting.world.call(1, name="GET:/a")
    assert [(row.name, row.passed) for row in counting.interfaces()] == [("GET:/a", 1)]


def test_rejections_are_not_told_twice_either():
    """By rule."""
    counting = Counting(rate(1, resource="GET:/a"), rate(1, resource="GET:/b"))
    counting.collector.most = 0
    for name in ("GET:/a", "GET:/b") * 3:
        counting.world.enter(name).exit()
    assert sum(row.rejected for row in rule_reports(*counting.read())) == 4

    counting.collector.most = 10
    assert not list(rule_reports(*counting.read()))
    counting.world.enter("GET:/b").exit()
    (row,) = rule_reports(*counting.read())
    assert (row.resource, row.rejected) == ("GET:/b", 1)


def test_rules_tell_whom_they_turned_away():
    """By rule, resource and reason; what is only simulated apart."""
    rule = rate(1, resource="GET:/a")
    counting = Counting(rule)
    for _ in range(3):
        counting.world.enter("GET:/a").exit()

    now, before = counting.read()
    assert list(rule_reports(now, before)) == [RuleReport(rule.rule, "GET:/a", "rate", 2, 0)]
    assert [(row.passed, row.rejected) for row in interface_reports(now, before)] == [(1, 2)]
    assert list(rule_reports(*counting.read())) == []


def test_edges_are_told_of_as_they_change(counting: Counting):
    """Calls of an app, on the lane that called and the lane that served."""
    edges = counting.engine.measuring.edges
    edges.record(("cart", "gray", ""), 2 * MS, failed=True, retries=1)

    expected = EdgeReport("cart", "gray", "", 0, 1, 1, 1, (*(0,) * 9, 1), 0.002, 1)
    assert list(edge_reports(*counting.read())) == [expected]
    assert list(edge_reports(*counting.read())) == []


def test_a_process_that_forked_tells_of_nothing_that_was_before(counting: Counting):
    """Its gates count from nothing, and its reports too."""
    counting.world.call(1, name="GET:/a")
    counting.read()
    counting.engine.begin_again()
    counting.collector = Collector(counting.engine)
    counting.before = NOTHING
    counting.world.time += MS
    counting.world.call(1, name="GET:/b")

    now, _ = counting.read()
    assert {key[0]: numbers[PASSED] for key, numbers in now.interfaces.items()} == {"GET:/b": 1}


def test_very_many_resources_are_read_in_little_memory(counting: Counting):
    """Of a hundred thousand that share a row none is kept by itself."""
    counting.collector.most = 2
    for number in range(3000):
        counting.world.call(1, name=f"f{number}")
    tracemalloc.start()
    now, _ = counting.read()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(now.interfaces) == 3
    assert most < 300_000  # a number of each would be a megabyte and more
