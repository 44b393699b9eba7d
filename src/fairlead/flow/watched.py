"""See every attempt of a call off, and take note of how it ended."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import cast

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
                    return cast(Outcome, done.value)
                if not isinstance(effect, Send) or call.endpoint is None:
                    answer = yield effect
                    continue
                if call.until is not None and call.until <= clock():
                    answer = late(call)
                    continue
                call.marks = marks(call, spent=attempts.spent, clock=clock)
                call.connect, address, told = hosts.connect, call.endpoint.address, None
                call.tried = (*call.tried, address) if avoid else call.tried
                host = hosts.begin(address)
                if host is None:
                    answer = Outcome(error=Full(hosts.rule, 503, UNAVAILABLE))
                    continue
                try:
                    answer = told = yield effect
                    if answer.error is not None and call.is_cut_short(clock()):
                        answer, told = _cut_short(answer), None
                finally:
                    hosts.end(host, told)

        return flow

    return layer


def _cut_short(outcome: Outcome) -> Outcome:
    """Return it as one that took too long: not one of who refuses connections, to be avoided."""
    return Outcome(error=outcome.error, fault=Fault.TIMEOUT, grpc=outcome.grpc)


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
