"""Our own evaluator decides as Envoy does."""

from __future__ import annotations

import pytest

from tests.conformance.routing.corpus import Case, Group
from tests.conformance.routing.evaluator import Evaluator
from tests.conformance.routing.outcome import differences
from tests.conformance.routing.runners import declared
from tests.conformance.routing.trying import holds, honoured

EVALUATOR = Evaluator()


@pytest.mark.parametrize(("group", "case"), honoured("evaluator"))
def test_the_evaluator_decides_what_a_case_says(group: Group, case: Case):
    """What Envoy does is what explain says it does, and what the agent will."""
    assert differences(case, EVALUATOR.ask(group, case)) == []


@pytest.mark.parametrize("feature", sorted(declared()["evaluator"].lacks))
def test_what_is_declared_missing_is_missing(feature: str):
    """A page that says less than there is keeps people from using it."""
    assert not holds(EVALUATOR.ask, feature)
