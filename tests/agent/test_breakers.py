"""Operators see breakers open and close."""

from __future__ import annotations

from fairlead.agent.rules import hears
from fairlead.policy.breaker import ERROR_COUNT
from fairlead.policy.rule import SIMULATE
from fairlead.telemetry.counters import Counters
from fairlead.telemetry.names import BREAKER_CLOSED, BREAKER_OPENED
from tests.flow.virtual import World, breaker


def test_a_breaker_that_opens_and_closes_is_counted_once_each():
    """However often it was tried in between; what only simulates has not opened."""
    counters = Counters()
    world = World(
        breaker(1, ERROR_COUNT),
        breaker(1, ERROR_COUNT, strategy="s", mode=SIMULATE),
        listener=hears(counters.count),
    )
    for at, failed in ((0, True), (5000, True), (10_000, True), (15_000, False)):
        world.at(at)
        assert world.call(failed=failed) == ""
    read = counters.read()
    assert (read[BREAKER_OPENED], read[BREAKER_CLOSED]) == ({"f": 1}, {"f": 1})
