"""How much memory the process uses, for thresholds that fall as it fills."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

STATM = Path("/proc/self/statm")
HOLDS = 0.15
"""Seconds for which a reading is good enough (Sentinel samples as often)."""


def resident() -> int:
    """Return the bytes of memory that are in use; where the kernel does not say, the most ever."""
    try:
        return int(STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        import resource  # not everywhere

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def sampled(
    read: Callable[[], int] = resident, clock: Callable[[], float] = time.monotonic
) -> Callable[[], int]:
    """Return what reads at most once in HOLDS seconds, however many rules ask."""
    last = [-HOLDS, 0]

    def memory() -> int:
        now = clock()
        if not 0 <= now - last[0] < HOLDS:
            last[:] = now, read()
        return int(last[1])

    return memory
