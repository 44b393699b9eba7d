"""`pip install fairlead` brings nothing but fairlead, and works."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from fairlead.instruments.catalog import CATALOG
from tests.architecture.tree import (
    LIBS,
    PACKAGE,
    ROOT,
    SOURCE,
    base_files,
    foreign_imports,
    module_name,
    place,
    python_files,
)

HEAVY = (
    *("pydantic", "yaml", "starlette", "uvicorn", "typer", "rich", "orjson", "grpc", "google"),
    "sqlglot",
    *("tree_sitter", "tree_sitter_go"),
)

OPTIONAL = {"cython", "re2"}
"""Used where an application has it already; the code does without."""

PARTS = {"pydantic_core": "pydantic", "httptools": "uvicorn", "uvloop": "uvicorn"} | {
    "grpc": "grpcio", "google": "protobuf", "tree_sitter": "tree-sitter",
    "tree_sitter_go": "tree-sitter-go",
}  # fmt: skip
"""Modules that come with a distribution of another name."""

ROOMS = {"grpc": "protocols/xds", "sql": "sql", "go": "golang"}
"""Extras that are one room's; what is left is `control`'s, which has `grpc`'s as well."""

REQUIRES = {"aiomysql": {"pymysql"}, "psycopg_pool": {"psycopg"}}
"""By instrument: packages that the library it hooks cannot be without."""

INDIRECT = {"rich"}
"""What a package that we import uses where it finds it: typer prints with rich."""

IMPORT = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def bare(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in an interpreter that sees the standard library and nothing that is installed."""
    command = [sys.executable, "-I", "-S", "-c", code, str(SOURCE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_the_base_rooms_import_without_anything_installed():
    """A version of ours must never stand against a version that the application needs."""
    modules = [module_name(path) for path in base_files() if path.parent != LIBS]

    done = bare(IMPORT, *modules)

    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & set(HEAVY) == set()


@pytest.mark.parametrize("path", base_files(), ids=place)
def test_a_base_file_imports_only_the_standard_library(path):
    """An import inside a function would fail in production instead of here."""
    own = hooked_by(path) if path.parent == LIBS else set()

    foreign = [item for item in foreign_imports(path) if item[0] not in OPTIONAL | own]

    assert [f"{place(path, line)} {name}" for name, line in foreign] == []


def hooked_by(path: Path) -> set[str]:
    """Return the packages that are there when the instrument at `path` is imported."""
    triggers = {module.partition(".")[0] for module, name in CATALOG if name == path.stem}
    return triggers | REQUIRES.get(path.stem, set())


def project() -> dict[str, Any]:
    """Return what pyproject.toml says of the project."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return dict(settings["project"])


def files_of(extra: str) -> set[Path]:
    """Return the files that need `extra`."""
    own = {room: set(python_files(PACKAGE / room)) for room in ROOMS.values()}
    if extra in ROOMS:
        return own[ROOMS[extra]]
    return set(python_files(PACKAGE)).difference(base_files(), own["sql"], own["golang"])


@pytest.mark.parametrize("extra", ["control", *ROOMS])
def test_every_import_of_the_other_rooms_is_declared(extra):
    """What only the development environment happens to have is missing at a user's."""
    names = " ".join(project()["optional-dependencies"][extra]).replace("pyyaml", "yaml")
    declared = {word.split(">")[0].split("[")[0] for word in names.split()}

    found = {name for path in files_of(extra) for name, _ in foreign_imports(path)}

    used = {PARTS.get(name, name) for name in found}
    assert used - declared == set()
    assert declared - used - INDIRECT == set(), "declared, and not used"


def test_only_extras_bring_anything():
    """`pip install fairlead[all]` is the one that has to bring everything."""
    extras = project()["optional-dependencies"]

    assert project()["dependencies"] == []
    assert extras.pop("all") == [f"fairlead[{','.join(sorted(extras))}]"]
