"""Go on trying where no endpoint of an app accepts a connection, for callers who asked for that.

It is what gRPC calls waiting until ready: nothing has been sent, so that nothing is sent twice.
"""

from __future__ import annotations

from collections.abc import Callable

from fairlead.flow.call import Call, Fault
from fairlead.flow.steps import Flow, Steps, Wait

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two tries: twice as long each time."""


def patient(latest: Callable[[], Flow], clock: Callable[[], float], until: float) -> Flow:
    """Return the flow that tries, by the `latest` rules, until one connects or it is `until`."""

    def flow(call: Call) -> Steps:
        pause = FIRST_PAUSE
        while True:
            outcome = yield from latest()(call)
            left = until - clock()
            if outcome.error is None or outcome.fault is not Fault.REFUSED or left <= 0:
                return outcome
            yield Wait(min(pause, left))
            pause = min(LONGEST_PAUSE, pause * 2)

    return flow
