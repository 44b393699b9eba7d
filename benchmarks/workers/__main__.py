"""Measure what workers count together, print a table, and write ``build/bench/workers.json``.

``--seconds N`` is how long each part takes (60); ``--check`` exits 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
import timeit
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Figure
from benchmarks.workers.rig import WORKERS, killed, throughput, used
from benchmarks.workers.worker import gates, rules

REPORT = Path("build/bench/workers.json")
FORMS = ("compiled", "pure")
RATE = 1000.0
ROUNDS = 31


def cost(form: str) -> Iterator[Figure]:
    """Yield what a call costs that counts with others, beside one that counts alone."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        together, alone = gates(f"{folder}/arena", form), gates("", form)
        found: dict[str, list[float]] = {}
        for number in (1, 5):
            for made in (together, alone):
                made.apply(rules(number))
                made.gate(f"r{number}").enter().exit()
            for _ in range(ROUNDS):
                clock = _time(time.monotonic_ns)
                for made, name in ((together, "shared"), (alone, "alone")):
                    gate = made.gate(f"r{number}")
                    mine = _time(lambda gate=gate: gate.enter().exit())
                    found.setdefault(f"{form}_{number}_{name}_to_monotonic_ratio", []).append(
                        mine / clock
                    )
            for made in (together, alone):
                made.apply(rules(number))
    target = 8.0 if form == "compiled" else None
    for name, ratios in found.items():
        limit = target if "_shared_" in name else None
        yield _figure(name, statistics.median(ratios), limit)


def _figure(name: str, value: float, target: float | None) -> Figure:
    return Figure(name=name, value=round(value, 2), target=target)


def _time(work: object) -> float:
    return timeit.Timer(work).timeit(2000)  # type: ignore[arg-type]


def crowd(form: str, seconds: float) -> Iterator[Figure]:
    """Yield how much more or less eight workers come to than one, in turns."""
    for number in (1, 5):
        ratios = []
        for _ in range(3):
            one = throughput(form, 1, number, seconds / 20)
            ratios.append(throughput(form, WORKERS, number, seconds / 20) / one)
        yield _figure(f"{form}_{number}_eight_to_one_ratio", statistics.median(ratios), None)


def figures(form: str, seconds: float) -> Iterator[Figure]:
    """Yield all figures of a form."""
    yield from cost(form)
    for name, value in used(form, seconds, RATE).items():
        yield _figure(f"{form}_rate_{name}", value, 0 if name == "over" else None)
    for name, value in killed(form, seconds).items():
        yield _figure(f"{form}_kill_{name}", value, 0 if name in ("leaked", "stuck") else None)
    yield from crowd(form, seconds)


def main() -> int:
    """Return the exit status: 1 where a target is missed and `--check` asks for it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workers", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 where a target is missed")
    parser.add_argument("--seconds", type=float, default=60, metavar="N")
    options = parser.parse_args()
    report, missed = {}, []
    for form in FORMS:
        for figure in figures(form, options.seconds):
            report[figure.name] = figure.value
            target = "" if figure.target is None else f"≤ {figure.target:g}"
            print(f"{figure.name:<40} {figure.value:>12,} {target}", flush=True)
            if not figure.met:
                missed.append(figure.name)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n")
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
