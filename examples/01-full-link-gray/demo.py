"""A request stays on its lane, and so do its rows: three unmodified apps, two YAMLs, one command.

Run by ``make demo``: a tenth of the figures by default, all of them with FULL=1; DB=mariadb or
DB=postgres in place of SQLite; KEEP=1 leaves everything running at the end; JSON=FILE writes the
figures. Exits 1 if any of them is off.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import instances as run
import interrupt
import media
from fleet import Fleet
from outcome import Result, paint, show
from processes import DemoFailed, Instance
from rows import DATABASE, SHADOW_TABLE
from scenarios import SCENARIOS, SHADOW_TABLES, Scenario
from stage import Stage

ROOT = Path(__file__).resolve().parents[2]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return the exit status: 0, 1 if a figure is off, 130 after Ctrl-C."""
    options = _options(argv)
    interrupt.listen()
    started = time.monotonic()
    results: list[Result] = []
    error = ""
    try:
        with (
            claimed(options.work),
            media.opened(options.db, options.work) as medium,
            Fleet(options.work, medium.urls) as fleet,
        ):
            stage = Stage(fleet, medium, options.scale)
            _open(stage, options)
            for number, scenario in enumerate(options.scenarios, 1):
                results.append(stage.play(scenario))
                show(number, results[-1])
            close(results, time.monotonic() - started)
            write(options.json, _figures(options, results, error))
            if options.keep:
                _keep(stage, options)
    except DemoFailed as failure:
        error = str(failure)
        print(f"{paint('the demo stopped:', '31;1')} {error}", file=sys.stderr)
        write(options.json, _figures(options, results, error))
    except KeyboardInterrupt:
        print("\nstopped")
        return 0 if options.keep and len(results) == len(options.scenarios) else 130
    return 0 if not error and all(result.ok for result in results) else 1


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    names = {scenario.id: scenario for scenario in SCENARIOS}
    parser = argparse.ArgumentParser(description=__doc__)
    flag = {"action": "store_true"}
    parser.add_argument("--full", default=is_set("FULL"), help="all figures", **flag)  # type: ignore[arg-type]
    parser.add_argument("--keep", default=is_set("KEEP"), help="leave it running", **flag)  # type: ignore[arg-type]
    parser.add_argument("--json", default=os.environ.get("JSON", ""), help="write figures here")
    parser.add_argument("--scale", type=float, help="share of the full figures; 0.1 by default")
    parser.add_argument("--scenarios", default="", help="only these, with commas between")
    parser.add_argument("--db", default=os.environ.get("DB") or "sqlite", help="what C writes to")
    parser.add_argument("--work", type=Path, default=ROOT / "build/demo", help="logs and data")
    options = parser.parse_args(argv)
    options.scale = options.scale or (1.0 if options.full else 0.1)
    if options.db not in media.KINDS:
        parser.error(f"no database {options.db}; there are {', '.join(media.KINDS)}")
    chosen = [name for name in options.scenarios.split(",") if name]
    if unknown := [name for name in chosen if name not in names]:
        parser.error(f"no scenario {', '.join(unknown)}; there are {', '.join(names)}")
    options.scenarios = tuple(s for s in SCENARIOS if not chosen or s.id in chosen)
    options.work = options.work.resolve()
    return options


def is_set(variable: str) -> bool:
    """Whether a variable of the environment says yes."""
    return os.environ.get(variable, "") not in ("", "0")


def claimed(work: Path) -> TextIO:
    """Return a lock on `work`, emptied; it is let go with the file. Raises DemoFailed."""
    work.mkdir(parents=True, exist_ok=True)
    lock = (work / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        message = f"another demo runs in {short(work)}: stop it first, it would lose its data"
        raise DemoFailed(message) from None
    for left_over in ("data", "logs", "state"):
        shutil.rmtree(work / left_over, ignore_errors=True)
    return lock


def _open(stage: Stage, options: argparse.Namespace) -> None:
    first: Scenario = options.scenarios[0]
    share = "all figures" if options.scale == 1 else f"{options.scale:.3g} of the full figures"
    print(f"{paint('A request stays on its lane', '1')}  ({share}; logs in {short(options.work)})")
    medium = stage.medium
    print(f"\n   control plane      {stage.fleet.control.url}")
    drivers = " and ".join(dict.fromkeys(medium.drivers))
    print(f"   {medium.kind:<18} {short(Path(medium.at))}, {DATABASE} by {drivers}", flush=True)
    stage.set(first)
    for instance in run.BASE:
        _introduce(stage, instance)
    print("   and, while a scenario needs them:")
    for instance in (*run.GRAY, *run.GROUP):
        print(f"   {instance.name:<18} env {instance.mark} {instance.served_by()}")
    print(flush=True)


def _introduce(stage: Stage, instance: Instance) -> None:
    print(f"   {instance.app:<18} {stage.fleet.address(instance):<17} {instance.served_by()}")


def close(results: list[Result], seconds: float, off: Sequence[str] = ()) -> None:
    """Print the sum of it; `off` are names of what is wrong beside `results`."""
    wrong = [*(result.scenario.id for result in results if not result.ok), *off]
    verdict = paint(f"NOT OK: {', '.join(wrong)}", "31;1") if wrong else paint("ok", "32")
    requests = sum(result.tally.requests for result in results)
    failed = sum(result.tally.failed for result in results)
    leaks = sum(result.tally.leaks for result in results)
    print(f"{verdict}  {requests:,} requests, {failed:,} failed, {leaks:,} leaks, {seconds:.0f} s")


def _figures(options: argparse.Namespace, results: list[Result], error: str) -> dict[str, Any]:
    played = len(results) == len(options.scenarios)
    return {
        "ok": played and not error and all(result.ok for result in results),
        "scale": options.scale,
        "db": options.db,
        "scenarios": [result.plain() for result in results],
        **({"error": error} if error else {}),
    }


def write(file: str, figures: dict[str, Any]) -> None:
    """Write `figures` to `file`, if one is asked for."""
    if file:
        path = Path(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")


def _keep(stage: Stage, options: argparse.Namespace) -> None:
    stage.set(SHADOW_TABLES)
    rules = " and ".join(SHADOW_TABLES.policy)
    print(f"\nStill running, with {rules}; Ctrl-C stops everything.")
    for instance in (*run.BASE, *run.GRAY):
        print(f"   {instance.name:<24} http://{stage.fleet.address(instance)}")
    print(f"   {'control plane':<24} {stage.fleet.control.url}")
    print(f"   {SHADOW_TABLES.example.curl(stage.entry)}")
    work = "" if options.work == ROOT / "build/demo" else f"--work {options.work} "
    query = short(Path(__file__).with_name("query.py"))
    print(f"   .venv/bin/python {query} {work}'SELECT * FROM {SHADOW_TABLE.table}'", flush=True)
    signal.pause()


def short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main())
