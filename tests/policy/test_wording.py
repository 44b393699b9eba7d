"""What a rule is called where people read of it."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.policy.breaker import CircuitBreaker
from fairlead.policy.limit import (
    INFLIGHT,
    PACE,
    Authority,
    ConcurrencyLimit,
    HotLimit,
    MemoryScale,
    Param,
    RateLimit,
    Throttle,
    WarmUp,
    Window,
)
from fairlead.policy.rule import Selection
from fairlead.policy.wording import worded

NAMES: dict[str, Any] = {"rule": "r", "strategy": "s", "resource": "/a"}
SECOND = Window(threshold=5.0, window_ms=1000)
WARM = WarmUp(period_ms=10_000)
USER = Param(source="header", name="x-user")
BREAKER: dict[str, Any] = {**NAMES, "window_ms": 20_000, "recovery_ms": 8000, "min_requests": 6}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (RateLimit(**NAMES, windows=(SECOND,)), "5 in 1 s"),
        (
            RateLimit(**NAMES, windows=(SECOND, Window(threshold=1e9, window_ms=90_000))),
            "5 in 1 s and 1,000,000,000 in 90 s",
        ),
        (RateLimit(**NAMES, windows=(SECOND,), warm_up=WARM), "5 in 1 s, warming up for 10 s"),
        (RateLimit(**NAMES, windows=(SECOND,), related="/b"), "5 in 1 s, of calls of /b"),
        (
            RateLimit(
                **NAMES,
                windows=(SECOND,),
                memory=MemoryScale(
                    low_threshold=9.0, high_threshold=2.5, low_bytes=1, high_bytes=2
                ),
            ),
            "9 to 2.5 in 1 s by the memory in use",
        ),
        (
            Throttle(**NAMES, threshold=3.0, window_ms=100, queue_ms=2000),
            "one each 33.333 ms, queue 2 s",
        ),
        (Throttle(**NAMES, threshold=0.0, window_ms=100, queue_ms=0), "none, queue 0 ms"),
        (
            Throttle(**NAMES, threshold=4.0, window_ms=1000, queue_ms=0, burst=9.0),
            "4 in 1 s, 9 at once",
        ),
        (ConcurrencyLimit(**NAMES, most=12, mode="simulate"), "12 at a time, simulated"),
        (
            ConcurrencyLimit(**NAMES, most=1, selection=Selection(callers=tuple("abcde"))),
            "1 at a time, callers a, b, c and 2 more",
        ),
        (
            ConcurrencyLimit(
                **NAMES,
                most=1,
                selection=Selection(callers=("a",), others=True, each=True, entrance="/b"),
            ),
            "1 at a time, each of callers but a from /b",
        ),
        (
            ConcurrencyLimit(**NAMES, most=1, selection=Selection(others=True)),
            "1 at a time, callers with a name",
        ),
        (HotLimit(**NAMES, param=USER, threshold=5.0, burst=2.0), "5 in 1 s and 2 at once for "),
        (
            HotLimit(**NAMES, param=USER, threshold=5.0, behaviour=PACE, items=(("a", 1.0),)),
            "5 in 1 s, queue 0 ms for each header x-user, 1 with thresholds of their own",
        ),
        (
            HotLimit(**NAMES, param=Param(source="host"), threshold=5.0, behaviour=INFLIGHT),
            "5 at a time for each host",
        ),
        (
            CircuitBreaker(**BREAKER, strategy_kind="slow-ratio", threshold=0.45, slow_ms=350.0),
            "opens for 8 s at 45% over 350 ms of 6 or more calls in 20 s",
        ),
        (
            CircuitBreaker(**BREAKER, strategy_kind="error-count", threshold=3.0),
            "opens for 8 s at 3 errors of",
        ),
        (
            CircuitBreaker(**BREAKER, strategy_kind="error-ratio", threshold=0.005),
            "opens for 8 s at 0.5% errors of",
        ),
        (Authority(**NAMES, names=("web",), allow=True), "only callers web"),
        (Authority(**NAMES, names=("web",), allow=False), "not callers web"),
    ],
)
def test_a_rule_is_read_in_one_line(rule, words):
    """In a status, and where doctor lists what is in force."""
    assert worded(rule).startswith(words)
