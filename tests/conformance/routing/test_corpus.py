"""The cases are what README.md says, and the page about them is fresh."""

from __future__ import annotations

import pytest

from tests.conformance.routing import corpus
from tests.conformance.routing.corpus import Answer, Case, Group, Invalid, features, groups
from tests.conformance.routing.outcome import Outcome, differences
from tests.conformance.routing.page import PAGE, page
from tests.conformance.routing.runners import declared


def group(**fields: object) -> Group:
    """Return a group as a file has it."""
    plain = {"group": "g", "needs": "order", "rule": "r", "cases": [{"ask": "/", "to": "a"}]}
    return corpus._group("f", {**plain, **fields})


def test_there_are_enough_cases():
    """A feature without a case is a promise that nobody keeps."""
    used = {name for each in groups() for name in each.needs}

    assert sum(len(each.cases) for each in groups()) >= 400
    assert features().keys() - used == set()


def test_the_page_about_data_planes_is_fresh():
    """`make conformance-page` writes it."""
    assert PAGE.read_text("utf-8") == page()


def test_every_single_case_that_is_declared_exists():
    """A case that was renamed would be declared for ever."""
    there = {case.id for each in groups() for case in each.cases}

    assert {name for runner in declared().values() for name in runner.limits} - there == set()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"cases": [{"to": "a"}]}, "asks nothing"),
        ({"cases": [{"ask": "/"}]}, "expects nothing"),
        ({"cases": [{"ask": "/", "too": "a"}]}, "nobody knows too"),
        ({"cases": []}, "needs, rule"),
        ({"routs": []}, "not routs"),
    ],
)
def test_a_word_that_nobody_knows_is_refused(fields, said):
    """A case that says less than its author meant would pass."""
    with pytest.raises(Invalid, match=said):
        group(**fields)


def test_a_case_says_what_is_sent():
    """Method and target stand in one word, and a header may come twice."""
    case = group(cases=[{"ask": "POST /a?b", "headers": {"x": ["1", "2"]}, "to": "a"}]).cases[0]

    assert (case.ask.method, case.ask.target) == ("POST", "/a?b")
    assert case.ask.headers == (("x", "1"), ("x", "2"))
    assert (case.answer.to, case.answer.status) == ("a", 200)


def expecting(**fields: object) -> Case:
    """Return a case with an answer."""
    case: Case = group().cases[0]
    return Case(id=case.id, ask=case.ask, answer=Answer(**fields))  # type: ignore[arg-type]


def test_what_differs_is_said():
    """Each difference is a sentence; what a runner cannot see does not pass for right."""
    case = expecting(to="a", sent={"x": "1", "y": None})
    seen = Outcome(to="b", status=500, sent={"x": ("2",), "y": ("3",)})

    assert differences(case, [seen]) == [
        "to is 'b', not 'a'",
        "header x is ('2',), not ('1',)",
        "header y is ('3',), not ()",
    ]
    assert differences(case, [Outcome()]) == ["to is None, not 'a'", "header x is (), not ('1',)"]
    assert differences(case, [Outcome(to="a", sent={"x": ("1",)})]) == []


def test_a_share_may_be_off_by_chance_only():
    """Of a thousand requests for one in ten, 150 are no chance."""
    case = expecting(shares={"a": 9, "b": 1})
    near = [Outcome(to="a")] * 890 + [Outcome(to="b")] * 110
    far = [Outcome(to="a")] * 850 + [Outcome(to="b")] * 150
    lost = [Outcome(to="a")] * 899 + [Outcome(to="b")] * 100 + [Outcome(to="")]

    assert differences(case, near) == []
    assert sorted(differences(case, far)) == [
        "a got 850 of 1000, not 900",
        "b got 150 of 1000, not 100",
    ]
    assert differences(case, lost) == ["nobody got 1 of 1000, not 0"]
