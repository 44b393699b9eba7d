"""Whether an app can be reached by a channel of gRPC: the best that any of its endpoints says.

Applications ask before they send their first call. The states are the library's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from operator import attrgetter
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from fairlead.flow.failover import ATTEMPTS
from fairlead.instruments.outbound import plan_for
from fairlead.instruments.propagate import current_lane
from fairlead.instruments.rpc_client import FAILED, READY

if TYPE_CHECKING:
    from fairlead.instruments.rpc_client import Reach

core = attrgetter("_channel")
"""Gives what is behind a channel of the library's, of either kind."""

IDLE, CONNECTING = 0, 1

_BEST_FIRST = (READY, CONNECTING, IDLE, FAILED)

LOOK = 0.2
"""Seconds between two looks, as the library's own: endpoints come and go."""


def known(reach: Reach) -> bool:
    """Tell whether the name of a channel is an app's."""
    try:
        plan = plan_for(reach.plane, "http", reach.name, None) if reach.name else None
        return plan is not None and plan.routes.has_grpc(reach.name)
    except Exception:  # counted; the library's own channel is asked
        reach.fault()
        return False


class Connectivity:
    """The endpoints that a call made now could go to, as far as they are connected."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._lane = current_lane(reach.plane)

    def look(self, *, connect: bool) -> tuple[int, Any]:
        """Return the best state there is, and the library's channel that has it, or None."""
        channels = self._channels()
        states = [core(one).check_connectivity_state(connect) for one in channels]
        found = min(states, key=_BEST_FIRST.index, default=FAILED)
        return found, channels[states.index(found)] if channels else None

    def _channels(self) -> list[Any]:
        routes = self._reach.plane.engine.plan.routes
        call = routes.call(self._reach.name, "POST", self._lane)
        channels = []
        for endpoint in routes.candidates(call)[:ATTEMPTS]:
            call.endpoint = endpoint
            channels.append(self._reach.channel(call))
        return channels


class Watch:
    """Tells callbacks of the application of each change, from a thread of its own."""

    def __init__(self, reach: Reach, deliver: Callable[[Callable[..., None], int], None]) -> None:
        """`deliver` calls a callback with the library's name for a state."""
        self._connectivity, self._reach = Connectivity(reach), reach
        self._deliver = deliver
        self._lock = Lock()
        self._connect = False
        self._told: dict[Any, int | None] = {}
        """What each callback has heard last."""
        self._is_running = False

    def add(self, callback: Callable[..., None], *, connect: bool) -> None:
        """Tell `callback` of what there is, and of each change."""
        with self._lock:
            self._told[callback] = None
            self._connect |= connect
            if self._is_running:
                return
            self._is_running = True
        Thread(target=self._run, daemon=True).start()

    def remove(self, callback: Callable[..., None]) -> bool:
        """Tell it no more; return whether it was told."""
        with self._lock:
            return self._told.pop(callback, self) is not self

    def _run(self) -> None:
        while self._goes_on():
            try:
                state, channel = self._connectivity.look(connect=self._connect)
                for callback, told in list(self._told.items()):
                    if told != state:
                        self._told[callback] = state
                        self._deliver(callback, state)
                if channel is None:
                    Event().wait(LOOK)
                else:
                    core(channel).watch_connectivity_state(state, time.time() + LOOK)
            except Exception:  # counted; the next look may do better
                self._reach.fault()
                Event().wait(LOOK)

    def _goes_on(self) -> bool:
        with self._lock:
            if self._reach.closed:
                self._told.clear()
            self._is_running = bool(self._told)
            return self._is_running
