"""Gates under a clock that a test moves, and rules with few words."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from fairlead.flow.arena import _KEPT, OPEN
from fairlead.flow.gate import Entry
from fairlead.flow.gates import Gates
from fairlead.flow.pooling import Pool
from fairlead.policy.breaker import ERROR_RATIO, CircuitBreaker
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import Authority, ConcurrencyLimit, HotLimit, RateLimit, Throttle, Window
from fairlead.policy.rule import Rule

MS = 1_000_000
SECOND = 1000 * MS


class World:
    """All gates of a process, at a time of its own in milliseconds."""

    pure = False
    """Whether they are interpreted; a test that uses the fixture `form` has both."""

    def __init__(self, *rules: Rule, at: float = 10_000_000.0, **options: Any) -> None:
        self.start = int(at * MS)
        self.time = self.start
        self.changes: list[tuple[str, str, str]] = []
        options = {"pure": self.pure, "listener": self._hear, **options}
        self.gates = Gates(clock=lambda: self.time, **options)
        self.gates.apply(flow(*rules))

    def _hear(self, rule: Rule, resource: str, before: str, after: str) -> None:
        self.changes.append((rule.strategy, before, after))

    def at(self, ms: float) -> None:
        """Go to so many milliseconds after the start."""
        self.time = self.start + int(ms * MS)

    def enter(self, name: str = "f", n: int = 1, facts: Any = None, prio: bool = False) -> Entry:
        return self.gates.gate(name).enter(n, facts, prio)

    def passes(self, name: str = "f", times: int = 1, n: int = 1, facts: Any = None) -> int:
        """Return how many of so many calls pass that end at once."""
        passed = 0
        for _ in range(times):
            entry = self.enter(name, n, facts)
            passed += entry.refused is None
            entry.exit()
        return passed

    def call(self, ms: float = 0, *, failed: bool = False, name: str = "f", out: Any = None) -> str:
        """Return why a call is refused that would take so long, ``""`` for one that passes."""
        entry = self.enter(name)
        if entry.refused is not None:
            return str(entry.refused.reason)
        self.time += int(ms * MS)
        entry.exit(failed, out)
        return ""


def pool(folder: Path, name: str = "arena") -> Pool:
    """Return where a worker meets others that have the same folder and name."""
    return Pool(lambda: str(folder / name), (1, 2), time.sleep)


def close_arenas() -> None:
    """Close what pools have opened: a test ends, and its process lives on."""
    for arena in tuple(OPEN.values()):
        arena.abandon()
    _KEPT.clear()


def flow(*rules: Rule) -> FlowRules:
    """Return rules of any kind as a snapshot holds them."""

    def of(kind: type) -> tuple[Any, ...]:
        return tuple(rule for rule in rules if isinstance(rule, kind))

    return FlowRules(
        authorities=of(Authority),
        hot_limits=of(HotLimit),
        rate_limits=of(RateLimit),
        throttles=of(Throttle),
        concurrency_limits=of(ConcurrencyLimit),
        breakers=of(CircuitBreaker),
    )


def rate(
    threshold: float, ms: int = 1000, *, buckets: int = 0, resource: str = "f", **more: Any
) -> RateLimit:
    window = Window(threshold=threshold, window_ms=ms, buckets=buckets)
    return RateLimit(**_named("rate", resource, more), **{"windows": (window,), **more})


def cap(most: int, resource: str = "f", **more: Any) -> ConcurrencyLimit:
    return ConcurrencyLimit(**_named("cap", resource, more), most=most, **more)


def breaker(
    threshold: float, kind: str = ERROR_RATIO, resource: str = "f", **more: Any
) -> CircuitBreaker:
    usual: dict[str, Any] = {"recovery_ms": 5000, "min_requests": 1, "window_ms": 10_000}
    return CircuitBreaker(
        **_named("breaker", resource, more),
        strategy_kind=kind,
        threshold=threshold,
        **{**usual, **more},
    )


def throttle(threshold: float, queue_ms: int, ms: int = 1000, **more: Any) -> Throttle:
    resource = more.pop("resource", "f")
    named = _named("throttle", resource, more)
    return Throttle(**named, threshold=threshold, window_ms=ms, queue_ms=queue_ms, **more)


def _named(strategy: str, resource: str, more: dict[str, Any]) -> dict[str, Any]:
    return {
        "rule": more.pop("rule", "FaultToleranceRule/r"),
        "strategy": more.pop("strategy", strategy),
        "resource": resource,
    }
