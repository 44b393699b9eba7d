"""The cases of rules are what README.md says."""

from __future__ import annotations

import pytest

from tests.conformance.routing.corpus import Invalid, features
from tests.conformance.routing.peers import corpus
from tests.conformance.routing.peers.corpus import FEATURES, GRPC, HTTP, policies
from tests.conformance.routing.peers.visible import figures, seen_after
from tests.conformance.routing.runners import declared


def group(**fields: object) -> corpus.Policies:
    """Return a group as a file has it."""
    plain = {"group": "g", "needs": "order", "rule": "r", "cases": [{"ask": "/a", "to": "stock"}]}
    return corpus.group_of("f", {**plain, **fields})


def test_there_are_enough_cases():
    """A feature without a case is a promise that nobody keeps."""
    used = {name for each in policies() for name in each.needs}

    assert sum(len(each.cases) for each in policies()) >= 100
    assert features(FEATURES).keys() - used == set()


def test_every_single_case_that_is_declared_exists():
    there = {case.id for each in policies() for case in each.cases}

    assert {name for one in declared(FEATURES).values() for name in one.limits} - there == set()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"cases": [{"to": "a"}]}, "ask"),
        ({"cases": [{"ask": "/"}]}, "expects nothing"),
        ({"cases": [{"ask": "/", "too": "a"}]}, "nobody knows too"),
        ({"cases": []}, "needs, rule"),
        ({"objcts": []}, "not objcts"),
        ({"protocol": "smtp"}, "needs, rule"),
        ({"serves": ["Orders"]}, "no instance"),
    ],
)
def test_a_word_that_nobody_knows_is_refused(fields, said):
    """A case that says less than its author meant would pass."""
    with pytest.raises((Invalid, KeyError), match=said):
        group(**fields)


def test_a_call_of_grpc_ends_well_where_it_reaches_somebody():
    (case,) = group(protocol=GRPC).cases

    assert (case.ask.method, case.ask.host) == ("POST", "orders.f-g")
    assert (case.answer.code, case.answer.status) == ("OK", None)
    assert group(protocol=HTTP).cases[0].answer.status == 200


def test_short_forms_are_objects():
    """A subset for each version, and who matches goes to the second."""
    rule, service = group(v2=[{"uri": {"exact": "/a"}}]).objects

    assert [one["name"] for one in rule["spec"]["subsets"]] == ["v1", "v2"]
    assert [len(one.get("match", ())) for one in service["spec"]["http"]] == [1, 0]
    assert rule["metadata"] == {"name": "orders", "namespace": "f-g"}


def test_a_change_is_seen_when_no_call_goes_the_old_way_any_more():
    """The first call may go the new way by chance, from another worker of a data plane."""
    old, new = "orders-v1", "orders-v2"
    early = [(0.9, old), (1.1, new), (1.2, old), (1.3, new)]

    assert seen_after(early, 1.0, new) is None
    assert seen_after([*early, (1.31, new)], 1.0, new) is None
    assert seen_after([*early, (1.4, new)], 1.0, new) == 1.3
    assert seen_after([*early, (1.4, new), (1.5, "")], 1.0, new) is None


def test_figures_are_of_all_times():
    assert figures([n / 1000 for n in range(200)]) == {"p50": 100.0, "p99": 198.0, "most": 199.0}
