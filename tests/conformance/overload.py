"""Cases of BBR: what room there is, and what is dropped of what comes beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from fairlead.flow.overload.bbr import KratosBBR, SentinelBBR
from tests.conformance.case import Case

LONG = 10_000.0
"""A time in seconds at which a process has been busy for long."""
MOST = 10_000


class Sampled(Protocol):
    """A strategy that hears how busy the process is."""

    def sample(self, now: float, busy: float) -> None:
        """Hear it."""


def room(case: Case) -> Iterator[str]:
    """Ask Kratos' form how many may be under way once it is busy."""
    strategy = _kratos(case.fields["max_pass"], case.fields["min_rt"] / 1000, 0.8)
    _busy(strategy, 1.0)
    found = next(n for n in range(MOST) if not strategy.admits(LONG, n + 1, 0.0))
    yield from _differs(case.fields["expect"], found)


def drops(case: Case) -> Iterator[str]:
    """Ask Kratos' form at one time after another, and as many under way."""
    rule, steps = case.fields["rule"], case.fields["steps"]
    # Parts a second are ten: as many of 100 ms each are under way as complete in one of them.
    strategy = _kratos(rule["max_inflight"], 0.1, rule["cpu_threshold"] / 1000)
    _busy(strategy, steps[0][0] / 1000 + 1e-9)
    for number, (cpu, inside, after, dropped) in enumerate(steps, 1):
        now = LONG + after / 1000
        strategy.sample(now, cpu / 1000 + 1e-9)
        for text in _differs(dropped, not strategy.admits(now, inside, 0.0)):
            yield f"step {number}: {text}"


def sentinel(case: Case) -> Iterator[str]:
    """Hold Sentinel's form against what it measures: a share here, where theirs is the load."""
    for number, check in enumerate(case.fields["checks"], 1):
        scale, bbr = 10.0, check["bbr"]
        strategy = SentinelBBR(check["thr"] / scale)
        _busy(strategy, check["value"] / scale)
        for _ in range(bbr["max_complete"] // SentinelBBR.PARTS):
            strategy.ended(LONG, bbr["min_rt"] / 1000)
        found = "P" if strategy.admits(LONG, bbr["conc"], 0.0) else "B"
        for text in _differs(check["expect"], found):
            yield f"check {number}: {text}"


def _kratos(completed: int, took: float, threshold: float) -> KratosBBR:
    strategy = KratosBBR(threshold)
    for _ in range(completed):
        strategy.ended(LONG - 5.0, took)
    return strategy


def _busy(strategy: Sampled, share: float) -> None:
    for step in range(40):
        strategy.sample(LONG + 60.0 * (step - 40), share)


def _differs(expected: object, found: object) -> Iterator[str]:
    if expected != found:
        yield f"expected {expected}, got {found}"
