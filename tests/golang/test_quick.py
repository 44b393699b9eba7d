"""The quick half of the program before tools, compiled as builds have it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from fairlead.golang.modules import toolexec
from fairlead.golang.toolchain import Toolchain

COMPILER = """\
#!/bin/sh
echo "$@" >> {said}
echo compile version go1.26.8
"""


class Quick:
    """It, and a compiler that notes what it is given."""

    def __init__(self, go: Path, folder: Path, *chain: str) -> None:
        environment = {**os.environ, "GOTOOLCHAIN": "local"}
        toolchain = Toolchain(str(go), {}, environment)
        self.words = toolexec(folder / "shim", toolchain, chain, strict=False)
        assert os.path.basename(self.words[0]).startswith("shim-")
        self.noted = folder / "noted"
        self.compiler = folder / "compile"
        self.compiler.write_text(COMPILER.format(said=self.noted))
        self.compiler.chmod(0o755)

    def __call__(self, tool: str | Path, *arguments: str, **settings: str) -> str:
        """Return what a tool says that is run by it."""
        done = subprocess.run(
            [*self.words, str(tool), *arguments],
            env={**os.environ, "GOEXPERIMENT": "", **settings},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def calls(self) -> list[str]:
        """Return what the compiler has been given since the last time."""
        found = self.noted.read_text().splitlines() if self.noted.exists() else []
        self.noted.unlink(missing_ok=True)
        return found


@pytest.fixture
def quick(few: Path, tmp_path: Path) -> Quick:
    return Quick(few, tmp_path)


def test_a_compiler_is_asked_for_its_version_once(quick: Quick) -> None:
    """Each build asks each tool, and starting a tool takes longer than reading a line."""
    first, second = (quick(quick.compiler, "-V=full") for _ in range(2))
    assert first == second
    assert first.startswith("compile version go1.26.8+fairlead@")
    assert quick.calls() == ["-V=full"]


def test_a_compiler_that_has_changed_is_asked_again(quick: Quick) -> None:
    quick(quick.compiler, "-V=full")
    quick.compiler.write_text(quick.compiler.read_text().replace("1.26.8", "1.26.10"))
    assert quick(quick.compiler, "-V=full").startswith("compile version go1.26.10+fairlead@")


def test_experiments_are_part_of_a_version_and_so_it_is_asked(quick: Quick) -> None:
    for _ in range(2):
        quick(quick.compiler, "-V=full", GOEXPERIMENT="arenas")
    assert quick.calls() == ["-V=full"] * 2


def test_where_a_program_of_the_users_stands_before_tools_they_are_asked(
    few: Path, tmp_path: Path
) -> None:
    quick = Quick(few, tmp_path, "/usr/bin/env")
    for _ in range(2):
        quick(quick.compiler, "-V=full")
    assert quick.calls() == ["-V=full"] * 2


def test_a_tool_may_be_one_that_is_on_the_path(quick: Quick) -> None:
    """``go`` asks the C compiler by its name."""
    assert quick("echo", "-###", "-x") == "-### -x\n"


def test_debuggers_are_told_of_the_lines_of_the_agent_alone(quick: Quick) -> None:
    for package in ("index", "example.org/shop"):
        quick(quick.compiler, "-o", "x", "-p", package, "a.go")
    with_agent, without = quick.calls()
    assert with_agent == "-dwarf=false -o x -p index a.go"
    assert without == "-o x -p example.org/shop a.go"
