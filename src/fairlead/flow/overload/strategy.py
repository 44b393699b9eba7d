"""What a strategy of overload protection is asked and told.

It is pure: time, what the process is doing, and how long a request has waited are arguments. Times
are seconds of a clock that does not go back, from anywhere. Whoever asks holds a lock.
"""

from __future__ import annotations

from typing import Protocol


class Strategy(Protocol):
    """Decides which requests a process has the strength for."""

    def sample(self, now: float, busy: float) -> None:
        """Hear how busy the process is: a share, 1.0 where nothing is left. Some times a second."""

    def admits(self, now: float, inside: int, waited: float, spare: float = 0.0) -> bool:
        """Tell whether a request may begin while `inside` others are under way.

        `waited` are the seconds since it arrived at the machine, 0.0 where nobody knows. The share
        `spare` of what room there is has to stay free, for requests that matter more. A yes counts
        as a request that has begun.
        """

    def ended(self, now: float, took: float) -> None:
        """Hear of the end of a request that was admitted and `took` so many seconds."""


class Smoothed:
    """How busy a process has been of late.

    Sentinel looks once a second, by when a tenfold load has sent a second's requests in.
    What is here is the best for BBR on the training sets of benchmarks/overload.
    """

    __slots__ = ("share",)

    PART = 0.3
    """Of a new sample."""

    def __init__(self) -> None:
        self.share = 0.0

    def take(self, busy: float) -> float:
        """Take a sample in, and return how busy it has been."""
        self.share += self.PART * (busy - self.share)
        return self.share


class Plain:
    """Rejects everything beyond one request at a time while the process is too busy (NONE).

    One is let in, as in Sentinel's BBR: a process that served nobody could not be seen to be busy
    with anything else.
    """

    def __init__(self, threshold: float) -> None:
        """Begin at a share `threshold` of what the process may use."""
        self._threshold = threshold
        self._recent = Smoothed()
        self._over = False

    def sample(self, now: float, busy: float) -> None:
        """Compare."""
        self._over = self._recent.take(busy) >= self._threshold

    def admits(self, now: float, inside: int, waited: float, spare: float = 0.0) -> bool:
        """Admit everybody, or one at a time."""
        return not self._over or inside < 1 - spare

    def ended(self, now: float, took: float) -> None:
        """Nothing is learnt from it."""
