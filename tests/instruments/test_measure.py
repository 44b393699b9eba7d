"""Calls to apps are counted at their edge, whatever the client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fairlead.flow.edges import Key
from fairlead.policy.snapshot import Snapshot
from fairlead.telemetry.names import AGENT_FAULTS
from tests.instruments.backend import Backend, backend, closed_port
from tests.instruments.callers import CALLERS, Caller
from tests.instruments.plane import Plane, hooked, inner, serving


@pytest.fixture
def base() -> Iterator[Backend]:
    with backend("b") as one:
        yield one


@pytest.fixture(params=CALLERS, ids=str)
def caller(request: pytest.FixtureRequest) -> Caller:
    found: Caller = request.param
    return found


def measured(snapshot: Snapshot) -> Plane:
    plane = Plane(snapshot)
    plane.engine.measure(True)
    return plane


def edges(plane: Plane) -> dict[Key, Any]:
    return dict(plane.engine.measuring.edges.read())


def test_a_call_counts_where_it_went(caller: Caller, base: Backend) -> None:
    """By the lane that called and the lane that served; an answer from 500 on is an error."""
    plane = measured(inner({"b": {base.address: ""}}))
    with hooked(plane, *caller.hooks), serving("gray"):
        caller.get("http://b/")
        caller.get("http://b/cookie")
        caller.get("http://b/fail")

    ((key, edge),) = edges(plane).items()
    assert key == Key("call:b", "gray", "")
    assert (edge.calls, edge.errors, edge.fallbacks, edge.retries) == (3, 1, 3, 0)
    assert sum(edge.buckets) == 3
    assert edge.rt_ns > 0
    assert plane.counted(AGENT_FAULTS) == {}


def test_a_call_that_was_tried_again_is_one_call(caller: Caller, base: Backend) -> None:
    """The attempts beyond the first are told apart; it counts where it got its answer."""
    with closed_port() as dead:
        plane = measured(inner({"b": {dead: "gray", base.address: ""}}))
        with hooked(plane, *caller.hooks), serving("gray"):
            caller.get("http://b/")

    ((key, edge),) = edges(plane).items()
    assert key == Key("call:b", "gray", "")
    assert (edge.calls, edge.errors, edge.retries) == (1, 0, 1)


def test_a_call_that_reached_nobody_is_an_error(caller: Caller) -> None:
    """And no fallback: nobody stood in for the lane."""
    with closed_port() as dead:
        plane = measured(inner({"b": {dead: ""}, "empty": {}}))
        with hooked(plane, *caller.hooks), serving("gray"):
            with pytest.raises(caller.refused):
                caller.get("http://b/")
            with pytest.raises(caller.refused):
                caller.get("http://empty/")

    found = edges(plane)
    assert {key.to: (one.calls, one.errors) for key, one in found.items()} == {
        "call:b": (1, 1),
        "call:empty": (1, 1),
    }
    assert found[Key("call:empty", "gray", "gray")].fallbacks == 0


def test_an_app_that_is_called_past_its_name_loses_the_label(caller: Caller) -> None:
    """At a port that names do not lead to nobody takes the label along; on base none is lost."""
    plane = measured(inner({"localhost": {}}))
    with closed_port() as dead, hooked(plane, *caller.hooks):
        url = f"http://localhost:{dead.rpartition(':')[2]}/"
        for lane in ("gray", ""):
            with serving(lane), pytest.raises(caller.refused):
                caller.get(url)

    ((key, edge),) = edges(plane).items()
    assert (key, edge.lost, edge.calls) == (("call:localhost", "gray", ""), 1, 0)


def test_what_is_shed_is_counted(caller: Caller, base: Backend) -> None:
    """And nothing else is done."""
    plane = measured(inner({"b": {base.address: ""}}))
    plane.engine.measure(False, shed=True)
    with hooked(plane, *caller.hooks), serving("gray"):
        caller.get("http://b/")

    assert (edges(plane), plane.engine.measuring.dropped()) == ({}, 1)
