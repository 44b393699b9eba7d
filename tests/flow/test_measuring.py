"""What is counted beside gates."""

from __future__ import annotations

import time
from dataclasses import replace
from random import random

import pytest

from fairlead.flow.engine import Engine
from fairlead.flow.measuring import MOST_LANES, MOST_METERS, Measuring
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.flow.virtual import World, rate

pytestmark = pytest.mark.usefixtures("form")


def test_a_meter_refuses_nobody_whatever_the_rules():
    """It counts calls of a resource that is limited, on one lane; the resource's gate decides."""
    world = World(rate(0, resource="GET:/a"), rate(0, resource=".*", regex=True))
    measuring = Measuring(world.gates)
    meter = measuring.meter("GET:/a", "gray")

    assert meter is measuring.meter("GET:/a", "gray")
    assert meter.enter().refused is None
    assert [gate.resource for gate in world.gates] == []


def test_lanes_that_strangers_make_up_share_a_meter():
    """Labels come from the network."""
    measuring = Measuring(World().gates)
    for number in range(MOST_LANES + 100):
        measuring.meter("GET:/a", f"lane-{number}")
    for number in range(MOST_METERS):
        measuring.meter(f"GET:/{number}", "lane-1")

    assert len({lane for _, lane, _ in measuring.meters()}) == MOST_LANES + 1
    assert len(measuring.meters()) <= MOST_METERS + MOST_LANES + 1


def test_calls_that_are_not_measured_are_counted():
    """Telemetry says what it has shed; asking counts nothing."""
    measuring = Measuring(World().gates)
    assert measuring.dropped() == 0
    measuring.drop()
    measuring.drop()

    assert [measuring.dropped(), measuring.dropped()] == [2, 2]


def test_a_forked_process_counts_from_nothing():
    """A call that was under way at the fork may end in the child; it counts in neither."""
    world = World()
    measuring = Measuring(world.gates)
    entry = measuring.meter("GET:/a", "gray").enter()
    measuring.edges.record(("cart", "", ""), 1)
    measuring.drop()
    world.at(1)

    world.gates.begin_again()
    measuring.begin_again()
    entry.exit()

    assert (measuring.meters(), measuring.edges.read(), measuring.dropped()) == ([], [], 0)


def test_a_snapshot_that_comes_while_measuring_begins_stays_in_force(monkeypatch):
    """Memory is looked at on another thread than snapshots come on."""
    engine = Engine(clock=time.monotonic, dice=random)
    later = Snapshot(workload=Workload(app="cart"))
    copied: list[object] = []

    def slow(plan, **changes):
        copied.append(plan)
        if len(copied) == 1:
            engine.apply(later)
        return replace(plan, **changes)

    monkeypatch.setattr("fairlead.flow.engine.replace", slow)
    engine.measure(True)

    assert (engine.plan.snapshot, len(copied)) == (later, 2)
    assert engine.plan is not copied[1]
    assert not engine.gates.idle
