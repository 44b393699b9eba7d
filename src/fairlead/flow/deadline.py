"""End a call in time: that of its rule or that of the request it is made for, the shorter one.

A generator cannot interrupt a send that is under way. So a deadline travels as data, in
`Call.until` and in a header: an instrument gives up in its library's way, and the callee knows how
long anybody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from fairlead.flow.call import (
    EARLY,
    NOTHING_INHERITED,
    REQUEST,
    Call,
    Fault,
    Inherited,
    Late,
    Outcome,
)
from fairlead.flow.noting import TIMED_OUT, Tell, unheard
from fairlead.flow.steps import Flow, Layer, Steps


def inherited(call: Call) -> Inherited:
    """Return what the request that `call` is made for says."""
    return NOTHING_INHERITED if call.sending is None else call.sending.inherited()


CALLER = "the time that its caller gives it"


def late(call: Call) -> Outcome:
    """Return the outcome of a call that took too long."""
    return Outcome(error=call.late(), fault=Fault.TIMEOUT)


def spelt(seconds: float, rule: str) -> str:
    """Return how errors say what `rule` lets a call take."""
    time = f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"
    return f"{time} ({rule})" if rule else time


def named(call: Call, outcome: Outcome, clock: Callable[[], float]) -> Outcome:
    """Return `outcome`, whose error says which time is over, if one is.

    A library that is told how long to wait says at most that it was too long.
    """
    error = outcome.error
    if error is None or call.until is None or clock() < call.until - EARLY:
        return outcome
    if isinstance(error, Late):
        return outcome
    told = call.late()
    if outcome.fault is not Fault.TIMEOUT:
        error.add_note(str(told))
        return outcome
    told.__cause__ = error
    return Outcome(error=told, fault=Fault.TIMEOUT, grpc=outcome.grpc)


def bounded(
    timeout: float, clock: Callable[[], float], rule: str = "", tell: Tell = unheard
) -> Layer:
    """Return the layer that gives a call `timeout` seconds, 0 for as long as its request has.

    Errors name `rule`, whose time it is; `tell` hears of each time that is over.
    """
    limit = spelt(timeout, rule)

    def layer(inner: Flow) -> Flow:
        def flow(call: Call) -> Steps:
            until, told = inherited(call).until, REQUEST
            if call.until is not None and call.until < until:
                until, told = call.until, CALLER
            if until < inf or timeout:
                now = clock()
                if timeout and now + timeout < until:
                    until, told = now + timeout, limit
                call.deadline = call.until = until
                call.limit = told
                if until <= now:
                    return _over(call, tell)
            elif not rule:
                # Not a generator of its own: it has nothing to do when the call has ended.
                return inner(call)
            return _named(call, inner, clock, tell)

        return flow

    return layer


def _named(call: Call, inner: Flow, clock: Callable[[], float], tell: Tell) -> Steps:
    outcome = named(call, (yield from inner(call)), clock)
    if isinstance(outcome.error, Late):
        tell(TIMED_OUT)
    return outcome


def _over(call: Call, tell: Tell) -> Steps:
    yield from ()
    tell(TIMED_OUT)
    return late(call)
