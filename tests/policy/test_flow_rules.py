"""What of a sender's rules an agent cannot enforce, and says so instead of trying."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fairlead.policy.breaker import CircuitBreaker
from fairlead.policy.fallback import Fallback
from fairlead.policy.flow_rules import FlowRules, problem
from fairlead.policy.limit import (
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
from fairlead.policy.rule import Rule

NAMES: dict[str, Any] = {"rule": "r", "strategy": "s", "resource": "/a"}
NAN, INF = float("nan"), float("inf")

WINDOW = Window(threshold=5.0, window_ms=1000)
RATE = RateLimit(**NAMES, windows=(WINDOW,))
PACE = Throttle(**NAMES, threshold=1.0, window_ms=40, queue_ms=0)
MOST = ConcurrencyLimit(**NAMES, most=0)
HOT = HotLimit(**NAMES, param=Param(source="host"), threshold=5.0)
BREAKER = CircuitBreaker(**NAMES, strategy_kind="slow-ratio", threshold=1.0, recovery_ms=1)
CALLERS = Authority(**NAMES, names=(), allow=True)
SCALE = MemoryScale(low_threshold=9.0, high_threshold=2.0, low_bytes=1, high_bytes=2)


@pytest.mark.parametrize("rule", [RATE, PACE, MOST, HOT, BREAKER, CALLERS], ids=type)
def test_what_is_enforceable_has_no_problem(rule: Rule) -> None:
    """Zero thresholds and empty lists among it: they reject all, as they say."""
    assert problem(rule) is None
    assert list(FlowRules.of([rule])) == [rule]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (replace(RATE, resource=""), "no resource"),
        (replace(RATE, resource="(", regex=True), "resource: "),
        (replace(RATE, mode="off"), "mode 'off' is none of"),
        (replace(RATE, fallback=Fallback(status=99)), "no status"),
        (replace(RATE, fallback=Fallback(headers=(("a", "b\r\nc: d"),))), "no headers"),
        (replace(RATE, fallback=Fallback(grpc_message="\ud800")), "no headers or no text"),
        (replace(RATE, windows=()), "no window"),
        (replace(RATE, windows=(replace(WINDOW, threshold=NAN),)), "no threshold"),
        (replace(RATE, windows=(replace(WINDOW, threshold=INF),)), "no threshold"),
        (replace(RATE, windows=(replace(WINDOW, threshold=-1.0),)), "no threshold"),
        (replace(RATE, windows=(replace(WINDOW, window_ms=0),)), "no window"),
        (replace(RATE, windows=(replace(WINDOW, window_ms=10**12),)), "no window"),
        (replace(RATE, windows=(replace(WINDOW, buckets=3),)), "buckets that do not divide"),
        (replace(RATE, windows=(WINDOW, WINDOW), memory=SCALE), "more than one with a warm-up"),
        (replace(RATE, memory=replace(SCALE, low_bytes=2)), "low mark"),
        (replace(RATE, memory=replace(SCALE, high_threshold=NAN)), "no threshold"),
        (replace(RATE, warm_up=WarmUp(period_ms=0)), "no window"),
        (replace(RATE, warm_up=WarmUp(period_ms=1, cold_factor=1.0)), "cold factor"),
        (replace(RATE, warm_up=WarmUp(period_ms=1, cold_factor=NAN)), "cold factor"),
        (replace(PACE, threshold=NAN), "no threshold"),
        (replace(PACE, queue_ms=10**12), "no window or no pause"),
        (replace(PACE, burst=0.5), "a burst"),
        (replace(MOST, most=-1), "no threshold"),
        (replace(HOT, threshold=INF), "no threshold"),
        (replace(HOT, items=(("a", NAN),)), "no threshold"),
        (replace(HOT, behaviour="x"), "is unknown"),
        (replace(BREAKER, strategy_kind="x"), "is unknown"),
        (replace(BREAKER, threshold=1.5), "a ratio is at most 1"),
        (replace(BREAKER, threshold=NAN), "no threshold"),
        (replace(BREAKER, recovery_ms=0), "no pause"),
        (replace(BREAKER, probes=0), "no pause"),
        (replace(BREAKER, buckets=0), "no number of buckets"),
        (replace(BREAKER, slow_ms=NAN), "no time that is slow"),
        (replace(BREAKER, slow_ms=-1.0), "no time that is slow"),
    ],
)
def test_what_no_gate_could_do_is_named(rule: Rule, words: str) -> None:
    """The snapshot is refused with it, and what was in force stays."""
    assert words in (problem(rule) or "")
