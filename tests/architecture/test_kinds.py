"""Every kind is declared once, compiled by one pass, and shown by a golden case."""

from __future__ import annotations

import re

import pytest

from fairlead.compiler.passes import PASSES
from fairlead.kinds import KINDS
from tests.architecture.tree import PACKAGE, TESTS

NAMES = [kind.called for kind in KINDS]


SHARED = {
    "Gateway.networking.istio.io": "istio_gateway",
    "Gateway.gateway.networking.k8s.io": "kubernetes_gateway",
}
"""Files of kinds whose name is another kind's as well."""


def snake(name: str) -> str:
    """Return ``traffic_lane`` for ``TrafficLane``, ``http_route`` for ``HTTPRoute``."""
    parts = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return SHARED.get(name, parts.lower())


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
    assert sorted(kind.called for kind, _ in PASSES) == sorted(NAMES)


def test_no_two_kinds_answer_to_one_name():
    """``kubectl get`` would have to choose."""
    words = [
        word
        for kind in KINDS
        for word in {*((kind.kind, kind.plural, kind.singular) * (not kind.shared))}
        | set(kind.short_names)
    ]

    assert len(words) == len(set(words))
    # OpenSergo has called one kind what another's plural is: only its own spelling means it.
    alike = {kind.kind for kind in KINDS if kind.kind.lower() in words and not kind.shared}
    assert alike <= {kind.kind for kind in KINDS if kind.kind.lower() == kind.singular} | {
        "VirtualWorkloads"
    }


def test_kinds_of_one_name_say_so():
    """Findings, rules and statuses are told apart by it."""
    names = [kind.kind for kind in KINDS]
    # Each lands by itself: one that says so may be alone for a while.
    assert all(kind.shared for kind in KINDS if names.count(kind.kind) > 1)
    assert len(NAMES) == len(set(NAMES))
