"""Services under load, without governance and with it: a table and a picture of each rig.

Run by ``make demo-flow``. Exits 1 if one of them does not show what it is for.
"""

from __future__ import annotations

import argparse
import functools
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rigs import burst, cascade, overload, storm, unstable
from rigs.report import Report
from stand import HERE, DemoFailed, Stand

ROOT = HERE.parents[1]

RIGS: dict[str, Callable[[Stand, Path], Report]] = {
    "cascade": cascade.play,
    "burst": burst.play,
    "unstable-callee": unstable.play,
    "retry-storm": storm.play,
    **{
        f"overload-{server}-{kind}": functools.partial(overload.play, server, kind)
        for server in overload.SERVERS
        for kind in overload.KINDS
    },
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the rigs; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(RIGS), help="these, with commas between")
    parser.add_argument("--work", type=Path, default=ROOT / "build/under-load")
    parser.add_argument("--pictures", type=Path, help="where to write NAME.png of each")
    options = parser.parse_args(argv)
    wrong = 0
    try:
        with Stand(options.work) as stand:
            for name in options.only.split(","):
                wrong += show(name, RIGS[name](stand, options.work), options.pictures)
    except (DemoFailed, OSError, subprocess.SubprocessError) as failure:
        print(f"the demo stopped: {failure}", file=sys.stderr)
        return 1
    print("ok" if not wrong else f"{wrong} not as it has to be")
    return min(wrong, 1)


def show(name: str, report: Report, pictures: Path | None) -> int:
    """Print what was seen; return how much of it is not what the rig is for."""
    print(f"{name}: {report.title}\n\n{report.table()}\n")
    for words, right in report.checks:
        print(f"  {'ok' if right else 'WRONG'}  {words}")
    if pictures is not None:
        report.draw(pictures / f"{name}.png")
        print(f"  drawn: {pictures / name}.png")
    print(flush=True)
    return sum(not right for _, right in report.checks)


if __name__ == "__main__":
    sys.exit(main())
