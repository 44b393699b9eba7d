"""From rounds with and without the agent to what it costs, and how sure that is. Pure.

A round without and the round with that follows it are a pair: whatever else the machine did then
slowed both. The interval is Student's, 95 %, of the differences of the pairs.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""Quantiles of Student's distribution at 0.975, by degrees of freedom from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What was measured between one start of the app and its end. Times are in seconds."""

    latencies: tuple[float, ...]
    """Of the requests that were answered, sorted."""
    cpu: float
    """Of all processes of the app, while they were answered."""
    failures: int
    """Requests without an answer, or with a status from 500 on."""
    statuses: tuple[tuple[int, int], ...]
    """How often each status was answered."""
    seconds: float
    """From the first request to the last answer."""
    late: float
    """The part of requests that could not be sent in time."""

    def quantile(self, part: float) -> float:
        """Return the latency that `part` of the requests were not above."""
        return self.latencies[min(len(self.latencies) - 1, int(part * len(self.latencies)))]

    @property
    def cpu_each(self) -> float:
        """CPU seconds a request."""
        return self.cpu / len(self.latencies)

    @property
    def rate(self) -> float:
        """Requests a second that were answered."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a figure is without the agent, with it, and what it adds."""

    name: str
    without: float
    """Mean of the rounds."""
    with_agent: float
    value: float
    """Mean of what the agent added in each pair of rounds."""
    margin: float
    """Half of the interval around `value` that the truth is in, 19 times of 20."""
    noise: float
    """Standard deviation between rounds without the agent: what the machine does by itself."""

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.value - self.margin

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.value + self.margin

    @property
    def told_apart(self) -> bool:
        """Whether it is more than noise, in either direction."""
        return self.low > 0 or self.high < 0

    @property
    def percent(self) -> float:
        """What it adds, in parts of a hundred of what there was."""
        return 100 * self.value / self.without if self.without else 0.0


FIGURES: tuple[tuple[str, Callable[[Round], float]], ...] = (
    ("p50", lambda one: one.quantile(0.50)),
    ("p95", lambda one: one.quantile(0.95)),
    ("p99", lambda one: one.quantile(0.99)),
    ("mean", lambda one: statistics.fmean(one.latencies)),
    ("cpu", lambda one: one.cpu_each),
)


def compared(pairs: Sequence[tuple[Round, Round]]) -> list[Difference]:
    """Return each figure of `pairs` of a round without and one with the agent, at least two."""
    return [_difference(name, pairs, figure) for name, figure in FIGURES]


def _difference(
    name: str, pairs: Sequence[tuple[Round, Round]], figure: Callable[[Round], float]
) -> Difference:
    before = [figure(without) for without, _ in pairs]
    after = [figure(with_agent) for _, with_agent in pairs]
    added = [new - old for old, new in zip(before, after, strict=True)]
    count = len(added)
    margin = quantile_of(count - 1) * statistics.stdev(added) / count**0.5
    return Difference(
        name=name,
        without=statistics.fmean(before),
        with_agent=statistics.fmean(after),
        value=statistics.fmean(added),
        margin=margin,
        noise=statistics.stdev(before),
    )


def quantile_of(freedom: int) -> float:
    """Return Student's quantile at 0.975 for so many degrees of freedom."""
    return _T[freedom - 1] if freedom <= len(_T) else 1.96
