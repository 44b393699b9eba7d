"""Every kind is declared once, compiled by one pass, and shown by a golden case."""

from __future__ import annotations

import re

import pytest

from fairlead.compiler.passes import PASSES
from fairlead.kinds import KINDS
from tests.architecture.tree import PACKAGE, TESTS

NAMES = [kind.kind for kind in KINDS]


def snake(name: str) -> str:
    """Return ``traffic_lane`` for ``TrafficLane``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize("kind", NAMES)
def test_a_kind_has_one_file_in_each_room_that_knows_it(kind):
    """Who looks for a kind should not have to search."""
    assert (PACKAGE / "kinds" / f"{snake(kind)}.py").is_file()
    assert (PACKAGE / "compiler" / f"{snake(kind)}.py").is_file()
    assert (TESTS / "kinds" / f"test_{snake(kind)}.py").is_file()


@pytest.mark.parametrize("kind", NAMES)
def test_a_kind_has_a_golden_case(kind):
    """YAML in, JSON out: a reviewer reads what a change does to what is enforced."""
    golden = TESTS / "compiler" / "golden"
    cases = [
        case for case in golden.iterdir() if case.name.startswith(snake(kind).replace("_", "-"))
    ]

    assert cases != []
    for case in cases:
        assert {"in.yaml", "out.json"} <= {path.name for path in case.iterdir()}


def test_every_kind_has_one_pass():
    """A kind that loads and does nothing is worse than one that is refused."""
    assert sorted(kind.kind for kind, _ in PASSES) == sorted(NAMES)


def test_no_two_kinds_answer_to_one_name():
    """``kubectl get`` would have to choose."""
    words = [
        word
        for kind in KINDS
        for word in {kind.kind.lower(), kind.plural, kind.singular, *kind.short_names}
    ]

    assert len(words) == len(set(words))
