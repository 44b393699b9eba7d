"""Measure the gate beside others, print a table, and write ``build/bench/flow.json``.

What the figures mean, and how unlike the others are: docs/benchmarks.md. ``--check`` exits 1 where
a target is missed; ``--rounds N`` sets how often everything has its turn.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.flow import resources, served
from benchmarks.flow.programs import PEERS_OF_OURS, ours
from benchmarks.flow.rounds import ROUNDS, Rounds, run
from benchmarks.measure import Figure

REPORT = Path("build/bench/flow.json")

FORMS = ("compiled", "pure")


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as long one case takes as another, within each round, and how many it may."""

    name: str
    case: str
    other: str
    least: float | None = None
    most: float | None = None

    def met(self, value: float | None) -> bool:
        """Whether it keeps to its target; what could not be measured misses none."""
        if value is None:
            return True
        return (self.least or value) <= value <= (self.most or value)

    @property
    def target(self) -> str:
        """The target in words."""
        return f"≥ {self.least:g}" if self.least else f"≤ {self.most:g}"


RATIOS = (
    Ratio("compiled_5_to_monotonic", "ours_compiled_5", "monotonic", most=4),
    Ratio("sentinel_java_5_to_compiled_5", "sentinel_java_5", "ours_compiled_5", least=4),
    Ratio("sentinel_go_5_to_compiled_5", "sentinel_go_5", "ours_compiled_5", least=8),
    Ratio("pure_5_to_sentinel_java_5", "ours_pure_5", "sentinel_java_5", most=2),
    # Both around the same function: a library calls it, our gate stands before it.
    Ratio("limits_pybreaker_to_pure_5", "limits_pybreaker", "ours_pure_5_with", least=2),
)


def main() -> int:
    """Return the exit status: 1 where a target is missed and `--check` asks for it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flow", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 where a target is missed")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N")
    options = parser.parse_args()
    print(", ".join([_processor(), f"Python {platform.python_version()}", *_toolchains()]))
    report: dict[str, float | None] = {}
    missed = []
    found = run((*map(ours, FORMS), *PEERS_OF_OURS), options.rounds)
    for name, value, target, met in (*_times(found), *_ratios(found), *_figures()):
        report[name] = value
        print(_row(name, value, target, met=met), flush=True)
        if not met:
            missed.append(name)
    for reason in dict.fromkeys(found.absent.values()):
        cases = [case for case, why in found.absent.items() if why == reason]
        print(f"not measured: {', '.join(cases)}: {reason}")
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed and options.check else 0


Row = tuple[str, float | None, str, bool]
"""A name, its value (None: it could not be measured), its target, and whether it is met."""


def _times(found: Rounds) -> Iterator[Row]:
    for case in sorted({*found.found, *found.absent}):
        median = found.median(case)
        yield f"{case}_ns", None if median is None else round(median, 1), "", True


def _ratios(found: Rounds) -> Iterator[Row]:
    for ratio in RATIOS:
        value = found.ratio(ratio.case, ratio.other)
        rounded = None if value is None else round(value, 2)
        yield f"{ratio.name}_ratio", rounded, ratio.target, ratio.met(value)


def _figures() -> Iterator[Row]:
    for form in FORMS:
        for figure in (*served.run(form), *resources.run(form)):
            yield _worded(figure)


def _worded(figure: Figure) -> Row:
    target = "" if figure.target is None else f"≤ {figure.target:g}"
    return figure.name, figure.value, target, figure.met


def _row(name: str, value: float | None, target: str, *, met: bool) -> str:
    shown = "-" if value is None else f"{value:,}"
    return f"{name:<38} {shown:>10} {target:>8}{'' if met else '  MISSED'}"


def _toolchains() -> Iterator[str]:
    for command in ("java -version", "go version", "rustc --version"):
        if shutil.which(command.split()[0]):
            done = subprocess.run(command.split(), capture_output=True, text=True, check=False)
            yield (done.stdout or done.stderr).split("\n")[0]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "?")


if __name__ == "__main__":
    sys.exit(main())
