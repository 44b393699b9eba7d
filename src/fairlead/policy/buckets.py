"""Buckets of response times: what gates count in, agents report and control planes add up.

Every bound that OpenTelemetry advises for durations is one of them, so that its histogram is a sum
of these. Neighbours differ by half at most: a quantile is told to a fifth.
"""

from __future__ import annotations

from collections.abc import Sequence

BOUNDS = (
    *(0.0001, 0.00015, 0.0002, 0.00025, 0.00035, 0.0005, 0.00075),
    *(0.001, 0.0015, 0.002, 0.0025, 0.0035, 0.005, 0.0075),
    *(0.01, 0.015, 0.02, 0.025, 0.035, 0.05, 0.075),
    *(0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75),
    *(1.0, 1.5, 2.0, 2.5, 3.5, 5.0, 7.5),
    *(10.0, 15.0, 20.0, 30.0, 60.0),
)
"""Seconds: bucket `i` has times above ``BOUNDS[i - 1]`` up to ``BOUNDS[i]``; the last, the rest."""

BOUNDS_NS = tuple(round(bound * 1_000_000_000) for bound in BOUNDS)

BUCKETS = len(BOUNDS) + 1

Counts = tuple[int, ...]
"""Calls by bucket; zeros at the end may be missing."""


def quantile(counts: Sequence[int], share: float) -> float | None:
    """Return the seconds that `share` (0 to 1) of the calls took at most, None of no calls.

    Within a bucket calls are taken to be spread evenly; of the last it is known where it begins.
    """
    rank = share * sum(counts)
    if not any(counts):
        return None
    seen = 0
    for i, count in enumerate(counts):
        if count and seen + count >= rank:
            low = BOUNDS[i - 1] if i else 0.0
            high = BOUNDS[i] if i < len(BOUNDS) else low
            return low + (high - low) * max(0.0, rank - seen) / count
        seen += count
    return BOUNDS[-1]
