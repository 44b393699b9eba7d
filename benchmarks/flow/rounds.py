"""Rounds in which every case of every program has its turn, in an order of chance.

What slows the machine down for longer than a turn meets all of them, so that two cases are compared
within each round: a ratio is the median of those of the rounds.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterable, Mapping

from benchmarks.flow.programs import Absent, Program, Started

ROUNDS = 31
SETTLING = 8.0
"""Seconds of turns that do not count: Sentinel Java looks every three seconds how busy it is."""

SLICE_NS = 400_000
"""What a slice should take: shorter than what a scheduler gives at a time."""


class Rounds:
    """What was measured, by case; one number per round."""

    def __init__(self) -> None:
        self.found: dict[str, list[float]] = {}
        self.absent: dict[str, str] = {}
        """Cases that could not be measured, with the reason."""

    def median(self, case: str) -> float | None:
        """Return the nanoseconds of one operation."""
        found = self.found.get(case)
        return statistics.median(found) if found else None

    def ratio(self, case: str, other: str) -> float | None:
        """Return how many times as long as `other` a case takes."""
        pairs = zip(self.found.get(case, ()), self.found.get(other, ()), strict=False)
        ratios = [mine / theirs for mine, theirs in pairs]
        return statistics.median(ratios) if ratios else None


def run(programs: Iterable[Program], rounds: int = ROUNDS) -> Rounds:
    """Measure all of `programs` together."""
    result = Rounds()
    started: dict[str, Started] = {}
    try:
        for program in programs:
            try:
                running = Started(program)
            except Absent as error:
                result.absent.update(dict.fromkeys(program.cases, str(error)))
                continue
            started.update(dict.fromkeys(program.cases, running))
        _measure(started, rounds, result)
    finally:
        for running in {id(one): one for one in started.values()}.values():
            running.end()
    return result


def _measure(started: Mapping[str, Started], rounds: int, result: Rounds) -> None:
    operations = {case: _operations(program, case) for case, program in started.items()}
    cases = list(operations)
    settled = time.monotonic() + SETTLING
    while time.monotonic() < settled:
        for case in cases:
            started[case].ask(case, operations[case])
    for _ in range(rounds):
        random.shuffle(cases)
        for case in cases:
            found = started[case].ask(case, operations[case])
            result.found.setdefault(case, []).append(found)


def _operations(program: Started, case: str) -> int:
    """Return how many operations a slice has."""
    return max(20, int(SLICE_NS / program.ask(case, 100)))
