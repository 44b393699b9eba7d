"""Whether two rules can match one request: never a wrong no."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.compiler.overlap import may_both_match
from fairlead.policy.match import Condition, compile_condition
from tests.policy.request_table import Request


def on(operator: str, *values: str, key: str = "x", source: str = "header") -> Condition:
    """Return a condition on the header x."""
    return Condition(source=source, key=key, operator=operator, values=values)


APART: list[tuple[Condition, Condition]] = [
    (on("==", "a"), on("==", "b")),
    (on("==", "a"), on("in", "b", "c")),
    (on("in", "a", "b"), on("in", "c")),
    (on("==", "a"), on("!=", "a")),
    (on("in", "a", "b"), on("not-in", "a", "b")),
    (on("==", "/shop"), on("prefix", "/cart")),
    (on("prefix", "/shop"), on("prefix", "/cart")),
    (on("==", "abc"), on("regex", "[0-9]+")),
    (on("==", "5"), on("range", "6", "7")),
    (on("range", "1", "5"), on("range", "6", "7")),
    (on("exists"), on("percentage", "0")),
]

TOGETHER: list[tuple[Condition, Condition]] = [
    (on("==", "a"), on("==", "a")),
    (on("==", "a"), on("==", "b", key="y")),
    (on("==", "a"), on("==", "b", source="query")),
    (on("==", "a"), on("in", "a", "b")),
    (on("==", "a"), on("exists")),
    (on("prefix", "/"), on("prefix", "/shop")),
    (on("regex", "[0-9]+"), on("regex", "[a-z]+")),
    (on("!=", "a"), on("!=", "b")),
    (on("range", "1", "5"), on("range", "5", "7")),
    (on("percentage", "10"), on("percentage", "10")),
    (on("==", "a"), on("percentage", "10")),
]


@pytest.mark.parametrize("pair", APART)
def test_rules_that_no_request_can_match_both_are_told_apart(pair):
    """A warning about them would teach people to ignore warnings."""
    assert not may_both_match((pair[0],), (pair[1],))
    assert not may_both_match((pair[1], on("exists", key="other")), (pair[0],))


@pytest.mark.parametrize("pair", TOGETHER)
def test_rules_that_may_match_one_request_are_taken_to(pair):
    """Also where it cannot be decided, as with two expressions."""
    assert may_both_match((pair[0],), (pair[1],))


def test_rules_without_conditions_match_with_every_other():
    """No condition is no restriction."""
    assert may_both_match((), (on("==", "a"),))
    assert may_both_match((), ())


TEXTS = st.sampled_from(["", "a", "b", "ab", "1", "2", "3.5", "/a", "/ab"])
CONDITIONS: st.SearchStrategy[Any] = st.one_of(
    st.builds(on, st.sampled_from(["==", "!=", "prefix"]), TEXTS),
    st.builds(
        lambda o, v: on(o, *v), st.sampled_from(["in", "not-in"]), st.lists(TEXTS, min_size=1)
    ),
    st.builds(
        lambda low, high: on("range", str(min(low, high)), str(max(low, high))),
        st.integers(0, 4),
        st.integers(0, 4),
    ),
    st.just(on("exists")),
    st.sampled_from(["a*", "[0-9]", "/.*"]).map(lambda pattern: on("regex", pattern)),
)


@given(st.lists(CONDITIONS, max_size=3), st.lists(CONDITIONS, max_size=3), TEXTS)
def test_a_request_that_matches_both_disproves_every_no(one, other, text):
    """The compiler may say yes too often, never no."""
    request = Request(headers={"x": text})
    if all(compile_condition(c)(request, lambda: 0.0) for c in (*one, *other)):
        assert may_both_match(tuple(one), tuple(other))
