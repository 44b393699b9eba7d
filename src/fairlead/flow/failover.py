"""Try the next endpoint where a connection was refused; repeat once where a pooled one died.

Contract 13: at most three endpoints, those of the lane first and then base; a refusing endpoint is
avoided for five seconds. It repeats nothing that the other side may have begun to serve, except
idempotent methods on a connection that died before a byte came back.
"""

from __future__ import annotations

from collections.abc import Callable

from fairlead.flow.call import Call, Fault, Outcome, Unreachable
from fairlead.flow.route import Routes
from fairlead.flow.steps import Flow, Layer, Steps
from fairlead.policy.endpoint import Endpoint

ATTEMPTS = 3
AVOIDED_SECONDS = 5.0
# RFC 9110, 9.2.2
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})

Clock = Callable[[], float]


class Avoided:
    """Addresses that refused a connection, and until when they are passed over.

    Kept by address, apart from any snapshot: an endpoint stays avoided when rules change.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def add(self, address: str) -> None:
        """Avoid `address` for AVOIDED_SECONDS from now."""
        now = self._clock()
        # Rebuilt, so that addresses which are gone do not pile up, and readers never see it change.
        kept = {key: until for key, until in self._until.items() if until > now}
        self._until = {**kept, address: now + AVOIDED_SECONDS}

    def sort(self, endpoints: list[Endpoint]) -> list[Endpoint]:
        """Return `endpoints` with the avoided ones last: better a doubtful endpoint than none."""
        if not self._until:
            return endpoints
        until, now = self._until, self._clock()
        return sorted(endpoints, key=lambda endpoint: until.get(endpoint.address, 0.0) > now)


def failover(routes: Routes, avoided: Avoided) -> Layer:
    """Return the layer that chooses an endpoint for each attempt."""

    def layer(inner: Flow) -> Flow:
        def flow(call: Call) -> Steps:
            candidates = avoided.sort(routes.candidates(call))
            if not candidates:
                error = Unreachable(call.host, call.lane, routes.unfit(call))
                return Outcome(error=error, fault=Fault.REFUSED)
            outcome = Outcome()
            for endpoint in candidates[:ATTEMPTS]:
                call.endpoint = endpoint
                outcome = yield from inner(call)
                if outcome.fault is Fault.DROPPED and outcome.error and call.method in IDEMPOTENT:
                    outcome = yield from inner(call)
                if outcome.error is None or outcome.fault is not Fault.REFUSED:
                    return outcome
                avoided.add(endpoint.address)
            return outcome

        return flow

    return layer
