"""PID: a rate of requests that follows how busy the process is. Sentinel's proposal of 2019.

``e = target - busy``; ``u += Kp (e - e1) + Ki e + Kd (e - 2 e1 + e2)`` with each sample, and a
bucket of tokens that fills at the rate `u` (Sentinel, pull request 1007). Its gains are in requests
a second for one machine; here they are shares of what the process was seen to do, as no two
processes do the same.
"""

from __future__ import annotations

from math import inf

KP, KI, KD = 0.4, 0.2, 0.0
"""Tuned by hand on the training sets of benchmarks/overload."""

LEAST = 0.05
"""Share of the best rate that is let in whatever happens, or nothing would be seen any more."""


class PID:
    """Holds a process at a share `target` of what it may use."""

    def __init__(self, target: float) -> None:
        self._target = target
        self._errors = (0.0, 0.0)
        self._rate = inf
        self._best = 0.0
        """Requests a second that were completed at best, slowly forgotten."""
        self._done = self._asked = 0
        self._tokens, self._last, self._sampled = 0.0, -inf, -inf

    def sample(self, now: float, busy: float) -> None:
        """Take one step."""
        passed = now - self._sampled
        self._sampled = now
        if not 0 < passed < 10:
            self._done = self._asked = 0
            return
        seen, asked = self._done / passed, self._asked / passed
        self._done = self._asked = 0
        self._best = max(self._best * 0.99**passed, min(seen, self._best * 1.5 or seen))
        error = self._target - busy
        before, older = self._errors
        self._errors = error, before
        step = KP * (error - before) + KI * error + KD * (error - 2 * before + older)
        if self._rate == inf:
            if error >= 0:
                return
            self._rate = max(seen, 1.0)
        rate = self._rate + step * max(self._best, 1.0)
        self._rate = max(rate, LEAST * self._best, 1.0)
        if error > 0 and self._rate > 2 * asked:
            self._rate = inf  # it limits nobody

    def admits(self, now: float, inside: int, waited: float, spare: float = 0.0) -> bool:
        """Admit while there are tokens."""
        self._asked += 1
        if self._rate == inf:
            return True
        passed, self._last = now - self._last, now
        # A tenth of a second's at once: a second's would be a burst of its own.
        full = max(1.0, self._rate / 10)
        self._tokens = min(self._tokens + max(0.0, passed) * self._rate, full)
        if self._tokens < 1 + spare * (full - 1):
            return False
        self._tokens -= 1
        return True

    def ended(self, now: float, took: float) -> None:
        """Count it."""
        self._done += 1
