"""Work for a processor, and work for others that have to be waited for."""

from __future__ import annotations

import time

CPU_SECONDS = 0.005
"""What one request needs of the processor."""
IO_SECONDS = 0.05
"""How long a query takes of a database with CONNECTIONS connections."""
CONNECTIONS = 10


def _loop(times: int) -> int:
    found = 0
    for i in range(times):
        found ^= i * i
    return found


def _times() -> int:
    """Return how often the loop takes CPU_SECONDS on this machine, at the best of several tries."""
    tried = 20_000
    best = 1e9
    for _ in range(10):
        begun = time.thread_time()
        _loop(tried)
        best = min(best, time.thread_time() - begun)
    return max(1, int(tried * CPU_SECONDS / best))


_TIMES = _times()


def burn() -> int:
    """Use the processor."""
    return _loop(_TIMES)
