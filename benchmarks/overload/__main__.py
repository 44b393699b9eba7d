"""Simulate overload, print a table for each set, and write ``build/bench/overload.json``.

Each cell is goodput in % of what any protection could reach, as rejections cost time too, the 99th
percentile of admitted requests in ms, and % rejected. ``--training`` shows the sets that constants
were chosen on; ``--check`` exits 1 where ADAPTIVE misses a target on a set that was held out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from benchmarks.overload.machine import Phase, shared
from benchmarks.overload.sets import HELD_OUT, TRAINING, Set, cold, course, halving, slower
from fairlead.flow.overload.adaptive import Adaptive
from fairlead.flow.overload.bbr import KratosBBR, SentinelBBR
from fairlead.flow.overload.pid import PID
from fairlead.flow.overload.strategy import Plain, Strategy

REPORT = Path("build/bench/overload.json")

OURS = "ADAPTIVE"
THRESHOLD = 0.8

STRATEGIES: dict[str, Callable[[Set], Strategy]] = {
    "nothing": lambda _: Plain(9.0),
    "NONE": lambda _: Plain(THRESHOLD),
    "BBR": lambda _: SentinelBBR(THRESHOLD),
    "KRATOS_BBR": lambda _: KratosBBR(THRESHOLD),
    "PID": lambda _: PID(THRESHOLD),
    OURS: lambda one: Adaptive(one.processors),
}

COURSES: dict[str, Callable[[Set], tuple[Phase, ...]]] = {
    "0.7x": lambda one: course(one, 0.7),
    "2x": lambda one: course(one, 2),
    "5x": lambda one: course(one, 5),
    "10x": lambda one: course(one, 10),
    "halved": halving,
    "cold 10x": cold,
    "slow callee": slower,
}
"""The last one is for servers with threads: the others wait for nobody else."""
STEPS = ("2x", "5x", "10x")
RIVALS = ("BBR", "KRATOS_BBR", "PID")

GOODPUT, TAIL, FALSE = 95.0, 2.0, 3.0
"""Targets: % of the ceiling at least, p99 in times that of 0.7x, % rejected at 0.7x."""


class Cell(NamedTuple):
    """What came of one course, the mean of its seeds."""

    goodput: float
    p99: float
    rejected: float

    def __str__(self) -> str:
        return f"{self.goodput:5.1f} {self.p99:4.0f} {self.rejected:4.1f}"


def figure(one: Set, strategy: str, name: str) -> Cell:
    """Simulate one course of a set with all its seeds."""
    phases = COURSES[name](one)
    counted = [phase for phase in phases if phase.counted]
    seconds, rate = sum(phase.seconds for phase in counted), counted[-1].rate
    most = one.most(counted[-1])
    ceiling = min(rate, most) * seconds
    cells = []
    for seed in one.seeds:
        seen = one.kind(phases, one.service, STRATEGIES[strategy](one), Random(seed))
        # Of a load that fits, what came is the measure: chance makes it a little more or less.
        reach = seen.offered if rate < most else ceiling
        shed = 100 * seen.rejected / seen.offered
        cells.append((100 * seen.good / reach, seen.p99(), shed))
    return Cell(*(sum(column) / len(cells) for column in zip(*cells, strict=True)))


def missed(one: Set, cells: dict[str, Cell]) -> list[str]:
    """Return where ADAPTIVE misses a target."""
    usual, found = cells["0.7x"], []
    if usual.rejected > FALSE:
        found.append(f"{one.name}: {usual.rejected:.1f} % rejected at 0.7x")
    for name in STEPS:
        if cells[name].goodput < GOODPUT:
            found.append(f"{one.name}: goodput {cells[name].goodput:.1f} % at {name}")
        if cells[name].p99 > TAIL * usual.p99:
            found.append(f"{one.name}: p99 {cells[name].p99 / usual.p99:.1f} times at {name}")
    return found


def beaten(one: Set, table: dict[str, dict[str, Cell]]) -> list[str]:
    """Return where another strategy is better than ADAPTIVE in goodput or in p99."""
    found, ours = [], table[OURS]
    for rival in RIVALS:
        for name in (*STEPS, "halved", "cold 10x"):
            mine, theirs = ours[name], table[rival][name]
            if theirs.goodput > mine.goodput + 0.5:
                words = f"goodput {theirs.goodput:.1f} against {mine.goodput:.1f} %"
                found.append(f"{one.name}: {rival} at {name}: {words}")
            if theirs.p99 < mine.p99 * 0.98:
                words = f"p99 {theirs.p99:.0f} against {mine.p99:.0f} ms"
                found.append(f"{one.name}: {rival} at {name}: {words}")
    return found


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--training", action="store_true", help="show the training sets instead")
    parser.add_argument("--check", action="store_true", help="exit 1 where a target is missed")
    options = parser.parse_args()
    report, misses, better = {}, [], []
    for one in TRAINING if options.training else HELD_OUT:
        print(f"\n{one.name:<30}", *(f"{name:>16}" for name in COURSES), sep=" ")
        table: dict[str, dict[str, Cell]] = {}
        for strategy in STRATEGIES:
            waits = one.kind is shared
            courses = [name for name in COURSES if waits or COURSES[name] != slower]
            table[strategy] = {name: figure(one, strategy, name) for name in courses}
            cells = (f"{cell!s:>16}" for cell in table[strategy].values())
            print(f"  {strategy:<28}", *cells, sep=" ", flush=True)
        report[one.name] = table
        misses += missed(one, table[OURS])
        better += beaten(one, table)
    print("\nADAPTIVE misses:", *(misses or ["nothing"]), sep="\n  ")
    print("\nBetter than ADAPTIVE:", *(better or ["nothing"]), sep="\n  ")
    if not options.training:
        REPORT.parent.mkdir(parents=True, exist_ok=True)
        REPORT.write_text(json.dumps(report, indent=1) + "\n")
    return 1 if misses and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
