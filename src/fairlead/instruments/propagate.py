"""The lane of the work at hand, from the request it came in with to the calls it makes.

A context variable holds the request; tasks inherit it as they inherit any, threads and executors
are taught to in `threads.py`. What has no request runs on the instance's own lane (contract 8).
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from time import monotonic
from typing import TYPE_CHECKING

from fairlead.instruments.passage import Served
from fairlead.policy.workload import BASE
from fairlead.telemetry.names import LANE_OUTLIVED_REQUEST

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane


Origin = Served | None

_current: ContextVar[Origin] = ContextVar("fairlead_request", default=None)


# The variable's own methods: every request and every thread asks, and a function around them would
# cost as much again.
current: Callable[[], Origin] = _current.get
"""Return the request that the running code works for, or None."""

resume: Callable[[Origin], Token[Origin]] = _current.set
"""Work for `origin` from here on, in this context."""


back: Callable[[Token[Origin]], None] = _current.reset
"""Do what `suspend` does, or raise ValueError."""


def suspend(token: Token[Origin]) -> None:
    """Go back to what this context worked for before."""
    try:
        _current.reset(token)
    except ValueError:
        # Finished in another context than it began in: a server that closes a response elsewhere.
        # That context's copy goes with it; this one never worked for the request.
        return


def entrance() -> str:
    """Return the resource that the running code serves a call of, ``""`` for none."""
    origin = _current.get()
    return "" if origin is None or origin.ended else origin.entrance


def current_lane(plane: DataPlane) -> str:
    """Return the lane that a call made now is on; counts a lane that outlived its request."""
    origin = _current.get()
    if origin is None:
        return plane.engine.plan.lanes.own
    if origin.ended and origin.lane != BASE:
        plane.counters.count(LANE_OUTLIVED_REQUEST, origin.lane)
        plane.leftovers.note(origin.lane, monotonic())
    return origin.lane
