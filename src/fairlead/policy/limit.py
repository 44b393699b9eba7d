"""How many calls a resource takes: in a window, one after the other, at a time, of one value.

Semantics of each: `flow/`. Where Sentinel's dialects disagree, the difference is a field here.
"""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.policy.rule import Rule

NOT_FOUND = "404"
"""The one resource of every path that an app does not know (contract 22)."""

MOST_THRESHOLD = 1_000_000_000
"""Largest threshold: more calls than a process can see in any window."""

MOST_MS = 366 * 86_400_000
"""Longest window, queue or pause, in milliseconds: a year."""

REJECT, PACE, INFLIGHT = "reject", "pace", "concurrency"
"""What a HotLimit does with the calls of one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most `threshold` calls in any `window_ms` milliseconds."""

    threshold: float
    window_ms: int
    buckets: int = 0
    """0: sliding, and never over. Otherwise as Sentinel counts: so many buckets, aligned with the
    clock, of which the current one is the youngest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmUp:
    """A threshold that begins at ``threshold / cold_factor`` and rises under load (Guava's)."""

    period_ms: int
    cold_factor: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryScale:
    """A threshold by the memory in use.

    `low_threshold` up to `low_bytes`, from there straight to `high_threshold` at `high_bytes`.
    """

    low_threshold: float
    high_threshold: float
    low_bytes: int
    high_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit(Rule):
    """Each of `windows` must have room; what is rejected uses up none of them."""

    windows: tuple[Window, ...]
    related: str = ""
    """Resource whose calls are counted instead of its own, which are rejected (Sentinel: relate).
    """
    warm_up: WarmUp | None = None
    memory: MemoryScale | None = None
    """With either of the two there is one window."""
    borrow_ms: int = 0
    """A prioritized call may take a permit of a bucket to come and wait this long for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle(Rule):
    """Calls pass at even distances of ``window_ms / threshold``; the others queue."""

    threshold: float
    window_ms: int
    queue_ms: int
    """Longest wait; 0 rejects what is too early."""
    burst: float = 1.0
    """Calls that idle time saves up. More than 1, without a queue: a bucket of so many tokens that
    fills with `threshold` tokens in `window_ms` (GCRA). With a `warm_up` it is 1."""
    warm_up: WarmUp | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyLimit(Rule):
    """At most `most` calls at a time, of threads and tasks alike."""

    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A part of a call that a rule tells values of."""

    source: str
    """``header``, ``query``, ``cookie``, ``path``, ``client-ip``, ``host``, ``grpc`` (a field of
    the message), ``sql`` (a parameter), ``argument``, or ``constant``: one value for all calls
    (rules of Sentinel's gateways)."""
    name: str = ""
    """Name, path of a field, or position as a number, from the end if negative."""
    match: str = ""
    """``exact``, ``prefix``, ``contains`` or ``regex``: values that do not match are not limited;
    ``""`` limits all."""
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotLimit(Rule):
    """At most `threshold` calls of each value of `param`; a call without one is not limited."""

    param: Param
    behaviour: str = REJECT
    """REJECT: a bucket of ``threshold + burst`` that refills in `window_ms`; PACE: even distances;
    INFLIGHT: at a time."""
    threshold: float
    burst: float = 0.0
    window_ms: int = 1000
    queue_ms: int = 0
    items: tuple[tuple[str, float], ...] = ()
    """Values with thresholds of their own."""
    elements: bool = True
    """Each element of a list counts by itself (Sentinel Java); otherwise the list is one value."""
    most_values: int = 0
    """Values that are told apart; 0 is the default of `flow`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority(Rule):
    """Callers by name: the listed ones only, or everybody but them. Who has no name passes."""

    names: tuple[str, ...]
    allow: bool
