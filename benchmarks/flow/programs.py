"""Programs that answer the protocol of `benchmarks.peers`: how each is built, started and asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.flow.ours import cases

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "benchmarks" / "peers"
BUILT = ROOT / "build" / "peers"

BUILDING = 900
"""Seconds that fetching and compiling one program may take."""

SENTINEL = ("0", "1", "5")
LIBRARIES = (
    *("pybreaker", "circuitbreaker", "purgatory", "purgatory_async", "aiobreaker"),
    *("limits_fixed", "limits_sliding", "limits_moving", "limits_pybreaker", "stack_5"),
    *("slowapi", "pyrate_limiter", "aiolimiter", "tenacity", "tenacity_async"),
    *("stamina", "stamina_async", "hyx_breaker", "hyx_bulkhead", "hyx_tokenbucket"),
)


class Absent(Exception):
    """Why a program cannot be had here, in one line."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process, by the cases it measures."""

    cases: tuple[str, ...]
    command: Callable[[], tuple[str, ...]]
    """Builds it where that was not done, and returns how it is started. Raises Absent."""


class Started:
    """A program that runs, and answers."""

    def __init__(self, program: Program) -> None:
        """Start it and wait until it is warm. Raises Absent."""
        self._log = BUILT / "log" / f"{program.cases[0]}.txt"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                program.command(),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        while sorted(self._line().split()) != sorted(program.cases):
            pass  # Sentinel greets on standard output

    def ask(self, case: str, operations: int) -> float:
        """Return the nanoseconds of one operation. Raises Absent when the program has ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{case} {operations}\n")
        self._process.stdin.flush()
        return float(self._line())

    def end(self) -> None:
        """Stop it."""
        self._process.kill()
        self._process.wait()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            last = self._log.read_text(errors="replace").strip().splitlines()[-1:]
            raise Absent(f"it has ended: {' '.join(last) or 'without a word'}")
        return line


def ran(*command: str, where: Path = ROOT) -> str:
    """Run a command that builds something, and return what it printed. Raises Absent."""
    if shutil.which(command[0]) is None:
        raise Absent(f"there is no {command[0]}")
    try:
        done = subprocess.run(
            command, cwd=where, capture_output=True, text=True, timeout=BUILDING, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Absent(f"{command[0]} takes too long") from error
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no reason"]
        raise Absent(f"{command[0]}: {lines[-1]}")
    return done.stdout


def java() -> tuple[str, ...]:
    """Fetch the jars that pom.xml pins, and compile Peers.java."""
    folder = BUILT / "java"
    if not (folder / "lib").is_dir():
        lib = f"-DoutputDirectory={folder / 'lib'}"
        ran(*("mvn", "-q", "-B", "dependency:copy-dependencies", lib), where=PEERS / "java")
    ran("javac", "-cp", f"{folder}/lib/*", "-d", str(folder), str(PEERS / "java" / "Peers.java"))
    logs = f"-Dcsp.sentinel.log.dir={folder / 'logs'}"
    return ("java", logs, "-cp", f"{folder}:{folder}/lib/*", "Peers")


def go() -> tuple[str, ...]:
    """Build the Go program once, as the tests build theirs."""
    os.environ.setdefault("PYTHON", sys.executable)
    program = ran(str(ROOT / "scripts" / "golang.sh"), str(PEERS / "go")).strip()
    return (program, str(BUILT / "go"))


def rust() -> tuple[str, ...]:
    """Build the Rust program by its lock."""
    folder = BUILT / "rust"
    ran(
        *("cargo", "build", "--quiet", "--release", "--locked", "--target-dir", str(folder)),
        where=PEERS / "rust",
    )
    return (str(folder / "release" / "peers"),)


def libraries() -> tuple[str, ...]:
    """Fill an environment of their own with the Python libraries, by their lock."""
    folder, lock = BUILT / "python", ROOT / "requirements" / "peers.lock"
    python, stamp = folder / "bin" / "python", folder / "lock"
    if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
        ran(sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder))
        pip = (*_pip(), "--python", str(python), "install", "--quiet", "--require-hashes")
        ran(*pip, "-r", str(lock))
        stamp.write_bytes(lock.read_bytes())
    return (str(python), "-m", "benchmarks.peers.libraries")


def _pip() -> tuple[str, ...]:
    """Return the pip of the interpreter that .venv was made with: it has none of its own."""
    base = getattr(sys, "_base_executable", sys.executable)
    return (base, "-m", "pip", "--disable-pip-version-check")


def ours(form: str) -> Program:
    """Return ours in one form: ``compiled`` or ``pure``."""
    return Program(cases(form), lambda: (sys.executable, "-m", "benchmarks.flow.ours", form))


PEERS_OF_OURS = (
    Program((*(f"sentinel_java_{rules}" for rules in SENTINEL), "resilience4j_5"), java),
    Program(tuple(f"sentinel_go_{rules}" for rules in SENTINEL), go),
    Program(tuple(f"sentinel_rust_{rules}" for rules in SENTINEL), rust),
    Program(LIBRARIES, libraries),
)
