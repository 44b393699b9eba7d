"""Go on trying where no endpoint of an app accepts a connection, for callers who asked for that.

It is what gRPC calls waiting until ready: nothing has been sent, so that nothing is sent twice.
"""

from __future__ import annotations

from fairlead.flow.call import Call, Fault
from fairlead.flow.steps import Flow, Steps, Wait, send

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
"""Seconds between two tries: twice as long each time."""


class Patience:
    """Waits for those calls that say how long; what has come by then is tried too."""

    def __init__(self) -> None:
        self.latest: Flow = send
        """How an endpoint is chosen by the latest snapshot."""

    def flow(self, call: Call) -> Steps:
        """Try again as long as `call` says."""
        pause = FIRST_PAUSE
        while True:
            outcome = yield from self.latest(call)
            if outcome.error is None or outcome.fault is not Fault.REFUSED:
                return outcome
            left = 0.0 if call.waits is None else call.waits()
            if left <= 0:
                return outcome
            yield Wait(min(pause, left))
            pause = min(LONGEST_PAUSE, pause * 2)
