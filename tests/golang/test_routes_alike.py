"""Go programs decide by a table of routes as Envoy does, and as agents in Python do."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairlead.policy.routing import expression
from tests.conformance.routing.corpus import Case, Group
from tests.conformance.routing.golang import GoEvaluator
from tests.conformance.routing.outcome import differences
from tests.conformance.routing.runners import declared
from tests.conformance.routing.trying import holds, honoured
from tests.golang.asking import Refused, Runtime


@pytest.fixture(scope="module")
def evaluator(runtime: Runtime) -> GoEvaluator:
    """Ask the Go runtime."""
    return GoEvaluator(runtime)


@pytest.mark.parametrize(("group", "case"), honoured("go"))
def test_go_decides_what_a_case_says(evaluator: GoEvaluator, group: Group, case: Case):
    """A service in Go is called by the same rules as one in Python."""
    assert differences(case, evaluator.ask(group, case)) == []


@given(
    # Without \B, which Python says of no place in an empty text (python/cpython#124130).
    pattern=st.text(r"ab.*+?[]()|\\dDwWsSbAQEn^$-{},12:=! é\n", min_size=1, max_size=8),
    text=st.sampled_from(["x", "-\\0-", "\\1", "\\\\"]),
    subjects=st.lists(st.text("ab12 -_é]}{\n:,", max_size=5), min_size=1, max_size=4),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=500)
def test_an_expression_of_a_route_means_the_same(
    runtime: Runtime, pattern: str, text: str, subjects: list[str]
):
    """Both read RE2's language, one of them by Python's: what one cannot read it refuses."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of what Python will read otherwise one day
        try:
            ours = expression.compiled(pattern)
            expression.checked_text(ours, text)
            found = runtime.ask("replaced", Regex=pattern, Text=text, Subjects=subjects)
        except (expression.InvalidExpression, Refused, Warning):
            return
    for subject, (matches, replaced) in zip(subjects, found, strict=True):
        assert matches is expression.matches(ours, subject)
        # Where an expression matches nothing at all, Go goes on as RE2 does, and Python does not.
        if all(one[0] for one in ours.finditer(subject)):
            assert replaced == expression.replaced(ours, text, subject)


@pytest.mark.parametrize("feature", sorted(declared()["go"].lacks))
def test_what_is_declared_missing_is_missing(evaluator: GoEvaluator, feature: str):
    """A page that says less than there is keeps people from using it."""
    assert not holds(evaluator.ask, feature)
