"""Run what the documentation tells people to type, and hold the answers against what it shows.

``docs_check.py PAGE…``: each page in a directory of its own, by one shell, with everything it
started stopped at its end. In a page

- a block with a title (```` ```yaml title="rule.yaml" ````) is written to a file of that name;
- a ``console`` block is typed: lines that begin with ``$ `` (``> `` goes on with them), and between
  them what they answer, where ``…`` stands for any text, and on a line of its own for any lines;
- other blocks are only read.

Where user namespaces are to be had, a page runs in a network of its own: its ports are always free.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PATIENCE = 30.0
"""Seconds in which an answer must come to be what the page shows: services need time to start."""

LONGEST = 120.0
"""Seconds that one command may take."""

ASKS = re.compile(
    r"(for i in .*curl|curl|kubectl get|fairlead"
    r" (get|status|explain|doctor|describe|top|lane|history|diff|analyze))\b"
)
"""Commands that may be given again until they answer as shown: they change nothing."""

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
_TITLE = re.compile(r'title="([^"]+)"')
_END = "--end-of-answer--"


@dataclass(frozen=True, slots=True)
class File:
    """A block that is a file."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """What is typed, what is shown as the answer, and in which line."""

    text: str
    shown: tuple[str, ...]
    line: int


def steps(page: str) -> Iterator[File | Command]:
    """Yield what the text of a page has people do, in order."""
    for block in _FENCE.finditer(page):
        info, indent = block["info"], block["indent"]
        body = "".join(
            line.removeprefix(indent) for line in block["body"].splitlines(keepends=True)
        )
        titled = _TITLE.search(info)
        if titled:
            yield File(titled[1], body)
        elif info.split()[:1] == ["console"]:
            yield from _commands(body, page.count("\n", 0, block.start("body")) + 1)


def _commands(body: str, first: int) -> Iterator[Command]:
    typed: list[str] = []
    shown: list[str] = []
    at = first
    for number, line in enumerate(body.splitlines(), first):
        if line.startswith("$ "):
            if typed:
                yield Command("\n".join(typed), tuple(shown), at)
            typed, shown, at = [line[2:]], [], number
        elif line.startswith("> ") and typed and not shown:
            typed.append(line[2:])
        else:
            shown.append(line)
    if typed:
        yield Command("\n".join(typed), tuple(shown), at)


def matches(shown: Sequence[str], answer: Sequence[str]) -> bool:
    """Say whether `answer` is what is `shown`."""
    shown = [line.rstrip() for line in shown]
    while shown and not shown[-1]:
        shown = shown[:-1]
    parts = [r"(?:.*\n)*?" if line.strip() == "…" else _line(line) + r"[ \t]*\n" for line in shown]
    return re.fullmatch("".join(parts), "".join(f"{line}\n" for line in answer)) is not None


def _line(shown: str) -> str:
    # Columns are as wide as what is in them: a run of blanks is any run of them.
    pieces = (re.sub(r"(?:\\ )+", r"[ ]+", re.escape(piece)) for piece in shown.split("…"))
    return ".*?".join(pieces)


class Shell:
    """One shell that keeps its directory, its variables and its jobs between commands."""

    def __init__(self, directory: Path, environ: dict[str, str]) -> None:
        isolated = _isolation()
        self._process = subprocess.Popen(
            [*isolated, "bash", "--noprofile", "--norc"],
            cwd=directory,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        if isolated:
            self.run("ip link set lo up")

    def run(self, command: str) -> tuple[list[str], int]:
        """Type `command`; return the lines it answers and its exit status."""
        typed, read = self._pipes()
        typed.write(f"{command}\nprintf '\\n{_END} %s\\n' $?\n")
        typed.flush()
        watchdog = subprocess.Popen(["sleep", str(LONGEST)])
        lines: list[str] = []
        try:
            for line in read:
                if line.startswith(_END):
                    return _trimmed(lines), int(line.split()[1])
                lines.append(line.rstrip("\n"))
                if watchdog.poll() is not None:
                    break
        finally:
            watchdog.kill()
            watchdog.wait()
        return _trimmed(lines), -1

    def close(self) -> None:
        """Stop the shell and everything it has started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                break
            time.sleep(1.0 if number == signal.SIGTERM else 0.0)
        self._process.wait()

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


def _trimmed(lines: list[str]) -> list[str]:
    # The blank line before the end is ours.
    lines = lines[:-1] if lines and not lines[-1] else lines
    return [re.sub(r"^\[\d+\] \d+$", "", line) for line in lines]


def _isolation() -> list[str]:
    command = ["unshare", "--user", "--map-root-user", "--net"]
    works = shutil.which("ip") and subprocess.run(
        [*command, "ip", "link", "set", "lo", "up"], check=False, capture_output=True
    )
    return command if works and works.returncode == 0 else []


def check(page: Path) -> list[str]:
    """Do what a page says; return what was not as it says."""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="fairlead-docs-") as folder:
        directory = Path(folder)
        shell = Shell(directory, _environ(directory))
        try:
            for step in steps(page.read_text()):
                if isinstance(step, File):
                    target = directory / step.name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_text(step.text)
                    continue
                problem = _try(shell, step)
                if problem:
                    wrong.append(f"{page}:{step.line}: {problem}")
                    logs = sorted(directory.glob("*.log"))
                    wrong += [f"  {log.name}: {log.read_text()[-2000:]}" for log in logs]
                    break
        finally:
            shell.close()
    return wrong


def _environ(directory: Path) -> dict[str, str]:
    binaries = Path(sys.executable).parent
    kept = {name: os.environ[name] for name in ("LANG", "KUBECTL") if name in os.environ}
    path = f"{binaries}:{os.environ['PATH']}"
    state = {"HOME": str(directory), "PATH": path, "PYTHONUNBUFFERED": "1", "COLUMNS": "140"}
    return {"LANG": "C.UTF-8", **kept, **state}


def _try(shell: Shell, command: Command) -> str:
    until = time.monotonic() + (PATIENCE if ASKS.match(command.text) else 0.0)
    while True:
        answer, status = shell.run(command.text)
        if matches(command.shown, answer):
            return ""
        if time.monotonic() >= until or status < 0:
            shown, got = "\n    ".join(command.shown), "\n    ".join(answer)
            said = f"$ {command.text}\n  is said to answer\n    {shown}\n"
            return f"{said}  and answered ({status})\n    {got}"
        time.sleep(0.3)


def main(pages: Sequence[str]) -> int:
    """Check `pages`; return 1 where one is wrong."""
    failed = 0
    for name in pages:
        began = time.monotonic()
        wrong = check(Path(name))
        failed += bool(wrong)
        count = sum(isinstance(step, Command) for step in steps(Path(name).read_text()))
        state, took = "FAILED" if wrong else "ok", time.monotonic() - began
        print(f"{state:<7}{name}  {count} commands, {took:.0f} s")
        print("\n".join(wrong), end="\n" if wrong else "")
    print(f"{len(pages) - failed} pages passed, {failed} failed")
    return 1 if failed or not pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
