"""What pools of any library ask: whether a lane has its own, which one, and which ones to close."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fairlead.flow.database import LaneShadows
from fairlead.instruments.pools import MOST_LANES, Twins, concerns, own_connections
from tests.instruments.plane import serving
from tests.instruments.sqlalchemy.shop import database, plane, snapshot, table


def rules(lane: str, name: str = "shop") -> LaneShadows:
    return LaneShadows(lane, databases=(database(lane, name),))


def test_only_a_lane_with_shadow_databases_has_connections_of_its_own() -> None:
    """Shadow tables are reached by connections of base."""
    agent = plane(database("gray"), table("blue"))
    for lane, own in (("gray", "gray"), ("blue", None), ("green", None), ("", None)):
        with serving(lane):
            found = own_connections(agent)
        assert (found and found.lane) == own
    assert own_connections(agent) is None
    agent.ready = False
    agent.engine.apply(snapshot(database("gray"), lane="gray"))
    found = own_connections(agent)
    assert found is not None
    assert agent.waited == 1


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("shop", True),
        ("/var/lib/shop.db", True),
        ("file:/var/lib/shop.db?mode=rw", True),
        ("file:my%20shop.db", False),
        ("", True),
        ("stock", False),
        (":memory:", False),
        ("file::memory:?cache=shared", False),
        ("shop_gray", False),
    ],
)
def test_a_database_is_meant_by_its_name(written: str, meant: bool) -> None:
    """What is not known may be the one: a connection too many is better than one too few."""
    assert concerns(rules("gray"), written) is meant


def test_a_lane_has_one_twin_while_its_shadows_stay() -> None:
    """Rules that are equal are the same rules, though each snapshot has its own."""
    twins: Twins[str] = Twins()
    assert twins.of(rules("gray")) is None
    assert twins.add(rules("gray"), lambda: "one", ["gray"]) == ("one", [])
    assert twins.add(rules("gray"), lambda: "two", ["gray"]) == ("one", [])
    assert twins.of(rules("gray")) == "one"
    moved = replace(rules("gray"), databases=(database("gray", "stock"),))
    assert twins.of(moved) is None
    assert twins.add(moved, lambda: "two", ["gray"]) == ("two", ["one"])
    assert twins.take() == ["two"]
    assert twins.take() == []


def test_of_two_threads_that_come_at_once_both_get_the_same() -> None:
    """One pool of the two would be forgotten with its connections open."""
    twins: Twins[str] = Twins()

    def slow() -> str:
        assert twins.add(rules("gray"), lambda: "other's", ["gray"]) == ("other's", [])
        return "mine"

    assert twins.add(rules("gray"), slow, ["gray"]) == ("other's", [])


def test_twins_of_lanes_that_are_gone_or_too_many_are_given_up() -> None:
    """For years lanes come and go in one process."""
    twins: Twins[str] = Twins()
    twins.add(rules("gray"), lambda: "gray", ["gray", "blue"])
    assert twins.add(rules("blue"), lambda: "blue", ["blue"]) == ("blue", ["gray"])
    lanes = ["blue", *(f"lane{number}" for number in range(MOST_LANES))]
    closed = [
        old
        for lane in lanes
        for old in twins.add(rules(lane), lambda lane=lane: lane, lanes)[1]  # type: ignore[misc]
    ]
    assert closed == ["blue"]
    assert len(twins.take()) == MOST_LANES
