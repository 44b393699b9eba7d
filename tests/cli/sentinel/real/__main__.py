"""Load exported rules into Sentinel itself: ``make test-sentinel``.

Needs a JDK from 11 on and Maven, or a Go toolchain (fetched where there is none); a dialect that
lacks its tools is told and skipped. Whether a rule counts as it did is other tests' matter: here
Sentinel says that it takes what was written for rules of its own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from fairlead.cli.sentinel.exporting import write
from fairlead.policy.flow_rules import FlowRules
from tests.cli.sentinel.rules_of import FILES, compiled, imported, in_file

HERE = Path(__file__).parent
ROOT = HERE.parents[3]
BUILD = ROOT / "build" / "sentinel"


def main() -> int:
    """Load the rules of every file, of both dialects; return 0 if Sentinel keeps all of them."""
    java = ["java", "mvn"] if not all(map(shutil.which, ("java", "mvn"))) else []
    if java:
        say(f"java: skipped: needs {' and '.join(java)}")
        return load_go()
    return max(load_java(), load_go())


def load_java() -> int:
    """Load with Sentinel Java, from Maven Central."""
    libraries = BUILD / "lib"
    if not libraries.is_dir():
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={libraries}"]
        run(["mvn", "-q", "-B", "-f", HERE / "sentinel-java" / "pom.xml", *goal])
    program = HERE / "sentinel-java" / "Load.java"
    logs = f"-Dcsp.sentinel.log.dir={BUILD / 'logs'}"
    return run(["java", logs, "-cp", f"{libraries}/*", program, exported("java")])


def load_go() -> int:
    """Load with sentinel-golang, from the module proxy."""
    build: list[str | Path] = ["bash", ROOT / "scripts" / "golang.sh", HERE / "sentinel-go"]
    program = subprocess.run(build, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    return run([program, exported("go"), BUILD / "logs"])


def exported(dialect: str) -> Path:
    """Write what the rules of a dialect come back as; return where."""
    directory = BUILD / dialect
    directory.mkdir(parents=True, exist_ok=True)
    files = [path for path in FILES if path.stem.startswith(f"{dialect}-")]
    rules = [rule for path in files for rule in compiled(imported(in_file(path)))]
    for name, items in write(FlowRules.of(rules), dialect, 3.0).arrays.items():
        (directory / f"{name}.json").write_text(json.dumps(items, indent=2))
    return directory


def run(words: Sequence[str | Path]) -> int:
    """Run a program; return its status."""
    return subprocess.run([str(word) for word in words], check=False).returncode


def say(text: str) -> None:
    """Tell whoever runs this."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
