"""Build the Go programs, as anybody would but for one word: ``fairlead go build``."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from processes import BIN, DemoFailed, environment

APPS = Path(__file__).resolve().parent / "apps"
PROGRAMS = ("entry", "a", "b", "c", "shop")


def build(programs: Path, *, go: Path | None = None, flags: Sequence[str] = ()) -> None:
    """Write the programs into the directory `programs`, with the agent in them.

    `go` is the directory of a toolchain; by default it is the one that `fairlead go` finds.
    Raises DemoFailed with what the compiler said.
    """
    programs.mkdir(parents=True, exist_ok=True)
    command = ("build", "-buildvcs=false", "-o", f"{programs}/", *flags)
    said = fairlead_go(go, *command, *(f"./{name}" for name in PROGRAMS))
    if said:
        print(said)


def fairlead_go(go: Path | None, *arguments: str) -> str:
    """Return what `fairlead go` prints in the folder of the apps. Raises DemoFailed."""
    env = environment()
    if go:
        env |= {"PATH": f"{go / 'bin'}{os.pathsep}{env['PATH']}", "GOTOOLCHAIN": "local"}
        env.pop("GOROOT", None)
    argv = [str(BIN / "fairlead"), "go", *arguments]
    done = subprocess.run(argv, cwd=APPS, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoFailed(f"fairlead go {' '.join(arguments)}:\n{done.stdout}{done.stderr}")
    return (done.stdout + done.stderr).strip()
