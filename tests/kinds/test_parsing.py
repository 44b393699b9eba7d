"""The envelope of every object: apiVersion, kind, metadata, status."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.kinds import KINDS, InvalidResource, kind_named, parse
from tests.kinds.objects import label_rule, said


def test_an_object_says_what_it_is():
    """Both faults at once, and what there is instead."""
    found = said({"apiVersion": "v1", "kind": "TrafficLabelrule"})
    assert "traffic.opensergo.io/v1alpha1" in found["apiVersion"]
    assert "did you mean TrafficLabelRule?" in found["kind"]
    assert set(said({})) == {"apiVersion", "kind"}
    assert "must be a string" in said({"apiVersion": 1, "kind": []})["kind"]


@pytest.mark.parametrize("plain", [None, 5, "x", [], True])
def test_something_that_is_no_map_is_no_object(plain):
    """An empty file and a list are the usual cases."""
    assert "an object is a map" in said(plain)[""]


def test_metadata_and_spec_are_required():
    """With their paths, not as a traceback."""
    plain = label_rule()
    del plain["metadata"], plain["spec"]
    assert said(plain)["metadata"] == "required"
    assert said(plain)["spec"] == "required"


def test_twice_the_violations_take_twice_the_time():
    """Forty kilobytes of wrong items kept every agent of a control plane waiting for 41 seconds."""
    plain = label_rule()
    plain["spec"]["match"] = [5] * 10_000
    before = process_time()
    with pytest.raises(InvalidResource) as caught:
        parse(plain)
    assert len(caught.value.violations) == 10_000
    assert process_time() - before < 3, "0.2 s where it grows with the number, 10 s with its square"


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "a..b", "a" * 254, "a\n", "a/b", "é"])
def test_a_name_is_a_dns_subdomain(name):
    """It stands in URLs and file names."""
    plain = label_rule()
    plain["metadata"]["name"] = name
    assert "not a name" in said(plain)["metadata.name"]


@pytest.mark.parametrize("namespace", ["a.b", "A", "a" * 64, "_"])
def test_a_namespace_is_a_dns_label(namespace):
    """Apps are called as app.namespace."""
    plain = label_rule()
    plain["metadata"]["namespace"] = namespace
    assert "not a namespace" in said(plain)["metadata.namespace"]


def test_the_namespace_is_default_unless_the_object_or_the_caller_says_another():
    """The API takes it from the URL."""
    plain = label_rule()
    assert parse(plain).namespace == "default"
    assert parse(plain, namespace="shop").namespace == "shop"
    plain["metadata"]["namespace"] = "team"
    assert parse(plain, namespace="shop").namespace == "team"


def test_what_a_server_adds_is_accepted_and_means_nothing():
    """People apply what they got."""
    plain = label_rule()
    bare = parse(plain)
    plain["metadata"] |= {"uid": "1", "resourceVersion": "5", "managedFields": [{"a": 1.5}]}
    plain["metadata"] |= {"creationTimestamp": None, "generation": 2}
    plain["status"] = {"anything": 1.5}
    assert parse(plain) == bare
    assert parse(plain).plain == plain


def test_labels_have_kubernetes_syntax():
    """Or kubectl could not select by them."""
    plain = label_rule()
    plain["metadata"]["labels"] = {"example.com/team": "a", "b": "", "c/d/e": "f", "g": "h i"}
    assert set(said(plain)) == {"metadata.labels[c/d/e]", "metadata.labels.g"}


def test_annotations_are_any_text_that_can_be_stored():
    """JSON lets half a character pass, a database does not."""
    plain = label_rule()
    plain["metadata"]["annotations"] = {"example.com/note": "any\ntext \u00e9 \U0001f600"}
    assert parse(plain).metadata.annotations == plain["metadata"]["annotations"]
    plain["metadata"]["annotations"] = {"note": "\ud800", "other": 1}
    assert set(said(plain)) == {"metadata.annotations.note", "metadata.annotations.other"}


@pytest.mark.parametrize(
    "word",
    ["TrafficLane", "trafficlanes", "trafficlane", "tlane", "TrafficLanes.traffic.opensergo.io"],
)
def test_a_kind_is_known_by_all_its_names(word):
    """As with kubectl."""
    kind = kind_named(word)
    assert kind is not None
    assert kind.kind == "TrafficLane"


def test_no_two_kinds_share_a_name():
    """The first one would hide the other; those that share one are known by their group."""
    own = [(k, {k.kind, k.plural, k.singular} if not k.shared else set()) for k in KINDS]
    names = [name for kind, found in own for name in (*found, *kind.short_names)]
    assert len(set(names)) == len(names)
    for kind in KINDS:
        assert kind_named(f"{kind.plural}.{kind.group}") is kind
    assert kind_named("pods") is None
    assert kind_named("tlane.example.com") is None


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=12,
)
SPECS = st.one_of(
    JSON,
    st.dictionaries(
        st.sampled_from(
            "selector trafficLabel match rules lane traceIdBaggage workloadLabels".split()  # noqa: SIM905
        ),
        st.one_of(
            JSON,
            st.dictionaries(
                st.sampled_from("traffic http headers workload lane name db table".split()),  # noqa: SIM905
                JSON,
                max_size=4,
            ),
        ),
        max_size=5,
    ),
)


@given(kind=st.sampled_from(KINDS), metadata=JSON, spec=SPECS)
def test_whatever_is_sent_is_admitted_or_refused_and_nothing_else(kind, metadata, spec):
    """The API takes bytes of strangers: a bug here is a 500 there."""
    plain = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}
    try:
        assert parse(plain).plain == plain
    except InvalidResource as error:
        messages = [violation.message for violation in error.violations]
    else:
        return
    assert messages
    assert all(messages)
