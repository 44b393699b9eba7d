"""Every instrument says what it hooks, is listed, and is tried against the real library."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from fairlead.instruments.catalog import CATALOG, DRIVERS
from tests.architecture.tree import LIBS, TESTS, place, python_files, tree_of

INSTRUMENTS = [path for path in python_files(LIBS) if path.stem != "__init__"]


def constants(path: Path) -> dict[str, Any]:
    """Return the module-level names of the file at `path` whose values are written out."""
    found: dict[str, Any] = {}
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = ast.literal_eval(node.value)
            except ValueError:
                continue
    return found


@pytest.mark.parametrize("path", INSTRUMENTS, ids=place)
def test_an_instrument_declares_its_library_and_versions(path):
    """What we have not tried is skipped and reported, never patched on a guess."""
    declared = constants(path)

    assert isinstance(declared.get("LIBRARY"), str)
    first, beyond = declared["VERSIONS"]
    numbers = [tuple(map(int, version.split("."))) for version in (first, beyond)]
    assert numbers[0] < numbers[1]


@pytest.mark.parametrize("path", INSTRUMENTS, ids=place)
def test_an_instrument_that_decides_on_statements_is_of_a_driver(path):
    """A driver that is not listed could be unhooked, and its process would be called fit."""
    if "from fairlead.instruments.database import" in path.read_text("utf-8"):
        assert constants(path)["LIBRARY"] in DRIVERS


@pytest.mark.parametrize("path", INSTRUMENTS, ids=place)
def test_an_instrument_has_a_folder_of_tests(path):
    """It is tried against the library itself: a stand-in never changes its private parts."""
    assert list((TESTS / "instruments" / path.stem).glob("test_*.py")) != []


def test_the_catalogue_lists_every_instrument_and_nothing_else():
    """A file that no import brings in hooks nothing, and nobody notices."""
    assert {name for _, name in CATALOG} == {path.stem for path in INSTRUMENTS}


def test_the_catalogue_lists_nothing_twice():
    """The second entry would hook what the first one has hooked."""
    assert len(CATALOG) == len(set(CATALOG))
