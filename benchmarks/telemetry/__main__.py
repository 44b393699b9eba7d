"""Measure telemetry at the control plane, print a table, and write ``build/bench/telemetry.json``.

What the figures mean: docs/benchmarks.md. ``--check`` exits 1 where one misses its target; names of
groups measure these only.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.measure import Figure
from benchmarks.telemetry import one, past, room, taking

REPORT = Path("build/bench/telemetry.json")

GROUPS: dict[str, Callable[[], Iterator[Figure]]] = {
    "one": one.run,
    "taking": taking.run,
    "past": past.run,
    "room": room.run,
}


def main() -> int:
    """Return the exit status: 1 where a target is missed and `--check` asks for it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.telemetry", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--check", action="store_true", help="exit 1 where a target is missed")
    options = parser.parse_args()
    if unknown := set(options.groups) - GROUPS.keys():
        parser.error(f"no group {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    missed, found = [], {}
    for group in options.groups or GROUPS:
        for figure in GROUPS[group]():
            found[figure.name] = figure.value
            missed += [] if figure.met else [figure.name]
            target = "" if figure.target is None else f"≤ {figure.target:g}"
            note = figure.note if figure.met else f"MISSED  {figure.note}"
            print(f"{figure.name:<36} {figure.value:>10,} {target:>8}  {note}", flush=True)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    before = json.loads(REPORT.read_text()) if options.groups and REPORT.exists() else {}
    REPORT.write_text(json.dumps(before | found, indent=2) + "\n")
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
