"""Do to some calls on purpose what others suffer by accident: a delay, an answer that is an error.

Around everything that deals with failures: what is injected is neither repeated nor held against an
instance, and a delay is no part of the time that a rule gives an answer (Envoy's order of filters).
"""

from __future__ import annotations

from collections.abc import Callable

from fairlead.flow.call import Answered, Call, Injected, Outcome
from fairlead.flow.noting import INJECTED, Tell, unheard
from fairlead.flow.steps import Flow, Layer, Steps, Wait
from fairlead.policy.resilience import Injection
from fairlead.policy.routing.action import Answer

CODES = {400: 13, 401: 16, 403: 7, 404: 12, 429: 14, 502: 14, 503: 14, 504: 14}
"""Codes of gRPC for statuses of HTTP (gRPC's http-grpc-status-mapping); 2, unknown, for others."""
UNKNOWN = 2


def injecting(
    injection: Injection, rule: str, dice: Callable[[], float], tell: Tell = unheard
) -> Layer:
    """Return the layer that does it; `rule` is whose idea it was, `dice` throws from 0 to 1."""
    delayed, aborted = injection.delay_percent / 100, injection.abort_percent / 100

    def layer(inner: Flow) -> Flow:
        def flow(call: Call) -> Steps:
            if injection.delay and dice() < delayed:
                tell(INJECTED)
                yield Wait(injection.delay)
            if aborted and dice() < aborted:
                tell(INJECTED)
                error = Injected(rule, injection.status, injection.grpc)
                return Outcome(error=error, status=injection.status or None, grpc=injection.grpc)
            return (yield from inner(call))

        return flow

    return layer


def answering(answer: Answer, rule: str) -> Flow:
    """Return the life of calls that a rule answers; a call of gRPC ends with the status's code."""
    code = CODES.get(answer.status, UNKNOWN)

    def flow(call: Call) -> Steps:
        del call
        yield from ()  # a generator, as every flow is
        return Outcome(error=Answered(rule, answer, code), status=answer.status, grpc=code)

    return flow
