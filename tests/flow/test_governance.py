"""What the switch of a namespace leaves of its rules: they decide, they only look, they rest."""

from __future__ import annotations

import pytest

from fairlead.flow.lane import Lanes
from fairlead.policy.governance import MODES, OBSERVE, OFF, ON
from fairlead.policy.lane import Colouring, Entry, Lane
from fairlead.policy.match import Condition
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.policy.request_table import Request

GRAY = Colouring(
    rule="TrafficLane/gray",
    lane="gray",
    conditions=(Condition(source="header", key="x-user", operator="exists"),),
)
USER = Request(headers={"x-user": "1"})


def lanes(mode: str, *, own: str = "", entry: bool = True) -> Lanes:
    return Lanes(
        Snapshot(
            governance=mode,
            workload=Workload(app="a", lane=own),
            lanes=(Lane(name="gray"),),
            entry=Entry(colourings=(GRAY,)) if entry else None,
        )
    )


@pytest.mark.parametrize(
    ("mode", "lane", "matched"),
    [(ON, "gray", GRAY), (OBSERVE, "", GRAY), (OFF, "", None)],
)
def test_the_mode_decides_what_a_matching_rule_does(mode, lane, matched):
    """The row of the table in docs/stability.md, once per mode."""
    assert lanes(mode).colour(USER, lambda: 0.0) == (lane, matched)


@pytest.mark.parametrize("mode", [OBSERVE, OFF])
def test_an_instance_on_a_lane_stays_on_it(mode):
    """Isolation of what is on a lane already is not part of what can be switched off."""
    assert lanes(mode, own="blue").colour(USER, lambda: 0.0)[0] == "blue"


@pytest.mark.parametrize("mode", MODES)
def test_no_mode_lets_a_label_from_outside_in(mode):
    """A switch that is turned off in an incident must not open a way to the lanes."""
    assert not lanes(mode).trusting
    assert lanes(mode).inherit({"x-opensergo-traffic": "gray"}) == ""


@pytest.mark.parametrize("mode", MODES)
def test_an_inner_app_passes_a_label_on_in_every_mode(mode):
    """What was put on a lane before the switch, or by another namespace's entry, stays on it."""
    assert lanes(mode, entry=False).inherit({"x-opensergo-traffic": "gray"}) == "gray"
