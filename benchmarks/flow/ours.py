"""Our gate in one of its forms, answering the protocol of `benchmarks.peers`.

``python -m benchmarks.flow.ours compiled`` or ``pure``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

from benchmarks.peers.answering import answer
from fairlead.agent.guard import guard
from fairlead.agent.handle import handle
from fairlead.flow.gates import Gates
from fairlead.policy.breaker import ERROR_RATIO, SLOW_RATIO, CircuitBreaker
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Window

MANY = 500_000_000

STATEMENTS = {
    "0": "gate_0.enter().exit()",
    "1": "gate_1.enter().exit()",
    "5": "gate_5.enter().exit()",
    "5_with": "with gate_5.enter(): work()",
    "5_guard_with": "with guard('5'): work()",
    "5_guard_async_with": "async with guard('5'): await awork()",
    "5_decorator": "guarded_work()",
    "5_decorator_async": "await guarded_awork()",
    "5_rejected": "full.enter()",
}
"""What an application or an instrument does, by the end of the case's name."""

FLOORS = {
    "monotonic": "monotonic_ns()",
    "work": "work()",
    "awork": "await awork()",
}
"""What is in the others already: two looks at the clock, and the function that is called."""


def cases(form: str) -> tuple[str, ...]:
    """Return the names of the cases of a form."""
    floors = FLOORS if form == "pure" else ()
    return (*(f"ours_{form}_{name}" for name in STATEMENTS), *floors)


def rules(resource: str, number: int, most: float = MANY) -> FlowRules:
    """Return one limit of a rate, or five rules: another one, calls at a time, two breakers."""
    named: dict[str, Any] = {"rule": "FaultToleranceRule/r", "resource": resource}

    def rate(strategy: str, threshold: float) -> RateLimit:
        window = Window(threshold=threshold, window_ms=1000)
        return RateLimit(**named, strategy=strategy, windows=(window,))

    def breaker(kind: str) -> CircuitBreaker:
        return CircuitBreaker(
            **named, strategy=kind, strategy_kind=kind,
            threshold=0.5, slow_ms=1000.0, recovery_ms=10_000,
        )  # fmt: skip

    if number == 1:
        return FlowRules(rate_limits=(rate("a", most),))
    return FlowRules(
        rate_limits=(rate("a", most), rate("b", 2 * most)),
        concurrency_limits=(ConcurrencyLimit(**named, strategy="c", most=1_000_000),),
        breakers=(breaker(SLOW_RATIO), breaker(ERROR_RATIO)),
    )


def work() -> int:
    """Do nothing, and succeed."""
    return 1


async def awork() -> int:
    """Do the same in the event loop."""
    return 1


def gates(form: str) -> Gates:
    """Return gates of a form, without rules. Raises RuntimeError where there is none of it."""
    made = Gates(pure=form == "pure")
    if form == "compiled" and made.interpreted:
        raise RuntimeError(made.interpreted)
    return made


async def make(form: str) -> Mapping[str, Any]:
    """Return what STATEMENTS speak of: gates of 0, 1 and 5 rules, and one that is full."""
    found = gates(form)
    one, five, full = rules("1", 1), rules("5", 5), rules("full", 5, most=0)
    found.apply(
        FlowRules(
            rate_limits=(*one.rate_limits, *five.rate_limits, *full.rate_limits),
            concurrency_limits=(*five.concurrency_limits, *full.concurrency_limits),
            breakers=(*five.breakers, *full.breakers),
        )
    )
    handle("5").gate = found.gate("5")  # as an agent would be asked for it
    named = {f"gate_{number}": found.gate(number) for number in ("0", "1", "5")}
    return {
        **named,
        "full": found.gate("full"),
        "guard": guard,
        "guarded_work": guard("5")(work),
        "guarded_awork": guard("5")(awork),
        "work": work,
        "awork": awork,
        "monotonic_ns": time.monotonic_ns,
    }


def main(form: str) -> None:
    """Answer for `form`."""
    statements = {f"ours_{form}_{name}": text for name, text in STATEMENTS.items()}
    answer(statements | (FLOORS if form == "pure" else {}), lambda: make(form))


if __name__ == "__main__":
    main(sys.argv[1])
