"""One worker of an app: it calls, and says at last what it has seen. Started by `rig.py`.

``python -m benchmarks.workers.worker PATH FORM KIND SECONDS AMOUNT`` with KIND ``rate`` (a limit of
so many a second, three times of which is offered), ``busy`` (enter and exit as fast as it can, with
so many rules) or ``hold`` (a few at a time, held for so many seconds).
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import Any

from fairlead.flow.gates import Gates
from fairlead.flow.pooling import Pool
from fairlead.policy.breaker import ERROR_RATIO, SLOW_RATIO, CircuitBreaker
from fairlead.policy.flow_rules import FlowRules
from fairlead.policy.limit import ConcurrencyLimit, RateLimit, Window

MANY = 500_000_000
BOOT = (1, 1)
AT_A_TIME = 16


def rules(number: int, rate: float = MANY, most: int = 1_000_000) -> FlowRules:
    """Return one limit of a rate, or five rules: another one, calls at a time, two breakers."""
    named: dict[str, Any] = {"rule": "FaultToleranceRule/r", "resource": f"r{number}"}

    def limit(strategy: str, threshold: float) -> RateLimit:
        window = Window(threshold=threshold, window_ms=1000)
        return RateLimit(**named, strategy=strategy, windows=(window,))

    def breaker(kind: str) -> CircuitBreaker:
        return CircuitBreaker(
            **named, strategy=kind, strategy_kind=kind,
            threshold=0.5, slow_ms=1000.0, recovery_ms=10_000,
        )  # fmt: skip

    if number == 1:
        return FlowRules(rate_limits=(limit("a", rate),))
    return FlowRules(
        rate_limits=(limit("a", rate), limit("b", MANY)),
        concurrency_limits=(ConcurrencyLimit(**named, strategy="c", most=most),),
        breakers=(breaker(SLOW_RATIO), breaker(ERROR_RATIO)),
    )


def gates(path: str, form: str) -> Gates:
    """Return gates of a form that count at `path` with others; alone where there is no path."""
    pool = Pool(lambda: path, BOOT, time.sleep) if path else None
    found = Gates(pure=form == "pure", pool=pool)
    if form == "compiled" and found.interpreted:
        raise RuntimeError(found.interpreted)
    return found


def offer(made: Gates, seconds: float, rate: float) -> dict[str, Any]:
    """Offer three times the limit of `rate`, among eight workers; count by aligned seconds."""
    made.apply(rules(1, rate))
    gate, passed = made.gate("r1"), Counter[int]()
    every = int(8 / (3 * rate) * 1e9)
    due = time.monotonic_ns()
    end = due + int(seconds * 1e9)
    while due < end:
        if (ahead := due - time.monotonic_ns()) > 0:
            time.sleep(ahead / 1e9)
        due += every
        with gate.enter() as entry:
            if entry.refused is None:
                passed[entry.started // 1_000_000_000] += 1
    return {"passed": passed}


def busy(made: Gates, seconds: float, number: float) -> dict[str, Any]:
    """Enter and exit."""
    made.apply(rules(int(number)))
    gate, calls = made.gate(f"r{int(number)}"), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _ in range(200):
            gate.enter().exit()
        calls += 200
    return {"calls": calls}


def hold(made: Gates, seconds: float, pause: float) -> dict[str, Any]:
    """Hold a place for a moment; say each quarter of a second how many were had."""
    made.apply(rules(5, most=AT_A_TIME))
    gate, passed = made.gate("r5"), 0
    end = time.monotonic() + seconds
    said = 0.0
    while (now := time.monotonic()) < end:
        entry = gate.enter()
        passed += entry.refused is None
        if pause:
            time.sleep(pause)
        entry.exit()
        if now > said + 0.25:
            said = now
            print(passed, flush=True)
    return {"calls": passed}


def main(path: str, form: str, kind: str, seconds: str, amount: str) -> None:
    """Do what is asked, and print what came of it."""
    does = {"rate": offer, "busy": busy, "hold": hold}[kind]
    print(json.dumps(does(gates(path, form), float(seconds), float(amount))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
