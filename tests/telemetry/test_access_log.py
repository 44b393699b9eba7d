"""Which requests are written and shown, and what becomes of those for which there is no room."""

from __future__ import annotations

from itertools import count

import pytest

from fairlead.telemetry.access_log import (
    MOST,
    MOST_REJECTED,
    MOST_SHOWN,
    AccessLog,
    Line,
    plain_line,
)

PASSED = Line(
    at=0.0, lane="", method="GET", interface="GET:/x", status=200,
    seconds=0.001, caller="", trace="", rule="", reason="", simulated=False,
)  # fmt: skip
REJECTED = PASSED._replace(rule="FaultToleranceRule/r", reason="rate", status=429)


class World:
    """A log whose time and chance are the test's."""

    def __init__(self) -> None:
        self.now, self.dice, self.dropped = 0.0, 0.5, 0
        self.log = AccessLog(lambda: self.dice, lambda: self.now, self._drop)
        self.log.writes = True

    def _drop(self) -> None:
        self.dropped += 1

    def add(self, *lines: Line) -> None:
        for line in lines:
            rejected = bool(line.rule) and not line.simulated
            self.log.add(line, self.log.wanted(rejected=rejected))

    def written(self) -> int:
        return next(number for number in count() if self.log.taken() is None)


@pytest.fixture
def world() -> World:
    return World()


def test_every_request_is_written_unless_a_share_is_wanted(world):
    """The share can be changed while the application runs."""
    world.add(PASSED)
    world.log.share = 0.4
    world.add(PASSED)
    world.log.share = 0.6
    world.add(PASSED)

    assert world.written() == 2


def test_what_a_rule_turned_away_is_written_whatever_the_share(world):
    """It is what people look for; a request that a simulated rule is about is like any other."""
    world.log.share = 0.0
    world.add(PASSED, REJECTED, REJECTED._replace(simulated=True))

    assert world.written() == 1


def test_a_flood_that_is_turned_away_does_not_flood_the_log(world):
    """What is more than a second may have is counted, and the next second begins anew."""
    world.add(*[REJECTED] * (MOST_REJECTED + 7))
    assert (world.written(), world.dropped) == (MOST_REJECTED, 7)

    world.now = 1.0
    world.add(REJECTED)
    assert world.written() == 1


def test_nobody_waits_for_who_writes_slowly(world):
    """The queue has an end; what finds no room is counted."""
    world.add(*[PASSED] * (MOST + 3))

    assert (world.written(), world.dropped) == (MOST, 3)


def test_so_many_a_second_are_shown_to_who_taps(world):
    """Also where nothing is written."""
    world.log.writes, world.log.tap = False, 2
    assert world.log.on
    world.add(PASSED, PASSED, REJECTED)
    world.now = 1.0
    world.add(REJECTED)

    assert world.log.shown() == (PASSED, PASSED, REJECTED)
    assert world.log.shown() == ()
    assert world.written() == 0


def test_what_nobody_asks_for_is_forgotten(world):
    """A control plane that is away must not fill the memory."""
    world.log.tap = 10**6
    world.add(*[PASSED] * (MOST_SHOWN + 10))

    assert len(world.log.shown()) == MOST_SHOWN


def test_a_line_has_what_there_is_to_say_and_nothing_empty():
    """Values of headers and queries are not among its fields at all."""
    assert plain_line(PASSED, {"app": "shop", "instance": ""}) == {
        "app": "shop",
        "lane": "base",
        "method": "GET",
        "route": "/x",
        "status": 200,
        "duration": 0.001,
    }
    assert plain_line(REJECTED, {})["rule"] == "FaultToleranceRule/r"
