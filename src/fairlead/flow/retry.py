"""Send a call again where its attempt ended in what a rule names, while time and budget last.

What was refused was not sent, and may be repeated by any of the conditions about connections. For
everything else the body has to be there still. A method that is not idempotent is repeated after it
was sent only by a condition that names the answer: a status by its number, a code of gRPC; or by
`non-idempotent`.

A request that is itself repeated, or whose caller has no budget left, is not repeated further down:
hops do not multiply.
"""

from __future__ import annotations

from collections.abc import Callable

from fairlead.flow.budget import Attempts
from fairlead.flow.call import Call, Fault, Outcome
from fairlead.flow.deadline import inherited, spelt
from fairlead.flow.failover import IDEMPOTENT
from fairlead.flow.steps import Flow, Layer, Steps, Wait
from fairlead.policy import resilience as words
from fairlead.policy.resilience import GRPC_CONDITIONS, Retry

GATEWAY = frozenset((502, 503, 504))
_OF_CONNECTIONS = frozenset(
    (
        words.CONNECT_FAILURE,
        words.REFUSED_STREAM,
        words.RESET,
        words.RESET_BEFORE_REQUEST,
        words.GATEWAY_ERROR,
        words.SERVER_ERROR,
    )
)
_OF_BROKEN = frozenset((words.RESET, words.GATEWAY_ERROR, words.SERVER_ERROR))
_BROKEN = frozenset((Fault.DROPPED, Fault.RESET, Fault.TIMEOUT))


class Conditions:
    """What one rule repeats a call for."""

    def __init__(self, rule: Retry) -> None:
        on = frozenset(rule.on)
        self._refused = bool(on & _OF_CONNECTIONS)
        self._broken = bool(on & _OF_BROKEN)
        self._any = words.NON_IDEMPOTENT in on
        self._named = frozenset(rule.statuses) if words.STATUS_CODES in on else frozenset()
        self._codes = frozenset(GRPC_CONDITIONS[one] for one in on if one in GRPC_CONDITIONS)
        self._server = words.SERVER_ERROR in on
        self._gateway = words.GATEWAY_ERROR in on
        self._conflict = words.CONFLICT in on

    def met(self, call: Call, outcome: Outcome) -> bool:
        """Tell whether an attempt of `call` that ended in `outcome` may be repeated."""
        if outcome.error is not None and outcome.fault is Fault.REFUSED:
            return self._refused or outcome.grpc in self._codes
        if not self._would(call, outcome):
            return False
        return call.sending is None or call.sending.repeatable()

    def _would(self, call: Call, outcome: Outcome) -> bool:
        if outcome.grpc is not None:
            return outcome.grpc in self._codes
        safe = self._any or call.method in IDEMPOTENT
        # An answer that a library raises as an error is an answer.
        if outcome.error is not None and outcome.status is None:
            return safe and self._broken and outcome.fault in _BROKEN
        status = outcome.status or 0
        if status in self._named:
            return True
        return safe and (
            (self._server and status >= 500)
            or (self._gateway and status in GATEWAY)
            or (self._conflict and status == 409)
        )


def pause(rule: Retry, attempt: int, dice: float) -> float:
    """Return the seconds before attempt number `attempt`, from 2 on, for a throw of 0 to 1.

    Any part of a length that doubles: callers that failed together do not come back together.
    """
    length: float = rule.backoff * (2 ** min(attempt - 1, 32) - 1)
    return dice * min(rule.longest, length)


def retried(
    rule: Retry,
    attempts: Attempts,
    clock: Callable[[], float],
    dice: Callable[[], float],
    name: str = "",
) -> Layer:
    """Return the layer that does it; `attempts` counts the app's calls, errors say the `name`."""
    conditions = Conditions(rule)
    limit = spelt(rule.per_try, f"{name} perTryTimeout".strip())

    def layer(inner: Flow) -> Flow:
        def flow(call: Call) -> Steps:
            above = inherited(call)
            alone = above.attempt < 2 and not above.spent
            most = 1 + rule.attempts if alone else 1
            sent, call.attempt, well = 0, 1, False
            attempts.begin()
            try:
                while True:
                    _limit(call, rule.per_try, limit, clock)
                    outcome = yield from inner(call)
                    sent, call.attempts = sent + call.attempts, 0
                    well = not conditions.met(call, outcome)
                    if well or call.attempt >= most:
                        return outcome
                    seconds = pause(rule, call.attempt + 1, dice())
                    if clock() + seconds >= call.deadline:
                        return outcome
                    if not attempts.allow(again=call.attempt > 1, inner=above.attempt > 0):
                        return outcome
                    call.attempt += 1
                    yield Wait(seconds)
            finally:
                attempts.end(repeated=call.attempt > 1, well=well)
                call.attempts += sent

        return flow

    return layer


def _limit(call: Call, seconds: float, limit: str, clock: Callable[[], float]) -> None:
    """Give an attempt its time, 0 for as long as the call has; errors say that it was `limit`."""
    if seconds:
        call.until, call.attempt_limit = min(call.deadline, clock() + seconds), limit
