"""Made-up measurements: interfaces of all sorts over a day, reproducible."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from fairlead.control.telemetry.packed import Packed, pack
from fairlead.policy.buckets import BOUNDS, BUCKETS
from fairlead.protocols.watch.report import InterfaceReport

SLOTS = 360
"""Of ten seconds, in an hour."""


def hour(dice: random.Random) -> list[Packed]:
    """Return an hour of one interface: 0.1 to 200 calls a second, of 1 to 300 ms (median)."""
    rate = math.exp(dice.uniform(math.log(0.1), math.log(200)))
    middle = math.exp(dice.uniform(math.log(0.001), math.log(0.3)))
    spread = dice.uniform(0.3, 0.9)
    shares = _shares(middle, spread)
    return [_slot(dice, rate * 10, shares, middle) for _ in range(SLOTS)]


def interface(number: int, calls: int, dice: random.Random) -> InterfaceReport:
    """Return what one interface did in the time of a report."""
    middle = math.exp(dice.uniform(math.log(0.001), math.log(0.3)))
    rt = _counts(dice, calls, _shares(middle, 0.6))
    while rt and not rt[-1]:
        rt.pop()
    return InterfaceReport(
        name=f"GET:/interface/{number}/{{id}}",
        side="server",
        lane="",
        passed=calls,
        rejected=0,
        simulated=0,
        errors=calls // 200,
        rt=tuple(rt),
        rt_sum=round(calls * middle * 1.2, 6),
        inflight=dice.randrange(3),
        peak=dice.randrange(1, 6),
    )


def _slot(dice: random.Random, mean: float, shares: Sequence[float], middle: float) -> Packed:
    calls = max(0, round(dice.gauss(mean, math.sqrt(mean))))
    rt = _counts(dice, calls, shares)
    took = int(calls * middle * dice.uniform(1.1, 1.3) * 1e6)
    peak = dice.randrange(1, 8) * 10_000
    errors = sum(dice.random() < 0.002 for _ in range(min(calls, 500)))
    return pack((calls, 0, errors, took, peak, 0, 0, 0, 0), rt)


def _counts(dice: random.Random, calls: int, shares: Sequence[float]) -> list[int]:
    """Return how many calls fall into each bucket, about as chance has it."""
    found = [0] * BUCKETS
    for place, share in enumerate(shares):
        mean = calls * share
        if mean > 30:
            found[place] = max(0, round(dice.gauss(mean, math.sqrt(mean))))
        elif mean > 0.001:
            # Poisson's, by multiplication.
            limit, product = math.exp(-mean), dice.random()
            while product > limit:
                found[place] += 1
                product *= dice.random()
    return found


def _shares(middle: float, spread: float) -> list[float]:
    """Return the part of calls in each bucket where times are spread log-normally."""
    below = [0.5 * math.erfc(-math.log(b / middle) / spread / math.sqrt(2)) for b in BOUNDS]
    return [high - low for low, high in zip([0.0, *below], [*below, 1.0], strict=True)]
