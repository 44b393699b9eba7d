"""What a person waits for before `fairlead` has done anything: its help, beside an empty Python."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure

ROUNDS = 21
TIMES, MORE = 4, 80.0
"""The help may take so many times what ``python -c pass`` takes, and so many milliseconds more."""

HELP = (str(Path(sys.executable).parent / "fairlead"), "--help")
NOTHING = (sys.executable, "-c", "pass")


def run() -> Iterator[Figure]:
    """Take both by turns, so that whatever else the machine does slows both."""
    helps, nothings = [], []
    # The first of each fills the page cache.
    for number in range(ROUNDS + 1):
        taken = _milliseconds(NOTHING), _milliseconds(HELP)
        if number:
            nothings.append(taken[0])
            helps.append(taken[1])
    middle, empty = statistics.median(helps), statistics.median(nothings)
    note = f"help {middle:.1f} ms, python -c pass {empty:.1f} ms, of {ROUNDS}"
    over = round(middle - TIMES * empty, 1)
    yield Figure(name="cli_help_over_ms", value=over, target=MORE, note=note)


def _milliseconds(command: tuple[str, ...]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1000
