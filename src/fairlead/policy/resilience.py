"""What is done for a call beside sending it: how long, how often, and what goes wrong on purpose.

Each field means what it means in Istio's VirtualService, and in Envoy, which carries it out there.
"""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.policy.match import Condition
from fairlead.policy.routing.action import Answer

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A subset of a callee's instances, and its part of the calls."""

    subset: str = ""
    """``""`` for all instances."""
    weight: int = 1
    fallback: str = ""
    """Subset that is called where this one has no instance, ``""`` for none."""


ALL = (Share(),)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRoute:
    """What holds for those calls of one app that match; of several the first one counts."""

    rule: str
    """Kind, name and place it was compiled from: ``VirtualService/orders http[0]``."""
    matches: tuple[tuple[Condition, ...], ...] = ()
    """Any of these, all conditions of it; none for every call."""
    timeout: float = 0.0
    """Seconds until the answer has to be there, 0 for no end."""
    retry: Retry | None = None
    injection: Injection | None = None
    shares: tuple[Share, ...] = ALL
    answer: Answer | None = None
    """What callers get at once, in the place of a call."""


def problem(route: CallRoute) -> str | None:
    """Return why `route` cannot be enforced: a sender's fault, as the kinds refuse all of it."""
    if not 0 <= route.timeout <= LONGEST:  # NaN is among what no comparison holds of
        return "no timeout"
    if not route.shares or not all(0 <= share.weight <= 1_000_000 for share in route.shares):
        return "no weights"
    if sum(share.weight for share in route.shares) < 1:
        return "weights that add up to nothing"
    retry, injection = route.retry, route.injection
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
    return None if route.answer is None or _sendable(route.answer) else "no answer"


def _sendable(answer: Answer) -> bool:
    """Tell whether a client can read it as a response: a line break would begin another header."""
    texts = (text for header in answer.headers for text in header)
    return 200 <= answer.status <= 599 and not any(set("\r\n\0") & set(text) for text in texts)
