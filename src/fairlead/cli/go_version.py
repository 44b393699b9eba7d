"""`fairlead go version FILE…`: what ``go version`` says of programs, and of the agent in them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from fairlead.cli.failure import OK, REFUSED
from fairlead.golang.carried import carried
from fairlead.golang.carried import go_version as built_by


def asked(words: Sequence[str]) -> bool:
    """Tell whether ``version`` is asked of files, and not of ``go``."""
    return "-json" not in words and any(not word.startswith("-") for word in words)


def told(go: str | None, words: Sequence[str]) -> int:
    """Print what there is to say of files, and return whether all of them have the agent.

    Without a ``go`` that is what stands in the files themselves: an image may have none.
    """
    others = [one for one in words if not one.startswith("-")]
    status, said = OK, "".join(_without(others))
    if go is not None:
        command = [go, "version", *words]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        status, said = REFUSED if done.returncode else OK, done.stdout
    for program, lines in _programs(said):
        others = [one for one in others if not program.is_relative_to(one)]
        print("\n".join(lines))
        ours = list(_lines(program))
        print("\n".join(ours) or _NOTHING)
        status = status if ours else REFUSED
    for one in others:
        print(f"fairlead: {one}: no program in Go", file=sys.stderr)
    return REFUSED if others else status


_NOTHING = (
    "\tfairlead\tis not in it: `fairlead go build` puts it into programs with net/http or"
    " database/sql"
)


def _without(files: Sequence[str]) -> Iterator[str]:
    for file in files:
        try:
            version = built_by(Path(file))
        except OSError:
            continue
        if version:
            yield f"{file}: {version}\n"


def _programs(said: str) -> Iterator[tuple[Path, list[str]]]:
    """Yield each program that ``go version`` tells of, and its lines."""
    lines: list[str] = []
    for line in said.splitlines():
        if lines and not line.startswith("\t"):
            yield _path(lines), lines
            lines = []
        lines.append(line)
    if lines:
        yield _path(lines), lines


def _path(lines: Sequence[str]) -> Path:
    return Path(lines[0].rpartition(": ")[0] or os.devnull)


def _lines(program: Path) -> Iterator[str]:
    try:
        found = carried(program)
    except OSError:
        return
    if found is None:
        return
    yield f"\tfairlead\t{found.fairlead}\tgoroutines={'on' if found.goroutines else 'off'}"
    yield from (f"\thook\t{one}" for one in found.hooks)
    yield from (f"\thook\t{path}\t{version}" for path, version in found.modules)
