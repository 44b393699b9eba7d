"""YAML in, JSON out: the diff of ``out.json`` is the review.

``GOLDEN=write make test ARGS=tests/compiler`` writes the files anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.compiler.golden_case import compiled

CASES = sorted(path.parent for path in (Path(__file__).parent / "golden").glob("*/in.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_world_compiles_to_what_a_reviewer_has_read(case):
    """A change of the compiler shows here, in words of the domain."""
    found = json.dumps(compiled(case / "in.yaml"), indent=2, ensure_ascii=False) + "\n"
    golden = case / "out.json"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(found)
    assert found == golden.read_text()
