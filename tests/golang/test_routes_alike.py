"""Go programs decide by a table of routes as Envoy does, and as agents in Python do."""

from __future__ import annotations

import pytest

from tests.conformance.routing.corpus import Case, Group
from tests.conformance.routing.golang import GoEvaluator
from tests.conformance.routing.outcome import differences
from tests.conformance.routing.runners import declared
from tests.conformance.routing.trying import holds, honoured
from tests.golang.asking import Runtime


@pytest.fixture(scope="module")
def evaluator(runtime: Runtime) -> GoEvaluator:
    """Ask the Go runtime."""
    return GoEvaluator(runtime)


@pytest.mark.parametrize(("group", "case"), honoured("go"))
def test_go_decides_what_a_case_says(evaluator: GoEvaluator, group: Group, case: Case):
    """A service in Go is called by the same rules as one in Python."""
    assert differences(case, evaluator.ask(group, case)) == []


@pytest.mark.parametrize("feature", sorted(declared()["go"].lacks))
def test_what_is_declared_missing_is_missing(evaluator: GoEvaluator, feature: str):
    """A page that says less than there is keeps people from using it."""
    assert not holds(evaluator.ask, feature)
