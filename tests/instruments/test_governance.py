"""Both gateways honour the switch of a namespace, and count what rules would do."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from fairlead.instruments.asgi import Gate as AsgiGate
from fairlead.instruments.wsgi import Gate as WsgiGate
from fairlead.policy.governance import OBSERVE, OFF, ON
from fairlead.policy.match import Condition
from fairlead.telemetry.names import AGENT_FAULTS, COLOURED, WOULD_COLOUR
from tests.instruments.plane import Plane, entry, hooked
from tests.instruments.starlette.calls import app, call, nothing

ANYBODY = Condition(source="path", operator="prefix", values=("/",))


def asgi_lane(gate: AsgiGate, headers: dict[str, str]) -> str:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    served = gate.admit({"type": "http", "path": "/", "headers": pairs}, nothing)
    assert served is not None
    return served.lane


def wsgi_lane(gate: WsgiGate, headers: dict[str, str]) -> str:
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    served = gate.admit({"PATH_INFO": "/", "SCRIPT_NAME": "", **environ})
    assert served is not None
    return served.lane


both = pytest.mark.parametrize(
    ("make", "lane_of"), [(AsgiGate, asgi_lane), (WsgiGate, wsgi_lane)], ids=["asgi", "wsgi"]
)


@both
@pytest.mark.parametrize("conditions", [(), (ANYBODY,)], ids=["header", "path"])
def test_an_observing_entry_counts_and_colours_nothing(make, lane_of, conditions):
    """A rule is tried on real traffic before it decides about it."""
    plane = Plane(replace(entry(*conditions), governance=OBSERVE))
    gate = make(plane)
    assert [lane_of(gate, {"x-user": "1"}), lane_of(gate, {})] == ["", ""]
    expected = {"gray": 2} if conditions else {"gray": 1, "": 1}
    assert plane.counted(WOULD_COLOUR) == expected
    assert plane.counted(COLOURED) == {"": 2}
    assert plane.counted(AGENT_FAULTS) == {}


@both
def test_the_switch_is_live_and_goes_back(make, lane_of):
    """An operator turns it in an incident, and back when it is over."""
    plane = Plane(entry())
    gate = make(plane)
    seen = []
    for mode in (ON, OFF, OBSERVE, ON):
        plane.engine.apply(replace(entry(), governance=mode))
        seen.append(lane_of(gate, {"x-user": "1"}))
    assert seen == ["gray", "", "", "gray"]
    assert plane.counted(WOULD_COLOUR) == {"gray": 1}


@pytest.mark.parametrize("mode", [OFF, OBSERVE])
def test_an_entry_takes_labels_away_in_every_mode(mode):
    """Nobody outside chooses a lane because somebody turned the rules off."""
    plane = Plane(replace(entry(), governance=mode))
    spoofed = [("baggage", "user=1,x-opensergo-traffic=gray"), ("x-opensergo-traffic", "gray")]
    with hooked(plane, "starlette"):
        assert asyncio.run(call(app(plane), spoofed)) == "|baggage=user=1"
