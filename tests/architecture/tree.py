"""The repository as the architecture tests see it: files, rooms and imports."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "fairlead"
TESTS = ROOT / "tests"

BASE_ROOMS = ("policy", "flow", "telemetry", "instruments", "agent", "protocols", "cli/doctor")
BASE_FILES = (
    *("__init__.py", "cli/__init__.py", "cli/main.py", "cli/run.py", "cli/interpreter.py"),
    *("cli/table.py", "cli/failure.py"),
)
LIBS = PACKAGE / "instruments" / "libs"
EXTRA_WIRES = (PACKAGE / "protocols" / "xds",)
"""Wires that need an extra; the default one does not."""


def python_files(*folders: Path) -> list[Path]:
    """Return every Python file below `folders`, in order."""
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def module_name(path: Path) -> str:
    """Return the dotted name that the file at `path`, below src/, is imported by."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def base_files() -> list[Path]:
    """Return the files that work after `pip install fairlead`, without any extra."""
    rooms = [path for room in BASE_ROOMS for path in python_files(PACKAGE / room)]
    single = [PACKAGE / name for name in BASE_FILES if (PACKAGE / name).exists()]
    apart = set(python_files(*EXTRA_WIRES))
    return sorted(path for path in {*rooms, *single} - apart if path.name != "server.py")


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of the file at `path`."""
    return ast.parse(path.read_text("utf-8"), str(path))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the top-level name and the line of each absolute import in the file at `path`."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno


def foreign_imports(path: Path) -> list[tuple[str, int]]:
    """Return the imports of the file at `path` that come from neither fairlead nor Python."""
    known = {"fairlead", "__main__", *sys.stdlib_module_names}
    return [(name, line) for name, line in imports(path) if name not in known]


def place(path: Path, line: int | None = None) -> str:
    """Return ``src/…/file.py:12``, as an editor understands it."""
    return str(path.relative_to(ROOT)) + (f":{line}" if line else "")
