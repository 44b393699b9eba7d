"""What is simulated: services, and courses of load. Some for tuning, others held out.

Nothing in `fairlead.flow.overload` was chosen by what HELD_OUT showed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

from benchmarks.overload.machine import REJECTION, Kind, Phase, Service, loop, shared
from benchmarks.overload.pooled import pooled

CALM = 0.6
"""Share of the capacity that is offered before the step."""


@dataclass(frozen=True, slots=True)
class Set:
    """A server that is offered requests of one distribution."""

    name: str
    kind: Kind
    cores: int
    mean: float
    """Seconds of a core that a request needs on average."""
    service: Service
    seeds: tuple[int, ...]
    waits: float = 0.0
    """Seconds that a request waits for others on average, which takes no processor."""

    @property
    def capacity(self) -> float:
        """Requests a second that it can serve."""
        return self.cores / self.mean

    @property
    def processors(self) -> int:
        """Cores that a protection knows of: connections are none."""
        return 1 if self.kind is pooled else self.cores

    def most(self, phase: Phase) -> float:
        """Return how many requests a second are served at best where those of a phase come."""
        spent = 0.0 if self.kind is pooled else REJECTION
        return (phase.cores - phase.rate * spent) / (self.mean - spent)


def lognormal(mean: float, sigma: float = 1.0) -> Service:
    """Most are short, some long; the 99th percentile is six times the mean."""
    mu = log(mean) - sigma * sigma / 2
    return lambda random: random.lognormvariate(mu, sigma)


def always(seconds: float) -> Service:
    """The same each time."""
    return lambda _: seconds


def exponential(mean: float) -> Service:
    """As long as it happens to be."""
    return lambda random: random.expovariate(1 / mean)


def bimodal(mean: float, share: float, times: float) -> Service:
    """Of two sorts: a `share` takes so many `times` as long as the others."""
    short = mean / (1 - share + share * times)
    return lambda random: short * times if random.random() < share else short


def heavy(mean: float, alpha: float = 2.2) -> Service:
    """Pareto's: without a usual length, cut at a hundred means."""
    least = mean * (alpha - 1) / alpha
    return lambda random: min(least * random.paretovariate(alpha), mean * 100)


def course(one: Set, load: float) -> tuple[Phase, ...]:
    """Eight seconds of calm, then ten of `load` times the capacity."""
    return (
        Phase(8, CALM * one.capacity, one.cores, False, one.waits),
        Phase(10, load * one.capacity, one.cores, True, one.waits),
    )


def halving(one: Set) -> tuple[Phase, ...]:
    """Twice what it can do, and four seconds later four times, as half of the cores are lost."""
    rate = 2 * one.capacity
    return (
        *(
            Phase(8, CALM * one.capacity, one.cores, False, one.waits),
            Phase(4, rate, one.cores, False, one.waits),
        ),
        Phase(10, rate, one.cores / 2, True, one.waits),
    )


def cold(one: Set) -> tuple[Phase, ...]:
    """Ten times what it can do from the first moment on."""
    return (Phase(10, 10 * one.capacity, one.cores, True, one.waits),)


TRAINING = (
    Set("threads, lognormal", shared, 2, 0.005, lognormal(0.005), (1, 2, 3)),
    Set("threads, two sorts", shared, 2, 0.005, bimodal(0.005, 0.1, 20), (4, 5)),
    Set("threads, exponential, 4 cores", shared, 4, 0.005, exponential(0.005), (6, 7)),
    Set("threads, lognormal, 8 cores", shared, 8, 0.005, lognormal(0.005), (15, 16)),
    Set("threads, waiting 50 ms", shared, 2, 0.005, lognormal(0.005), (13, 14), 0.05),
    Set("loop, lognormal", loop, 1, 0.005, lognormal(0.005), (8, 9, 10)),
    Set("loop, exponential", loop, 1, 0.005, exponential(0.005), (11, 12)),
    Set("pool of 10, 50 ms", pooled, 10, 0.05, always(0.05), (17, 18)),
    Set("pool of 10, lognormal 50 ms", pooled, 10, 0.05, lognormal(0.05, 0.5), (19, 20)),
    Set("pool of 1, 10 ms", pooled, 1, 0.01, lognormal(0.01, 0.3), (21, 22)),
    Set("pool of 40, exponential 20 ms", pooled, 40, 0.02, exponential(0.02), (23, 24)),
    Set("pool of 4, lognormal 100 ms", pooled, 4, 0.1, lognormal(0.1, 0.5), (25, 26)),
)

HELD_OUT = (
    Set("threads, lognormal", shared, 2, 0.005, lognormal(0.005), (301, 302, 303)),
    Set("threads, 1 core", shared, 1, 0.004, lognormal(0.004), (304, 305, 306)),
    Set("threads, 3 cores", shared, 3, 0.006, lognormal(0.006), (307, 308)),
    Set("threads, 16 cores, exponential", shared, 16, 0.01, exponential(0.01), (309, 310)),
    Set("threads, heavy tail", shared, 4, 0.005, heavy(0.005, 2.1), (311, 312)),
    Set("threads, two sorts", shared, 2, 0.005, bimodal(0.005, 0.2, 12), (313, 314)),
    Set("threads, 15 ms", shared, 2, 0.015, lognormal(0.015, 0.7), (315, 316)),
    Set("threads, waiting 40 ms", shared, 4, 0.004, lognormal(0.004), (317, 318), 0.04),
    Set("loop, lognormal", loop, 1, 0.005, lognormal(0.005), (319, 320, 321)),
    Set("loop, two sorts", loop, 1, 0.004, bimodal(0.004, 0.05, 15), (322, 323)),
    Set("loop, 12 ms", loop, 1, 0.012, lognormal(0.012, 0.7), (324, 325)),
    Set("pool of 8, lognormal 30 ms", pooled, 8, 0.03, lognormal(0.03, 0.6), (326, 327)),
    Set("pool of 20, exponential 40 ms", pooled, 20, 0.04, exponential(0.04), (328, 329)),
    Set("pool of 2, two sorts", pooled, 2, 0.01, bimodal(0.01, 0.1, 8), (330, 331)),
)


def slower(one: Set) -> tuple[Phase, ...]:
    """Half of what it can do, while those that it calls come to need ten times as long."""
    rate = 0.5 * one.capacity
    return (
        Phase(8, rate, one.cores, False, 0.02),
        Phase(10, rate, one.cores, True, 0.2),
    )
