"""From counts to what people read: calls a second, and seconds that they took."""

from __future__ import annotations

from fairlead.control.store import Object
from fairlead.control.telemetry.packed import Sums
from fairlead.policy.buckets import Counts, quantile


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
