"""Requests of Starlette and FastAPI applications are on the lane they came with, or are put on."""

from __future__ import annotations

import asyncio

import pytest

from fairlead.flow.lane import Lanes
from fairlead.instruments.propagate import current
from fairlead.policy.match import Condition
from fairlead.policy.snapshot import Snapshot
from fairlead.telemetry.names import AGENT_FAULTS, COLOURED, INVALID_LABELS
from tests.instruments.plane import Plane, entry, hooked, inner, serving
from tests.instruments.starlette.calls import GRAY, Headers, app, baggage, call, lane_of


@pytest.mark.parametrize(
    ("headers", "lane"),
    [
        (GRAY, "gray"),
        (baggage("user=1, x-opensergo-traffic=gray;p=1,z=2"), "gray"),
        (baggage("user=1") + GRAY, "gray"),
        (baggage("OpenSergo-Label=gray"), "gray"),
        (baggage("x-blue=blue"), "blue"),
        ([("x-opensergo-traffic", "gray")], "gray"),
        ([("opensergo-label", "blue"), *GRAY], "gray"),
        (baggage("x-opensergo-traffic=base"), ""),
        (baggage("user=1"), ""),
        ([], ""),
    ],
)
def test_an_inner_app_trusts_the_label(plane: Plane, headers: Headers, lane: str) -> None:
    """Contract 7: in the baggage or, failing that, in a plain header, under any key."""
    assert asyncio.run(lane_of(plane, headers)) == lane


def test_a_request_leaves_its_context_as_it_found_it(plane: Plane) -> None:
    """A server may serve the next one in it."""

    async def work() -> None:
        await call(app(plane), GRAY)
        assert current() is None

    asyncio.run(work())


def test_a_context_that_a_request_left_behind_does_not_colour_the_next(plane: Plane) -> None:
    """F22: pipelining starts a request's task from inside the one before it."""

    async def work() -> str:
        with serving("gray"):
            return await asyncio.create_task(lane_of(plane, []))

    assert asyncio.run(work()) == ""


def test_an_instance_on_a_lane_takes_what_has_no_label(plane: Plane) -> None:
    """Contract 8."""
    plane.engine.apply(inner(lane="gray"))
    assert asyncio.run(lane_of(plane, [])) == "gray"
    assert asyncio.run(lane_of(plane, baggage("x-opensergo-traffic=base"))) == "gray"
    assert asyncio.run(lane_of(plane, baggage("x-blue=blue"))) == "blue"


def test_an_entry_takes_the_label_away_and_colours_by_its_rules(plane: Plane) -> None:
    """Contract 7: a client cannot choose its lane; every other member and header stays."""
    plane.engine.apply(entry())
    spoofed = [
        ("baggage", "user=1,x-opensergo-traffic=gray"),
        ("baggage", "OpenSergo-Label=gray"),
        ("x-opensergo-traffic", "gray"),
        ("x-blue", "blue"),
        ("accept", "*/*"),
    ]
    assert asyncio.run(call(app(plane), spoofed)) == "|accept=*/*|baggage=user=1"
    assert asyncio.run(call(app(plane), [*spoofed, ("x-user", "1")])).startswith("gray|")
    assert plane.counted(COLOURED) == {"": 1, "gray": 1}


@pytest.mark.parametrize(
    ("condition", "lane"),
    [
        (Condition(source="header", key="x-user", operator="==", values=("1",)), ""),
        (Condition(source="header", key="x-user", operator="!=", values=("1",)), "gray"),
        (Condition(source="cookie", key="user", operator="not-in", values=("1",)), "gray"),
        (Condition(source="header", key="x-user", operator="percentage", values=("100",)), ""),
        (Condition(source="trace", operator="percentage", values=("100",)), "gray"),
        (Condition(source="method", operator="==", values=("GET",)), "gray"),
        (Condition(source="path", operator="prefix", values=("/",)), "gray"),
    ],
)
def test_a_request_without_a_header_that_rules_ask_for_is_decided_too(
    plane: Plane, condition: Condition, lane: str
) -> None:
    """Contract 11: a missing key makes every operator false, but for `!=` and `not-in`."""
    plane.engine.apply(entry(condition))
    for _ in range(2):
        assert asyncio.run(call(app(plane), [("accept", "*/*")])) == f"{lane}|accept=*/*"
    assert plane.counted(COLOURED) == {lane: 2}


def test_a_rule_sees_the_request_as_it_came(plane: Plane) -> None:
    """What is taken away is taken away from the application."""
    plane.engine.apply(
        entry(Condition(source="header", key="X-Blue", operator="==", values=("vip",)))
    )
    assert asyncio.run(call(app(plane), [("x-blue", "vip")])) == "gray"


def test_without_trust_a_label_is_dropped() -> None:
    """FAIRLEAD_TRUST=none: for apps that are called from outside the mesh."""
    plane = Plane(trust=False)
    with hooked(plane, "starlette"):
        assert asyncio.run(call(app(plane), [*GRAY, ("x-blue", "blue")])) == ""


@pytest.mark.parametrize(
    "value",
    ["x" * 65_536, "../../etc", "gray%0d%0aX-Evil: 1", "'; DROP TABLE", "gräu", "%00", "-gray"],
)
def test_a_hostile_label_is_ignored_and_counted(plane: Plane, value: str) -> None:
    """F20: refused by charset and length; the request goes on as one without a label."""
    assert asyncio.run(lane_of(plane, baggage(f"x-opensergo-traffic={value}"))) == ""
    assert plane.counted(INVALID_LABELS) == {"": 1}


def test_an_entry_drops_a_header_longer_than_anybody_must_carry(plane: Plane) -> None:
    """F20: taking a megabyte of members apart would hold the server up."""
    plane.engine.apply(entry())
    hostile = baggage("a=1," * 250_000 + "x-opensergo-traffic=gray")
    assert asyncio.run(call(app(plane), hostile)) == ""


def test_a_rule_that_fails_lets_no_label_through(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request goes on as one without a label, also for whoever copies headers."""

    def broken(*_: object) -> None:
        raise RuntimeError("ours")

    plane.engine.apply(entry())
    monkeypatch.setattr(Lanes, "colour", broken)
    assert asyncio.run(call(app(plane), [*GRAY, ("x-blue", "blue")])) == ""
    assert plane.counted(AGENT_FAULTS) == {"asgi": 1}


@pytest.mark.parametrize(
    ("snapshot", "trust"), [(entry(), True), (inner(), False), (inner(), True)]
)
def test_who_calls_is_kept_from_an_application_that_strangers_call(
    snapshot: Snapshot, trust: bool
) -> None:
    """It would pass it on as if it were true; with a label and without one."""
    plane = Plane(snapshot, trust=trust)
    believed = trust and snapshot.entry is None
    with hooked(plane, "starlette"):
        for label in ([], GRAY):
            seen = asyncio.run(
                call(app(plane), [("fairlead-caller", "cart"), ("x-a", "1"), *label])
            )
            assert ("fairlead-caller=cart" in seen) is believed
            assert "x-a=1" in seen
