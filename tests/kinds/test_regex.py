"""Which regular expressions are let in (contract 19)."""

from __future__ import annotations

import re
from itertools import product
from time import process_time

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fairlead.kinds.regex import LONGEST, problem
from tests.kinds.backtracking import Search, TooLong, steps

AMBIGUOUS = [
    "(a+)+",
    "(a|a)*",
    "(a|aa)+",
    "(a|ab)*",
    "(a*)*b",
    "a*a*",
    "a?a?a?",
    "(a?){5}",
    ".*.*",
    "(.*)(.*)",
    "(.*,)*",
    "(.*,){3}",
    "(x+x+)+y",
    r"\d+\d+",
    r"(\d+)*",
    r"(\w+\s?)*",
    r"(\d{1,3}){4}",
    "(a+|b+)*",
    "(ab?b?)+",
    "()*",
    "(?:a?b?)*",
    "(a|b|ab)*c",
    "(a*?)*?",
    r"\w*\d*x",
    "([a-z]+[0-9a-z]*)+",
    "(([ab]+c?)+d?)+",
    "(?i:A+a+)",
    r"[^,]*\w*",
    "(a*b*)+",
    ".*a?.*",
]

FINE = [
    "",
    "gray|green",
    "^/shop/.*$",
    ".*gray.*",
    r".*\.example\.com",
    r"\d+",
    r"[a-z0-9-]+(\.[a-z0-9-]+)*",
    r"v\d+\.\d+\.\d+",
    "(/[^/]+)*",
    r"\d{1,3}(\.\d{1,3}){3}",
    "user-[0-9]*[02468]",
    "(?i)chrome/.*",
    "https?://.*",
    "(foo|bar)+",
    r"/api/v\d+/.*/items/\d+",
    ".*",
    "cn-(shenzhen|shanghai)(-[a-z])?",
    r"\w+@\w+\.\w{2,}",
    "(a|b)*abb",
    r"1[3-9]\d{9}",
    "(iPhone|iPad).*",
    r"\w+\s+\w+",
    "[^,]+,[^,]+",
    r"(\d{2}){3}",
    "(?:[A-F0-9]{2}:){5}[A-F0-9]{2}",
    "(_[a-z]+)+",
    "x.*y.*z",
    "é+à+",
]


@pytest.mark.parametrize("pattern", AMBIGUOUS)
def test_a_pattern_that_can_match_one_text_in_many_ways_is_refused(pattern):
    """One such rule and one chosen header would stop an entry app."""
    assert problem(pattern)


@pytest.mark.parametrize("pattern", FINE)
def test_a_pattern_people_write_is_let_in(pattern):
    """A guard that refuses ordinary rules is switched off."""
    assert problem(pattern) is None


@pytest.mark.parametrize("pattern", [".*a.*b.*", "a.*b.*c.*d", "(.*)gray(.*)x.*"])
def test_the_cost_may_not_grow_beyond_the_square_of_the_subject(pattern):
    """A thousand characters to the third power is a minute."""
    assert "open repeats" in str(problem(pattern))


FAMILIES = [
    "iI\u0130\u0131",
    "sS\u017f",
    "kK\u212a",
    "\u00b5\u03bc\u039c",
    "\u00df\u1e9e",
    "\u10d0\u1c90",
]


@pytest.mark.parametrize("family", FAMILIES)
def test_case_is_ignored_as_the_matcher_ignores_it(family):
    """Turkish letters, the long s and the Kelvin sign took seconds where they seemed to differ."""
    for one, other in product(family, repeat=2):
        assert re.fullmatch(f"(?i:{one})", other), "the matcher has changed"
        assert problem(f"(x(?i:{one})+{other}?)+"), f"{one} and {other} compete"
        assert problem(f"((?i:[{one}-{one}])*{other}*)x"), f"{one} and {other} compete"
    assert problem("(?:(?i:[a-z])|[^\\x00-\\x7f])+")
    assert problem("(?ai:\u0131+i+)") is None


def test_a_pattern_is_judged_in_a_moment():
    """It is judged while every agent's stream waits; each of these took up to a second."""
    letters = "".join(chr(0x4E00 + 3 * i) for i in range(1000))
    ranges = "".join(f"[a-{chr(0x10000 + 3 * i)}]" for i in range(200))
    before = process_time()
    for pattern in (f"(?i){letters}", letters, f"[{letters}]", ranges):
        problem(pattern)
    assert process_time() - before < 1


def test_many_small_choices_are_refused_as_well():
    """Forty of them are a trillion ways, without a single star."""
    assert "alternatives" in str(problem("(a|a|a)" * 40))
    assert "alternatives" in str(problem("".join(f"(a?a|b{n})" for n in range(6))))


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        (r"(a)\1", "back-reference"),
        ("(?=a)a", "look-around"),
        ("(?<!a)b", "look-around"),
        ("(?>a)", "atomic"),
        ("a++", "possessive"),
        ("(a)?(?(1)b|c)", "conditional"),
        ("(?i)[\x00-\U0010ffff]", "wide range"),
        ("[\x00-\uffff]" * 20, "wide range"),
        ("(" * 60 + "a" + ")" * 60, "nested"),
        ("(" * 500 + "a" + ")" * 500, "nested"),
    ],
)
def test_what_a_linear_engine_has_not_is_not_supported(pattern, word):
    """The same rule must mean the same with either engine."""
    assert word in str(problem(pattern))


@pytest.mark.parametrize("pattern", ["(", "[", "a{2,1}", "*a", "\\", "[[a]", "(?P<n>a)(?P<n>b)"])
def test_what_is_no_regular_expression_is_refused_with_the_reason(pattern):
    """It would be refused by every agent, one by one."""
    assert "not a regular expression" in str(problem(pattern))


def test_a_pattern_has_at_most_1024_characters():
    """Contract 19."""
    assert LONGEST == 1024
    assert problem("a" * 1024) is None
    assert "1025" in str(problem("a" * 1025))


_LEAVES = st.sampled_from(["a", "b", ",", ".", "[ab]", "[^a]", r"\w", "ab", "a,", r"[^,]", "c"])
_QUANTIFIERS = st.sampled_from(["*", "+", "?", "{2,5}", "{3}", "{1,2}", "*?", "+?", "{0,9}"])


def _wider(inner):
    return st.one_of(
        st.lists(inner, min_size=2, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, _QUANTIFIERS).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
    )


PATTERNS = st.recursive(_LEAVES, _wider, max_leaves=8)
PUMPS = ["".join(letters) for size in (1, 2, 3) for letters in product("ab,", repeat=size)]
SIZE, BUDGET = 12, 60_000


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(pattern=PATTERNS, pump=st.sampled_from(PUMPS), head=st.sampled_from(["", "a", "b", ","]))
def test_the_search_for_an_admitted_pattern_grows_with_the_square_at_most(pattern, pump, head):
    """The promise itself, held against a model of the engine."""
    assume(problem(pattern) is None)
    for tail in ("", "!", "\n"):
        try:
            small = steps(pattern, head + pump * SIZE + tail, BUDGET)
            large = steps(pattern, head + pump * SIZE * 2 + tail, BUDGET)
        except TooLong:
            pytest.fail(f"{pattern} on {head!r}, {pump!r} repeated, {tail!r}")
        assert large <= 5 * small + 300


@given(pattern=PATTERNS, text=st.text("ab,c", max_size=6))
def test_the_model_agrees_with_the_engine(pattern, text):
    """Or its steps would prove nothing."""
    try:
        matched = Search(text, 20_000).run(pattern)
    except TooLong:
        return
    assert matched == (re.fullmatch(pattern, text) is not None)


@given(st.text(max_size=60))
def test_any_text_is_judged_without_an_error(text):
    """Admission is open to whoever may write a rule."""
    problem(text)
