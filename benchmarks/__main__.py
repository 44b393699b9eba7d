"""Measure everything, print a table, and write ``build/bench/bench.json``; see docs/benchmarks.md.

``--check`` exits 1 where a figure misses its target; names of groups measure these only.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import (
    calls,
    commandline,
    frameworks,
    hot,
    inbound,
    leaks,
    measuring,
    outbound,
    propagation,
    rpc,
    ruled,
    sql,
    startup,
    storm,
)
from benchmarks.measure import Figure

REPORT = Path("build/bench/bench.json")

GROUPS: dict[str, Callable[[], Iterator[Figure]]] = {
    "inbound": inbound.run,
    "frameworks": frameworks.run,
    "outbound": outbound.run,
    "calls": calls.run,
    "ruled": ruled.run,
    "rpc": rpc.run,
    "propagation": propagation.run,
    "startup": startup.run,
    "cli": commandline.run,
    "storm": storm.run,
    "leaks": leaks.run,
    "sql": sql.run,
    "hot": hot.run,
    "measuring": measuring.run,
}


def main() -> int:
    """Return the exit status: 1 where a target is missed and `--check` asks for it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--check", action="store_true", help="exit 1 where a target is missed")
    options = parser.parse_args()
    if unknown := set(options.groups) - GROUPS.keys():
        parser.error(f"no group {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    figures = []
    print(f"{'figure':<28} {'value':>10} {'target':>10}")
    for name in options.groups or GROUPS:
        for figure in GROUPS[name]():
            figures.append(figure)
            print(_row(figure), flush=True)
    _write(figures, whole=not options.groups)
    missed = [figure.name for figure in figures if not figure.met]
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed and options.check else 0


def _row(figure: Figure) -> str:
    target = "" if figure.target is None else f"≤ {figure.target:g}"
    verdict = "" if figure.met else "  MISSED"
    note = f"  {figure.note}" if figure.note else ""
    return f"{figure.name:<28} {figure.value:>10,} {target:>10}{verdict}{note}"


def _write(figures: list[Figure], *, whole: bool) -> None:
    """Write the figures; where only some were measured the others stay as they were."""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    before = {} if whole or not REPORT.exists() else json.loads(REPORT.read_text())
    report = before | {figure.name: figure.value for figure in figures}
    REPORT.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
