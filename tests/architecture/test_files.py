"""Files are small, are named after what they are about, and say everything once."""

from __future__ import annotations

import ast
from collections import defaultdict
from itertools import chain

from tests.architecture.tree import PACKAGE, ROOT, place, python_files, tree_of

BANNED = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "managers"}
CODE = [PACKAGE, ROOT / "tests", ROOT / "examples", ROOT / "benchmarks"]


def test_no_file_is_longer_than_four_hundred_lines():
    """A file that does not fit on a few screens is about more than one thing."""
    lengths = {
        place(path): len(path.read_text("utf-8").splitlines()) for path in python_files(*CODE)
    }

    assert {path: lines for path, lines in lengths.items() if lines > 400} == {}


def test_no_function_is_longer_than_forty_lines():
    """A function that has to be scrolled hides its own branches."""
    long = {
        f"{place(path, node.lineno)} {node.name}": lines
        for path in python_files(PACKAGE)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > 40
    }

    assert long == {}


def test_no_module_has_a_name_that_says_nothing():
    """What is called utils collects whatever nobody wanted to place."""
    named = [path for path in PACKAGE.rglob("*") if path.stem in BANNED]

    assert [place(path) for path in named] == []


def test_no_function_is_written_twice():
    """Two copies agree on the day they are made and never after."""
    bodies = defaultdict(list)
    for path in python_files(PACKAGE):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = [line for line in node.body if not isinstance(line, ast.Expr)]
                if sum(1 for line in chain.from_iterable(map(ast.walk, body))) > 40:
                    bodies[ast.dump(ast.Module(body, []))].append(place(path, node.lineno))

    assert [places for places in bodies.values() if len(places) > 1] == []
