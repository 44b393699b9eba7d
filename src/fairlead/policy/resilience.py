"""What is done for a call beside sending it: how long, how often, and what goes wrong on purpose.

Each field means what it means in Istio's VirtualService, and in Envoy, which carries it out there.
"""

from __future__ import annotations

from dataclasses import dataclass

DEADLINE = "x-fairlead-deadline-ms"
"""Header of a call: milliseconds that its caller waits from when it is sent."""
ATTEMPT = "x-envoy-attempt-count"
"""Header of a call: which attempt it is, 1 for the first; Envoy writes it, too."""
RETRY = "x-fairlead-retry"
"""Header of a call: `RETRY_OFF` where nobody below is to repeat anything."""
RETRY_OFF = "off"

CONNECT_FAILURE, REFUSED_STREAM = "connect-failure", "refused-stream"
RESET, RESET_BEFORE_REQUEST = "reset", "reset-before-request"
GATEWAY_ERROR, SERVER_ERROR, CONFLICT = "gateway-error", "5xx", "retriable-4xx"
STATUS_CODES = "retriable-status-codes"
NON_IDEMPOTENT = "non-idempotent"
"""Ours (nginx: ``non_idempotent``): methods that are not idempotent are repeated as well."""

CONDITIONS = (
    CONNECT_FAILURE,
    REFUSED_STREAM,
    RESET,
    RESET_BEFORE_REQUEST,
    GATEWAY_ERROR,
    SERVER_ERROR,
    CONFLICT,
    STATUS_CODES,
    NON_IDEMPOTENT,
)
"""What a call of HTTP may be repeated for, in Envoy's words."""

GRPC_CONDITIONS = {
    "cancelled": 1,
    "deadline-exceeded": 4,
    "internal": 13,
    "resource-exhausted": 8,
    "unavailable": 14,
    "unknown": 2,
}
"""What a call of gRPC may be repeated for: codes."""

MOST_ATTEMPTS = 100
"""Repetitions that a rule may ask for; each costs the callee a request."""
LONGEST = 86_400.0
"""Seconds of the longest timeout: a day. A longer one is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Send a call again, up to `attempts` times, where an attempt ends in one of `on`."""

    attempts: int
    on: tuple[str, ...] = ()
    """Of CONDITIONS and GRPC_CONDITIONS."""
    statuses: tuple[int, ...] = ()
    """Statuses of answers, of any method."""
    per_try: float = 0.0
    """Seconds that an attempt may take; 0 for as long as the whole call."""
    backoff: float = 0.025
    """Seconds of the first pause at most: a random part of it, which doubles."""
    longest: float = 0.25
    """Seconds of any pause at most."""
    same_host: bool = False
    """Whether an instance that has failed may be tried again while there are others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Injection:
    """Delay, or abort, a share of calls."""

    delay: float = 0.0
    """Seconds."""
    delay_percent: float = 0.0
    status: int = 0
    """Of the answer that stands for an abort; 0 for none of HTTP."""
    grpc: int | None = None
    """Code of the same for gRPC."""
    abort_percent: float = 0.0


def problem_of(
    timeout: float | None, retry: Retry | None, injection: Injection | None
) -> str | None:
    """Return why these cannot be enforced: a sender's fault, as the kinds refuse all of it."""
    if not 0 <= (timeout or 0.0) <= LONGEST:  # NaN is among what no comparison holds of
        return "no timeout"
    if retry is not None and not (
        0 <= retry.attempts <= MOST_ATTEMPTS
        and 0 <= retry.per_try <= LONGEST
        and 0 <= retry.backoff <= retry.longest <= LONGEST
    ):
        return "no way to try again"
    if injection is not None and not (
        0 <= injection.delay <= LONGEST
        and 0 <= injection.delay_percent <= 100
        and 0 <= injection.abort_percent <= 100
        and (injection.status == 0 or 200 <= injection.status <= 599)
    ):
        return "no fault"
    return None
