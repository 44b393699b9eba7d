"""Conditions and their values (contract 11)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.kinds import InvalidResource, Match, parse
from fairlead.kinds.match import KEYED, OPERATORS, PARTS, SYNONYMS
from fairlead.policy import match as policy
from tests.kinds.objects import bare, condition, said

VALUES: dict[str, Any] = {
    "in": ["a", 1],
    "not-in": ["a"],
    "range": [1, "2.5"],
    "percentage": "0.5",
    "regex": "a|b",
    "prefix": "/a",
    "==": "/A",
    "!=": "/A",
}
SPECIAL: dict[str, dict[str, Any]] = {
    "method": {"prefix": "P", "in": ["GET"], "not-in": ["GET"], "==": "GET", "!=": "GET"},
    "source-ip": {"in": ["::1"], "not-in": ["::1"], "==": "10.0.0.1", "!=": "10.0.0.1"},
    "path": {"in": ["/a"], "not-in": ["/a"]},
}


def only(plain: dict[str, Any]) -> Any:
    """Return the one condition of the rule."""
    return parse(plain).spec.match[0]


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("part", PARTS)
def test_every_operator_goes_with_every_part_that_it_can_compare(part, operator):
    """Nine operators on six parts, two of them under two names."""
    canonical = SYNONYMS.get(part, part)
    typed: dict[str, Any] = {"type": part, "condition": operator}
    if part in KEYED:
        typed["key"] = "k"
    if operator != "exists":
        typed["value"] = SPECIAL.get(canonical, {}).get(operator, VALUES[operator])
    if operator == "range" and canonical in SPECIAL:
        assert "compares numbers" in said(bare(**typed))["spec.match[0].value[0]"]
    else:
        assert only(bare(**typed)).type == canonical


@pytest.mark.parametrize(
    ("value", "text"), [("cn-shenzhen", "cn-shenzhen"), (123456789, "123456789"), (-5, "-5")]
)
def test_strings_and_integers_are_compared_as_text(value, text):
    """`value: 123456789` has to match the header `123456789`."""
    assert only(condition(value=value)).values == (text,)


@pytest.mark.parametrize("value", [1.5, 1e20, True, False, None, 1 << 63, float("nan")])
def test_a_value_that_tools_re_spell_is_to_be_quoted(value):
    """Kubectl sends 1.10 as 1.1 and 2**63 as 9.223372036854776e+18."""
    assert "quote the value" in said(condition(value=value))["spec.match[0].value"]
    listed = said(condition(condition="in", value=["a", value]))
    assert "quote the value" in listed["spec.match[0].value[1]"]


def test_the_largest_integer_of_64_bits_is_taken():
    """Every tool spells it alike."""
    assert only(condition(value=(1 << 63) - 1)).values == ("9223372036854775807",)


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\x00b", "\x7f", "\ud800"])
def test_what_is_no_character_of_a_request_is_refused(value):
    """No request can carry them; a rule with one is a mistake or an attack."""
    message = said(condition(value=value))["spec.match[0].value"]
    assert "control character" in message or "surrogate" in message


def test_a_value_has_a_bounded_length():
    """A rule is sent to every workload."""
    assert only(condition(value="a" * 4096))
    assert "at most 4096" in said(condition(value="a" * 4097))["spec.match[0].value"]


def test_an_unknown_operator_lists_the_allowed_ones():
    """Nobody remembers whether it was not-in or notin."""
    message = said(condition(condition="notin", value="a"))["spec.match[0].condition"]
    assert (
        message == f"unknown operator 'notin', did you mean not-in? allowed: {', '.join(OPERATORS)}"
    )


def test_an_unknown_type_lists_the_allowed_ones():
    """Nor whether it was query or param."""
    message = said(bare(type="param", condition="==", value="a"))["spec.match[0].type"]
    assert message == f"unknown type 'param'; allowed: {', '.join(PARTS)}"


def test_body_is_refused_and_says_so():
    """OpenSergo's list has it; a request is decided before its body is there."""
    assert (
        "not supported" in said(bare(type="body", condition="==", value="a"))["spec.match[0].type"]
    )


@pytest.mark.parametrize("part", KEYED)
def test_a_part_with_names_needs_a_key(part):
    """`type: header` alone would match nothing for ever."""
    assert "required" in said(bare(type=part, condition="==", value="a"))["spec.match[0].key"]


@pytest.mark.parametrize("part", ["path", "uri", "method", "source-ip", "ip"])
def test_a_part_without_names_takes_no_key(part):
    """A key there is a rule that means something else than it does."""
    typed = bare(type=part, key="k", condition="exists")
    assert "takes no key" in said(typed)["spec.match[0].key"]


@pytest.mark.parametrize("key", ["bad key", "x:y", "", "naïve", "a\r\nb", "a" * 257])
def test_header_and_cookie_names_are_field_names(key):
    """Anything else never comes in, or comes in as something else."""
    assert "not a field name" in said(condition(key=key, value="a"))["spec.match[0].key"]
    cookie = condition(type="cookie", key=key, value="a")
    assert "not a field name" in said(cookie)["spec.match[0].key"]


def test_a_query_parameter_may_have_any_name_but_none():
    """Parameter names have no alphabet."""
    assert only(condition(type="query", key="näme[]", value="a")).key == "näme[]"
    assert "empty" in said(condition(type="query", key="", value="a"))["spec.match[0].key"]


@pytest.mark.parametrize("operator", ["in", "not-in"])
def test_in_takes_a_list(operator):
    """A text there would be compared letter by letter, or as a whole: nobody can tell."""
    path = "spec.match[0].value"
    assert "takes a list, got a string" in said(condition(condition=operator, value="a"))[path]
    assert "at least one" in said(condition(condition=operator, value=[]))[path]
    assert "at most" in said(condition(condition=operator, value=["a"] * 1025))[path]


@pytest.mark.parametrize("operator", ["==", "!=", "regex", "prefix", "percentage"])
def test_other_operators_take_one_value(operator):
    """A list with one item is a hint at `in`."""
    message = said(condition(condition=operator, value=["a"]))["spec.match[0].value"]
    assert "takes a string or an integer, got a list" in message


@pytest.mark.parametrize(
    ("value", "path", "word"),
    [
        ([1], "value", "two numbers, got 1"),
        ([1, 2, 3], "value", "two numbers, got 3"),
        ([2, 1], "value", "2 is above 1"),
        (["a", 1], "value[0]", "not a number"),
        (["1e3", 2], "value[0]", "not a number"),
        ("1-2", "value", "takes a list of two numbers"),
        ([1, None], "value[1]", "quote"),
    ],
)
def test_range_takes_a_closed_pair_of_numbers(value, path, word):
    """Contract 11."""
    assert word in said(condition(condition="range", value=value))[f"spec.match[0].{path}"]


@pytest.mark.parametrize("value", [0, 100, "0.5", "99.99", 10])
def test_a_percentage_is_0_to_100(value):
    """A fraction is a string, so that nobody re-spells it."""
    assert only(condition(condition="percentage", value=value)).values == (str(value),)


@pytest.mark.parametrize("value", [-1, 101, "100.1", "ten", "10%", ""])
def test_a_percentage_outside_0_to_100_is_refused(value):
    """Ten percent written as 10% is the usual slip."""
    assert said(condition(condition="percentage", value=value))["spec.match[0].value"]


def test_a_percentage_without_a_key_needs_no_type():
    """It is drawn per trace: there is no part of the request to name."""
    assert only(bare(condition="percentage", value=10)).type is None
    assert "required" in said(bare(condition="percentage", key="k", value=10))["spec.match[0].type"]
    assert "required" in said(bare(condition="exists"))["spec.match[0].type"]


def test_exists_takes_no_value():
    """`exists: false` would not be the opposite."""
    for value in ("", "false", True, None):
        message = said(condition(condition="exists", value=value))["spec.match[0].value"]
        assert "takes no value" in message or "quote" in message


def test_a_missing_value_is_required():
    """`value` misspelt is two faults: one unknown, one missing."""
    found = said(condition(valeu="a"))
    assert found["spec.match[0].value"] == "required: a string or an integer"
    assert found["spec.match[0].valeu"] == "unknown field, did you mean value?"


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ({"type": "path", "value": "shop"}, "write '/shop'"),
        ({"type": "method", "value": "get"}, "write GET"),
        ({"type": "ip", "value": "10.0.0.0/8"}, "not an address"),
        ({"type": "ip", "value": "0:0:0:0:0:0:0:1"}, "write ::1"),
    ],
)
def test_a_value_that_no_request_can_have_is_refused(typed, word):
    """A rule that cannot match looks exactly like one that does not match yet."""
    assert word in said(bare(condition="==", **typed))["spec.match[0].value"]
    several = {**typed, "value": [typed["value"]]}
    assert word in said(bare(condition="in", **several))["spec.match[0].value[0]"]


def test_a_regular_expression_is_admitted_or_refused_with_the_reason():
    """Contract 19."""
    found = said(condition(condition="regex", value="(a+)+"))
    assert "too long" in found["spec.match[0].value"]
    assert "1025" in said(condition(condition="regex", value="a" * 1025))["spec.match[0].value"]


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just("10")
)
TYPED = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(st.sampled_from(PARTS), SCALARS),
        "key": SCALARS,
        "condition": st.one_of(st.sampled_from(OPERATORS), SCALARS),
        "value": st.one_of(SCALARS, st.lists(SCALARS, max_size=3)),
        "other": SCALARS,
    },
)


@given(TYPED)
def test_what_is_admitted_can_be_compiled_and_the_rest_is_refused_with_paths(typed):
    """A rule that passes here must not fail in an agent; a bad one must not raise anything else."""
    try:
        match = only(bare(**typed))
    except InvalidResource as error:
        refused = error.violations
    else:
        _compile(match)
        return
    assert all(violation.path.startswith("spec.match[0]") for violation in refused)


def _compile(match: Match) -> None:
    source = match.type or "trace"
    policy.compile_condition(
        policy.Condition(
            source=source, key=match.key or "", operator=match.condition, values=match.values
        )
    )
