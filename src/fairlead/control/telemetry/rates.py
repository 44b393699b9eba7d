"""From counts to what people read: calls a second, and seconds that they took."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

from fairlead.control.store import Object
from fairlead.control.telemetry.packed import Sums
from fairlead.policy.buckets import BOUNDS, Counts, quantile


def per_second(count: int, seconds: float) -> float:
    """Return how often something happens, 0.0 where nothing is known."""
    return round(count / seconds, 3) if seconds > 0 else 0.0


def took(rt: Counts, share: float) -> float | None:
    """Return the seconds that `share` of the calls took at most, None of no calls."""
    seconds = quantile(rt, share)
    return None if seconds is None else round(seconds, 6)


def mean(sums: Sums) -> float | None:
    """Return the seconds that a call took on average, None of no calls."""
    ended = sum(sums.rt)
    return round(sums.rt_us / ended / 1e6, 6) if ended else None


def counted(sums: Sums, seconds: float) -> Object:
    """Return how much came in, and what became of it, a second.

    `qps` is all that came, turned away or not.
    """
    return {
        "qps": per_second(sums.passed + sums.rejected, seconds),
        "errors": per_second(sums.errors, seconds),
        "rejected": per_second(sums.rejected, seconds),
        "simulated": per_second(sums.simulated, seconds),
    }


def quantiles(rt: Counts, shares: Sequence[float]) -> list[float | None]:
    """Return what `took` does of several shares, for graphs of many points."""
    sums = list(accumulate(rt))
    total = sums[-1]
    if not total:
        return [None] * len(shares)
    found: list[float | None] = []
    for share in shares:
        rank = share * total
        place = bisect_left(sums, rank)
        low, high = _EDGES[place : place + 2]
        found.append(round(high - (high - low) * (sums[place] - rank) / rt[place], 6))
    return found


_EDGES = (0.0, *BOUNDS, BOUNDS[-1])
"""Where buckets begin; of the last it is not known where it ends."""
