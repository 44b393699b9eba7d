"""Try the next endpoint where a connection was refused; repeat once where a pooled one died.

Contract 13: at most three endpoints, those of the lane first and then base; a refusing endpoint is
avoided for five seconds. It repeats nothing that the other side may have begun to serve, except
idempotent methods on a connection that died before a byte came back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from fairlead.flow.call import Call, Fault, Outcome, Unfit, Unreachable
from fairlead.flow.steps import Send, Steps
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
        self.until: dict[str, float] = {}
        """When each of them may be tried again; empty in most processes at most times."""

    def add(self, address: str) -> None:
        """Avoid `address` for AVOIDED_SECONDS from now."""
        now = self._clock()
        # Rebuilt, so that addresses which are gone do not pile up, and readers never see it change.
        kept = {key: until for key, until in self.until.items() if until > now}
        self.until = {**kept, address: now + AVOIDED_SECONDS}

    def __contains__(self, endpoint: Endpoint) -> bool:
        return self.until.get(endpoint.address, 0.0) > self._clock()

    def sort(self, endpoints: list[Endpoint]) -> list[Endpoint]:
        """Return `endpoints` with the avoided ones last: better a doubtful endpoint than none."""
        until, now = self.until, self._clock()
        return sorted(endpoints, key=lambda endpoint: until.get(endpoint.address, 0.0) > now)


class Order(Protocol):
    """Says which endpoints there are for a call."""

    subset: str
    """Which of an app's they are, ``""`` for all."""

    def candidates(self, call: Call) -> list[Endpoint]:
        """Return them in the order in which to try them."""
        ...

    def unfit(self, call: Call) -> Unfit:
        """Return those that it is not sent to for what its lane has in shadow."""
        ...


class Failover:
    """The flow that chooses an endpoint for each attempt.

    Of its own kind, because most calls end with their first attempt: who drives it can do that one
    without a generator, which would cost as much as the choice.
    """

    __slots__ = ("_avoided", "_routes")

    def __init__(self, routes: Order, avoided: Avoided) -> None:
        self._routes, self._avoided = routes, avoided

    def __call__(self, call: Call) -> Steps:
        """Return the life of `call`."""
        outcome = self.first(call)
        if outcome is None:
            outcome = yield Send(call)
            if outcome.error is not None:
                outcome = yield from self.then(call, outcome)
        return outcome

    def first(self, call: Call) -> Outcome | None:
        """Choose where `call` is sent first; return what comes of it where that is nowhere."""
        order = self._routes.candidates(call)
        if self._avoided.until:
            order = self._avoided.sort(order)
        if not order:
            unfit, subset = self._routes.unfit(call), self._routes.subset
            error = Unreachable(call.host, call.lane, unfit, subset)
            return Outcome(error=error, fault=Fault.REFUSED)
        call.order = order
        call.endpoint = order[0]
        call.attempts = 1
        return None

    def then(self, call: Call, outcome: Outcome) -> Steps:
        """Do what follows a first attempt that failed."""
        order = call.order[:ATTEMPTS]
        for position, endpoint in enumerate(order, 1):
            if outcome.fault is Fault.DROPPED and call.method in IDEMPOTENT:
                return (yield from _again(call, endpoint, call.order, self._avoided))
            if outcome.fault is not Fault.REFUSED:
                return outcome
            self._avoided.add(endpoint.address)
            if position < len(order):
                call.endpoint = order[position]
                call.attempts += 1
                outcome = yield Send(call)
                if outcome.error is None:
                    return outcome
        return outcome


def _again(
    call: Call, dropped: Endpoint, candidates: Sequence[Endpoint], avoided: Avoided
) -> Steps:
    """Repeat a call whose kept connection to `dropped` died.

    At another endpoint of its lane: who dies may accept one more connection before he is gone.
    Where there is none, and where that one's connection is dead too, as behind a middlebox that
    forgets them all, at the same one: who closes idle connections is no reason to leave a lane.
    """
    behind = candidates[candidates.index(dropped) + 1 :]
    other = next((one for one in behind if one.lane == dropped.lane and one not in avoided), None)
    order = [dropped, *(one for one in behind if one is not other)]
    if other is not None:
        order.insert(0, other)
    outcome: Outcome = Outcome()
    for endpoint in order[:ATTEMPTS]:
        call.endpoint = endpoint
        call.attempts += 1
        outcome = yield Send(call)
        if outcome.error is None:
            return outcome
        if outcome.fault is Fault.REFUSED:
            avoided.add(endpoint.address)
        elif outcome.fault is not Fault.DROPPED or endpoint is not other:
            return outcome
    return outcome
