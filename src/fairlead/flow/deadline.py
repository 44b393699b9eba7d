"""End a call in time: that of its rule or that of the request it is made for, the shorter one.

A generator cannot interrupt a send that is under way. So a deadline travels as data, in
`Call.until` and in a header: an instrument gives up in its library's way, and the callee knows how
long anybody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from fairlead.flow.call import NOTHING_INHERITED, Call, Fault, Inherited, Late, Outcome
from fairlead.flow.steps import Flow, Layer, Steps


def inherited(call: Call) -> Inherited:
    """Return what the request that `call` is made for says."""
    return NOTHING_INHERITED if call.sending is None else call.sending.inherited()


def late(call: Call, limit: str) -> Outcome:
    """Return the outcome of a call that took too long."""
    return Outcome(error=Late(call.host, limit), fault=Fault.TIMEOUT)


def bounded(timeout: float, clock: Callable[[], float]) -> Layer:
    """Return the layer that gives a call `timeout` seconds, 0 for as long as its request has."""

    def layer(inner: Flow) -> Flow:
        def flow(call: Call) -> Steps:
            until = inherited(call).until
            if call.until is not None:
                until = min(until, call.until)
            if until < inf or timeout:
                now = clock()
                if timeout:
                    until = min(until, now + timeout)
                call.deadline = call.until = until
                if until <= now:
                    return _over(call)
            # Not a generator of its own: it has nothing to do when the call has ended.
            return inner(call)

        return flow

    return layer


def _over(call: Call) -> Steps:
    yield from ()
    return late(call, "the time that its request had")
