"""Do to some calls on purpose what others suffer by accident: a delay, an answer that is an error.

Around everything that deals with failures: what is injected is neither repeated nor held against an
instance, and a delay is no part of the time that a rule gives an answer (Envoy's order of filters).
"""

from __future__ import annotations

from collections.abc import Callable

from fairlead.flow.call import Call, Injected, Outcome
from fairlead.flow.noting import INJECTED, Tell, unheard
from fairlead.flow.steps import Flow, Layer, Steps, Wait
from fairlead.policy.resilience import Injection


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
