"""Conditions on a request: what each operator says, also of what is missing."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.policy.match import (
    BUCKETS,
    SUBJECT_LIMIT,
    Condition,
    InvalidCondition,
    bucket,
    compile_all,
    compile_condition,
)
from tests.policy.request_table import Request


def holds(text: str | None, operator: str, *values: str, dice: float = 0.0) -> bool:
    condition = Condition(source="header", key="X-K", operator=operator, values=values)
    request = Request(headers={} if text is None else {"x-k": text})
    return compile_condition(condition)(request, lambda: dice)


@pytest.mark.parametrize(
    ("text", "operator", "values", "expected"),
    [
        ("cn-shenzhen", "==", ["cn-shenzhen"], True),
        ("cn-shenzhen2", "==", ["cn-shenzhen"], False),
        ("123456789", "==", ["123456789"], True),
        ("a", "!=", ["b"], True),
        ("b", "!=", ["b"], False),
        ("a", "in", ["a", "b"], True),
        ("c", "in", ["a", "b"], False),
        ("c", "not-in", ["a", "b"], True),
        ("a", "not-in", ["a", "b"], False),
        ("v1.2", "regex", [r"v\d\.\d"], True),
        ("v1.23", "regex", [r"v\d\.\d"], False),
        ("shenzhen", "prefix", ["shen"], True),
        ("Shenzhen", "prefix", ["shen"], False),
        ("5", "range", ["1", "5"], True),
        ("5.0000001", "range", ["1", "5"], False),
        ("123456789012345678901", "range", ["0", "123456789012345678900"], False),
        ("x", "range", ["1", "5"], False),
        ("٣", "range", ["1", "5"], False),
        ("", "exists", [], True),
    ],
)
def test_an_operator_compares_text(
    text: str, operator: str, values: list[str], expected: bool
) -> None:
    """Contract 11: values are compared as text, numbers only where a range asks for them."""
    assert holds(text, operator, *values) is expected


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("==", ["a"], False),
        ("!=", ["a"], True),
        ("in", ["a"], False),
        ("not-in", ["a"], True),
        ("regex", [".*"], False),
        ("prefix", [""], False),
        ("range", ["0", "1"], False),
        ("exists", [], False),
        ("percentage", ["100"], False),
    ],
)
def test_a_missing_key_is_false_except_for_the_negations(
    operator: str, values: list[str], expected: bool
) -> None:
    """Otherwise a rule meant for a few would catch everybody who sends nothing."""
    assert holds(None, operator, *values) is expected


def test_a_subject_over_the_limit_matches_no_regular_expression() -> None:
    """Matching a cut-off subject would say yes to what the whole one denies."""
    assert holds("a" * SUBJECT_LIMIT, "regex", "a*")
    assert not holds("a" * (SUBJECT_LIMIT + 1), "regex", "a*")


@pytest.mark.parametrize("source", ["header", "query", "cookie", "path", "method", "source-ip"])
def test_every_source_is_asked_for_its_own_part(source: str) -> None:
    """A header named like a cookie must not answer for it."""
    condition = Condition(source=source, key="k", operator="==", values=("v",))
    holder = {"header": "headers", "query": "queries", "cookie": "cookies"}.get(source, "rest")
    key = "k" if holder != "rest" else source
    matching = Request(**{holder: {key: "v"}})
    others = [Request(**{h: {"k": "v"}}) for h in ("headers", "queries", "cookies") if h != holder]
    test = compile_condition(condition)
    assert test(matching, lambda: 0.0)
    assert not any(test(other, lambda: 0.0) for other in others)


def test_all_conditions_must_hold() -> None:
    """The entries of `match` are ANDed."""
    conditions = tuple(
        Condition(source="header", key=key, operator="==", values=("1",)) for key in ("a", "b")
    )
    test = compile_all(conditions)
    assert test(Request(headers={"a": "1", "b": "1"}), lambda: 0.0)
    assert not test(Request(headers={"a": "1"}), lambda: 0.0)
    assert compile_all(())(Request(), lambda: 0.0)


def test_a_percentage_keeps_a_user_on_one_side() -> None:
    """A canary that changes sides between two clicks is worse than none."""
    sides = {user: holds(user, "percentage", "10") for user in map(str, range(2000))}
    assert all(holds(user, "percentage", "10", dice=0.99) is side for user, side in sides.items())
    # 2,000 draws of 10 %: mean 200, four standard deviations are 54.
    assert 146 <= sum(sides.values()) <= 254


def test_a_growing_percentage_only_adds_users() -> None:
    """Moving a canary from 10 % to 50 % must not send anybody back."""
    small = {u for u in map(str, range(500)) if holds(u, "percentage", "10")}
    large = {u for u in map(str, range(500)) if holds(u, "percentage", "50")}
    assert small < large
    assert all(holds(u, "percentage", "100") for u in map(str, range(500)))
    assert not any(holds(u, "percentage", "0") for u in map(str, range(500)))


def test_lanes_draw_independently() -> None:
    """Without a salt, two lanes of 10 % would be the same users, and the second lane empty."""
    users = [str(user) for user in range(1000)]
    drawn = {salt: {u for u in users if bucket(salt, u) < BUCKETS // 10} for salt in ("a", "b")}
    assert drawn["a"] != drawn["b"]
    assert drawn["a"] - drawn["b"]


def test_a_bucket_is_the_same_in_every_language() -> None:
    """Another data plane must send the same user to the same side; this vector is the contract."""
    assert bucket("gray", "42") == 0x1BF94E7E1C3869D4


def test_a_percentage_without_a_key_follows_the_trace_or_the_dice() -> None:
    """All calls of one trace belong on one side; a request without a trace is its own draw."""
    test = compile_condition(
        Condition(source="trace", operator="percentage", values=("50",), salt="gray")
    )
    traced = Request(rest={"trace": "0af7651916cd43dd8448eb211c80319c"})
    assert len({test(traced, lambda d=d: d) for d in (0.0, 0.6)}) == 1  # type: ignore[misc]
    assert test(Request(), lambda: 0.49)
    assert not test(Request(), lambda: 0.51)


@pytest.mark.parametrize(
    "condition",
    [
        Condition(source="body", key="a", operator="==", values=("1",)),
        Condition(source="header", key="a", operator="~", values=("1",)),
        Condition(source="header", key="a", operator="==", values=()),
        Condition(source="header", key="a", operator="regex", values=("(",)),
        Condition(source="header", key="a", operator="range", values=("1",)),
        Condition(source="header", key="a", operator="range", values=("1", "NaN")),
        Condition(source="header", key="a", operator="percentage", values=("101",)),
        Condition(source="header", key="a", operator="percentage", values=("-1",)),
    ],
)
def test_what_no_request_can_be_held_against_is_refused(condition: Condition) -> None:
    """A snapshot is a stranger's bytes: a rule of a newer version must not match by accident."""
    with pytest.raises(InvalidCondition):
        compile_condition(condition)


@given(st.text(max_size=80), st.sampled_from(["==", "prefix", "in", "range", "percentage"]))
def test_no_subject_breaks_a_condition(text: str, operator: str) -> None:
    """Subjects come from clients."""
    values = {"range": ("1", "2"), "percentage": ("50",)}.get(operator, ("a",))
    assert holds(text, operator, *values) in (True, False)


def test_buckets_spread_evenly() -> None:
    """A skewed hash would make 10 % mean something else for sequential user ids."""
    counts = [0] * 10
    for user in itertools.islice(itertools.count(123_456_000), 5000):
        counts[bucket("gray", str(user)) * 10 // BUCKETS] += 1
    # 5,000 draws into ten: mean 500, four standard deviations are 85.
    assert all(415 <= count <= 585 for count in counts)
