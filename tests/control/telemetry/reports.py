"""Reports as agents make them, and time that tests move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fairlead.control.clocks import Clocks
from fairlead.policy.buckets import BOUNDS
from fairlead.protocols.watch.report import (
    EdgeReport,
    InterfaceReport,
    Report,
    RequestReport,
    RuleReport,
)

START = 1_790_000_000.0
"""A moment at which a slot begins, of a second, of ten and of an hour."""


@dataclass
class Time:
    """The clocks of a control plane, stopped."""

    now: float = START

    @property
    def clocks(self) -> Clocks:
        return Clocks(
            elapsed=lambda: self.now, now=lambda: datetime.fromtimestamp(self.now, tz=UTC)
        )


def times(calls: int, seconds: float) -> tuple[int, ...]:
    """So many calls that took so long, by bucket."""
    bucket = next(i for i, bound in enumerate(BOUNDS) if seconds <= bound)
    return (0,) * bucket + (calls,)


NO_CALLS: dict[str, Any] = dict.fromkeys(("rejected", "simulated", "errors", "inflight"), 0)
NO_TROUBLE: dict[str, Any] = dict.fromkeys(("lost", "errors", "fallbacks", "retries"), 0)


def interface(name: str = "GET:/orders", passed: int = 10, **more: Any) -> InterfaceReport:
    """One interface; every call took 20 ms."""
    fields: dict[str, Any] = {"name": name, "passed": passed, "side": "server", "lane": ""}
    fields |= {"peak": 1, "rt": times(passed, 0.02), "rt_sum": passed * 0.018, **NO_CALLS}
    return InterfaceReport(**{**fields, **more})


def edge(to: str, calls: int = 10, **more: Any) -> EdgeReport:
    fields: dict[str, Any] = {"to": to, "calls": calls, "label": "", "lane": "", **NO_TROUBLE}
    fields |= {"rt": times(calls, 0.05), "rt_sum": calls * 0.05}
    return EdgeReport(**{**fields, **more})


def request(interface: str = "GET:/orders", **more: Any) -> RequestReport:
    fields: dict[str, Any] = dict.fromkeys(("lane", "caller", "trace", "rule", "reason"), "")
    fields |= {"at": START, "method": "GET", "interface": interface, "status": 200}
    return RequestReport(**{**fields, "seconds": 0.01, "simulated": False, **more})


def rule(name: str = "RateLimit/slow", rejected: int = 5, **more: Any) -> RuleReport:
    fields: dict[str, Any] = {"rule": name, "rejected": rejected, "simulated": 0}
    fields |= {"resource": "GET:/orders", "reason": "rate"}
    return RuleReport(**{**fields, **more})


def report(
    seq: int,
    interfaces: Sequence[InterfaceReport] = (),
    *,
    seconds: float = 10.0,
    **more: Any,
) -> Report:
    """The `seq`-th report of a process of the app orders."""
    fields: dict[str, Any] = {"node": "n1", "namespace": "shop", "app": "orders"} | more
    return Report(seq=seq, seconds=seconds, interfaces=tuple(interfaces), **fields)
