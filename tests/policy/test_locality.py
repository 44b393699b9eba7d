"""Places: how they are spelt, how far they are from each other, and what rules make of it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from fairlead.policy.locality import (
    REGION,
    SUBZONE,
    ZONE,
    Caller,
    Distribution,
    LocalityRule,
    Place,
    priorities,
    problem,
    shares,
    values,
)

HERE = Place("eu", "a", "r1")
BY = Caller(HERE)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", Place()),
        ("a", Place(zone="a")),
        ("eu/", Place("eu")),
        ("eu/a", Place("eu", "a")),
        ("eu/a/r1", HERE),
        ("//r1", Place(sub_zone="r1")),
    ],
)
def test_a_place_is_spelt_as_it_is_read(text, place):
    """A zone alone is what it has always been."""
    assert Place.read(text) == place
    assert str(place) == text


def test_labels_say_what_a_workload_does_not():
    """Kubernetes and Istio write them."""
    labels = ((REGION, "eu"), (ZONE, "a"), (SUBZONE, "r1"), ("x", "y"))
    assert Place.of("", labels) == HERE
    assert Place.of("b", labels) == Place("eu", "b", "r1")
    assert Place.of("us/b/r2", labels) == Place("us", "b", "r2")
    assert HERE.labels == labels[:3]


@pytest.mark.parametrize(
    ("pattern", "within"),
    [
        ("*", True),
        ("eu", True),
        ("eu/*", True),
        ("eu/a", True),
        ("eu/a/*", True),
        ("eu/a/r1", True),
        ("eu/a/r2", False),
        ("eu/b/*", False),
        ("us/*", False),
    ],
)
def test_a_place_is_in_others(pattern, within):
    """What is left out is any, as is a star."""
    assert HERE.within(pattern) is within


def test_distances():
    """Istio's tiers; whoever has not said where he is is in the region without a name."""
    others = [HERE, Place("eu", "a", "r2"), Place("eu", "b", "r1"), Place("us", "a", "r1"), Place()]
    assert [HERE.distance(one) for one in others] == [0, 1, 2, 3, 3]
    assert Place().distance(Place()) == 0


def ranked(rule: LocalityRule, *found: str | Place, by: Caller = BY) -> list[int]:
    places = [Place.read(one) if isinstance(one, str) else one for one in found]
    return priorities(rule, by, [(f"{at}:80", one) for at, one in enumerate(places)])


def test_priorities_have_no_gaps():
    """Envoy and gRPC refuse such."""
    assert ranked(LocalityRule(), "us/x", "eu/b", "us/y", "eu/a/r1") == [2, 1, 2, 0]
    assert ranked(LocalityRule(), "us/x", "ap/x") == [0, 0]
    assert ranked(LocalityRule()) == []


def test_a_region_comes_before_others():
    """Those that it does not fail over to are the last resort."""
    rule = LocalityRule(failover=(("ap", "us"), ("eu", "us")))
    assert ranked(rule, "ap/x", "us/x", "eu/b", "eu/a/r1") == [3, 2, 1, 0]


def test_labels_in_order():
    """The second counts for whoever has the first."""
    rule = LocalityRule(
        labels=("version", "rack=7"),
        carried=(("0:80", ("v1", "7")), ("1:80", ("v2", "7")), ("2:80", ("v1", "8"))),
    )
    by = Caller(HERE, (("version", "v1"), ("rack", "1")))
    assert ranked(rule, "us/x", "eu/a/r1", "us/y", by=by) == [0, 2, 1]


def test_who_lacks_a_label_as_the_caller_does_has_it_alike():
    """Istio compares what is not there as an empty text."""
    rule = LocalityRule(labels=("rack",), carried=(("0:80", ("",)), ("1:80", ("7",))))
    assert ranked(rule, "us/x", "eu/a/r1") == [0, 1]


def test_of_those_with_the_same_labels_the_nearer_one_comes_first_with_failover():
    """Both together, as Istio has it."""
    rule = LocalityRule(
        labels=("version",),
        failover=(("eu", "us"),),
        carried=tuple((f"{at}:80", (one,)) for at, one in enumerate(("v1", "v1", "v2", "v1"))),
    )
    by = Caller(HERE, (("version", "v1"),))
    assert ranked(rule, "ap/x", "us/x", "eu/a/r1", "eu/b", by=by) == [2, 1, 3, 0]


def test_shares_of_places():
    """A star is shared by the weight of who is there, rounded up as Istio does."""
    rule = LocalityRule(
        distribute=(
            Distribution(source="us", to=(("us", 100),)),
            Distribution(source="eu/a", to=(("eu/a/*", 80), ("us/*", 20))),
            Distribution(source="*", to=(("ap", 100),)),
        )
    )
    a, x, y, other = HERE, Place("us", "x"), Place("us", "y"), Place("eu", "b")
    found = shares(rule, Caller(HERE), {a: 3, x: 1, y: 2, other: 5})
    assert found == {a: 80, x: 7, y: 14}
    assert shares(rule, Caller(Place("eu", "b")), {a: 1}) == {}
    assert shares(LocalityRule(distribute=rule.distribute[:1]), Caller(HERE), {a: 1}) is None


def test_values_of_labels_have_the_place_among_them():
    """Istio adds the labels of a place to those of a pod."""
    found = values((REGION, "version=v1", "rack"), HERE, (("version", "v2"),))
    assert found == ("eu", "v2", "")


def test_what_cannot_be_kept_is_told():
    """Of senders; the kinds refuse it."""
    assert problem(LocalityRule()) is None
    bad = Distribution(source="*", to=(("eu", 0),))
    assert problem(LocalityRule(distribute=(bad,))) is not None
    assert problem(LocalityRule(labels=("a", "b"), carried=(("x:1", ("1",)),))) is not None


def test_nearer_is_never_further():
    """Whatever is added to a place, it is at most as near."""
    rows = [HERE, Place("eu", "a"), Place("eu"), Place()]
    assert all(HERE.distance(one) <= HERE.distance(other) for one, other in pairwise(rows))
