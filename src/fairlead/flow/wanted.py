"""What rules want of the memory that workers share: cells, by what a rule is.

A threshold is not among it: each worker judges by its own snapshot's, so that a rule that changes
goes on counting, and two releases of an app share what they count.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor
from typing import Any, NamedTuple

from fairlead.flow.breaker import LEASE_MS
from fairlead.flow.layout import (
    BREAKER,
    GAUGE,
    MOST_SEATS,
    OWN,
    PACE,
    RING,
    RINGS_OF_BREAKERS,
    WINDOW,
)
from fairlead.flow.result import judge
from fairlead.policy.breaker import SLOW_RATIO, STRATEGIES, CircuitBreaker
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Throttle
from fairlead.policy.rule import Rule

MS = 1_000_000
PARTS = 256


class Wanted(NamedTuple):
    """A cell that a rule wants."""

    kind: int
    name: str
    """What it is, beside the rule."""
    words: int
    mask: int
    numbers: tuple[int, ...]
    """From P_LIMIT on."""
    rule: Rule
    ratio: float = 0.0
    judge: Any = None


def cells_of(rule: Rule) -> Iterator[Wanted]:
    """Yield what a rule wants that workers can share."""
    if isinstance(rule, RateLimit):
        yield from _windows(rule)
    elif isinstance(rule, ConcurrencyLimit):
        yield _gauge(rule)
    elif isinstance(rule, Throttle):
        yield _pace(rule)
    elif isinstance(rule, CircuitBreaker):
        yield _breaker(rule)


def _windows(rule: RateLimit) -> Iterator[Wanted]:
    """Yield windows as window.py counts them, in more parts.

    A part that nobody has come to for a window's length does not count: what is left out of a part
    is the oldest, so that no window holds more than the threshold.
    """
    for number, window in enumerate(rule.windows):
        length, slides = window.window_ms * MS, not window.buckets
        parts = PARTS if slides else window.buckets
        # So that the current part and all that a window may reach into have room.
        step = -(-length // (PARTS - 2)) if slides else length // window.buckets
        mask = _mask(parts)
        numbers = (floor(window.threshold), step, length, parts - 1, int(slides))
        name = f"window {number} {window.window_ms} {window.buckets}"
        yield Wanted(WINDOW, name, RING + 2 * (mask + 1), mask, numbers, rule)


def _pace(rule: Throttle) -> Wanted:
    most = floor(max(rule.threshold, rule.burst)) if rule.threshold else 0
    step = ceil(rule.window_ms * MS / rule.threshold) if rule.threshold else 0
    saved = int(rule.burst * step) if rule.burst > 1 else 0
    numbers = (most, step, saved, 0, 0, rule.queue_ms * MS)
    return Wanted(PACE, "turn", RING, 0, numbers, rule)


def _gauge(rule: ConcurrencyLimit) -> Wanted:
    return Wanted(GAUGE, "inside", OWN + MOST_SEATS, 0, (rule.most,), rule)


def _breaker(rule: CircuitBreaker) -> Wanted:
    slow = rule.strategy_kind == SLOW_RATIO
    mask = _mask(rule.buckets)
    numbers = (
        max(1, rule.min_requests),
        -(-rule.window_ms * MS // rule.buckets),
        rule.recovery_ms * MS,
        rule.buckets - 1,
        0,
        0,
        int(rule.slow_ms * MS) if slow else 0,
        rule.probes,
        rule.steps,
        (rule.lease_ms or max(rule.recovery_ms, LEASE_MS)) * MS,
        STRATEGIES.index(rule.strategy_kind),
        int(rule.inclusive),
    )
    name = f"breaker {rule.window_ms} {rule.buckets}"
    words = RINGS_OF_BREAKERS + 2 * (mask + 1)
    judged = judge(rule.errors) if rule.errors and not slow else None
    return Wanted(BREAKER, name, words, mask, numbers, rule, rule.threshold, judged)


def _mask(parts: int) -> int:
    return (1 << (parts - 1).bit_length()) - 1
