"""See every attempt of a call off, and take note of how it ended."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from fairlead.flow.budget import Attempts
from fairlead.flow.call import NOTHING_INHERITED, Call, Fault, Full, Outcome
from fairlead.flow.deadline import inherited, late
from fairlead.flow.outlier import Hosts
from fairlead.flow.steps import Flow, Layer, Send, Steps
from fairlead.policy.resilience import ATTEMPT, DEADLINE, RETRY, RETRY_OFF

UNAVAILABLE = 14


def watched(
    hosts: Hosts, attempts: Attempts, clock: Callable[[], float], *, avoid: bool = False
) -> Layer:
    """Return the layer that does it; it sends nothing when there is no time left.

    With `avoid`, an instance that was tried is told to who chooses the next one.
    """

    def layer(inner: Flow) -> Flow:
        def flow(call: Call) -> Steps:
            steps = inner(call)
            answer: Outcome | None = None
            while True:
                try:
                    effect = steps.send(answer)
                except StopIteration as done:
                    outcome: Outcome = done.value
                    return outcome
                if not isinstance(effect, Send) or call.endpoint is None:
                    answer = yield effect
                    continue
                if call.until is not None and call.until <= clock():
                    answer = late(call)
                    continue
                call.marks = marks(call, spent=attempts.spent, clock=clock)
                if avoid:
                    call.tried = (*call.tried, call.endpoint.address)
                call.connect = hosts.connect
                host, answer, told = hosts.begin(call.endpoint.address), None, None
                if host is None:
                    answer = Outcome(error=Full(hosts.rule, 503, UNAVAILABLE))
                    continue
                try:
                    answer = told = yield effect
                    if answer.error is not None and call.is_cut_short(clock()):
                        # Nor is it one that refuses connections, to be avoided for a while.
                        answer = Outcome(error=answer.error, fault=Fault.TIMEOUT, grpc=answer.grpc)
                        told = None
                finally:
                    hosts.end(host, told)

        return flow

    return layer


def marks(call: Call, *, spent: bool, clock: Callable[[], float]) -> tuple[tuple[str, str], ...]:
    """Return the headers that tell the callee what to make of `call`."""
    above = inherited(call)
    if call.until is None and not call.attempt and above is NOTHING_INHERITED:
        return ()
    found: tuple[tuple[str, str], ...] = ()
    if call.until is not None and call.until < inf:
        found = ((DEADLINE, str(max(1, int((call.until - clock()) * 1000)))),)
    attempt = max(call.attempt, above.attempt)
    if attempt:
        found = (*found, (ATTEMPT, str(attempt)))
    if above.spent or (spent and call.attempt):
        found = (*found, (RETRY, RETRY_OFF))
    return found
