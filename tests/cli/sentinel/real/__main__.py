"""Load exported rules into Sentinel itself, and hold its counting against ours: make test-sentinel.

Needs a JDK from 11 on and Maven, or a Go toolchain (fetched where there is none); Java without its
tools is told and skipped. Sentinel says that it takes what was written for rules of its own, and
what becomes of the same calls under a clock of ours.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fairlead.cli.sentinel.exporting import write
from fairlead.policy.flow_rules import FlowRules
from tests.cli.sentinel.real import replay
from tests.cli.sentinel.rules_of import FILES, compiled, imported, in_file

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
BUILD = ROOT / "build" / "sentinel"

CALLS = 2000
"""Calls of each resource."""

Words = Sequence[str | Path]


def main() -> int:
    """Ask Sentinel of both dialects; return 0 if it keeps every rule, and counts as we do."""
    if all(map(shutil.which, ("java", "mvn"))):
        return max(ask("java", java()), ask("go", go()))
    say("java: skipped: needs java and mvn")
    return ask("go", go())


def java() -> Words:
    """Return how Sentinel Java is run, from Maven Central."""
    libraries, program = BUILD / "lib", HERE / "sentinel-java"
    if not libraries.is_dir():
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={libraries}"]
        run(["mvn", "-q", "-B", "-f", program / "pom.xml", *goal])
    classes = BUILD / "classes"
    run(["javac", "-cp", f"{libraries}/*", "-d", classes, *program.glob("*.java")])
    # Ours come first: the clock is one of them.
    path, logs = f"{classes}:{libraries}/*", f"-Dcsp.sentinel.log.dir={BUILD / 'logs'}"
    return ["java", logs, "-cp", path, "Load"]


def go() -> Words:
    """Return how sentinel-golang is run, from the module proxy."""
    build = ["bash", str(ROOT / "scripts" / "golang.sh"), str(HERE / "sentinel-go")]
    done = subprocess.run(build, check=True, stdout=subprocess.PIPE, text=True)
    return [done.stdout.strip()]


def ask(dialect: str, program: Words) -> int:
    """Load all rules, then make calls by those of each file."""
    files = [path for path in FILES if path.stem.startswith(f"{dialect}-")]
    rules = [in_file(path) for path in files]
    loaded = run([*program, arrays(dialect, rules, BUILD / dialect), BUILD / "logs"])
    return max([loaded, *(replayed(dialect, path, program) for path in files)])


def replayed(dialect: str, path: Path, program: Words) -> int:
    """Make the same calls here and there, by the rules of one file; return 0 where all agree."""
    worst = 0
    for name, rules in replay.together(in_file(path), dialect).items():
        steps = replay.schedule(rules, CALLS, path.stem)
        directory = arrays(dialect, [rules], BUILD / path.stem)
        lines = replay.write(directory / "schedule.jsonl", steps)
        words = [*program, directory, BUILD / "logs", str(replay.START), lines]
        done = subprocess.run(
            [str(word) for word in words], check=True, capture_output=True, text=True
        )
        its = [line for line in done.stdout.splitlines() if line[:1].isdigit()]
        told = replay.compared(f"{path.stem}, {name}", steps, replay.ours(rules, steps), its)
        say(told)
        worst = max(worst, "\n" in told)
    return worst


def arrays(dialect: str, files: Sequence[Sequence[dict[str, Any]]], directory: Path) -> Path:
    """Write what rules come back as, a file a type; return where."""
    directory.mkdir(parents=True, exist_ok=True)
    rules = [rule for items in files if items for rule in compiled(imported(list(items)))]
    for name, items in write(FlowRules.of(rules), dialect, 3.0).arrays.items():
        (directory / f"{name}.json").write_text(json.dumps(items, indent=2))
    return directory


def run(words: Words) -> int:
    """Run a program; return its status."""
    return subprocess.run([str(word) for word in words], check=False).returncode


def say(text: str) -> None:
    """Tell whoever runs this."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
