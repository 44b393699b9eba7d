"""Shadow: pairs of endpoints, and the lanes that are led from one to the other."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import Shadow, load_documents, parse
from fairlead.kinds.shadow import KIND
from tests.kinds.objects import said, shadow

SAMPLE = """\
apiVersion: database.opensergo.io/v1alpha1
kind: Shadow
metadata: {name: sh1}
spec: {dataSources: {m: {sourceDataSourceName: ds-w, shadowDataSourceName: ds-s}}, tables: {t_bill: {dataSourceNames: [m], shadowAlgorithmNames: [h]}}, shadowAlgorithms: {h: {type: SIMPLE_HINT, props: {lane: gray}}}}
"""  # noqa: E501 - as it is written there


def hint(lane: object = "gray", **props: object) -> dict[str, object]:
    return {"type": "SIMPLE_HINT", "props": {"lane": lane, **props}}


def test_the_specifications_sample_loads_and_equals_the_python_form():
    """Its tables too, which are not honoured."""
    (loaded,) = load_documents(SAMPLE)
    assert loaded == Shadow(
        name="sh1",
        data_sources={"m": {"sourceDataSourceName": "ds-w", "shadowDataSourceName": "ds-s"}},
        tables={"t_bill": {"dataSourceNames": ["m"], "shadowAlgorithmNames": ["h"]}},
        shadow_algorithms={"h": hint()},
    )
    assert loaded.spec.lanes == ("gray",)


def test_several_algorithms_name_several_lanes():
    """Some properties say nothing to us, and are told apart."""
    algorithms = {
        "a": hint("gray"),
        "b": hint("blue", foo="bar"),
        "c": hint("gray"),
        "d": hint(7),
        "e": {"type": "SIMPLE_HINT", "props": {"foo": "bar"}},
        "f": {"type": "SIMPLE_HINT"},
    }
    spec = parse(shadow(shadowAlgorithms=algorithms)).spec
    assert spec.lanes == ("7", "blue", "gray")
    assert spec.hints_without_a_lane == ("e", "f")


@pytest.mark.parametrize(
    "algorithms",
    [
        {},
        {"h": {"type": "SIMPLE_HINT"}},
        {"h": {"type": "SIMPLE_HINT", "props": {"foo": "bar"}}},
    ],
)
def test_a_shadow_without_a_lane_is_refused_with_what_to_write(algorithms):
    """It would be stored and never act."""
    message = said(shadow(shadowAlgorithms=algorithms))["spec.shadowAlgorithms"]
    assert "names no lane" in message
    assert "SIMPLE_HINT with props {lane: NAME}" in message


def test_choosing_rows_by_their_values_is_refused_with_the_way_out():
    """What it chose and is written to the source anyway is a test order in production."""
    regex = {"type": "REGEX_MATCH", "props": {"operation": "insert", "column": "a", "regex": "b"}}
    for algorithms in ({"r": regex}, {"r": regex, "h": hint()}):
        found = said(shadow(shadowAlgorithms=algorithms))
        assert list(found) == ["spec.shadowAlgorithms.r.type"]
        assert "REGEX_MATCH is not supported" in found["spec.shadowAlgorithms.r.type"]
        assert "put such requests on a lane" in found["spec.shadowAlgorithms.r.type"]


@pytest.mark.parametrize("lane", ["base", "_base", "", "a b", "x" * 64])
def test_a_lane_that_is_none_is_refused(lane):
    """Base has no shadows."""
    found = said(shadow(shadowAlgorithms={"h": hint(lane)}))
    assert list(found) == ["spec.shadowAlgorithms.h.props.lane"]


@pytest.mark.parametrize("lane", [True, 1.5, ["gray"], {"a": "b"}])
def test_a_lane_is_text(lane):
    """Tools re-spell the rest."""
    found = said(shadow(shadowAlgorithms={"h": hint(lane)}))
    assert "spec.shadowAlgorithms.h.props.lane" in found


def pairs(**names: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {
        key: {"sourceDataSourceName": source, "shadowDataSourceName": shadowed}
        for key, (source, shadowed) in names.items()
    }


@pytest.mark.parametrize(
    ("changes", "path", "word"),
    [
        ({"dataSources": {}}, "spec.dataSources", "at least 1"),
        ({"dataSources": ...}, "spec.dataSources", "required"),
        ({"shadowAlgorithms": ...}, "spec.shadowAlgorithms", "required"),
        (
            {"dataSources": pairs(m=("a", "a"))},
            "spec.dataSources.m.shadowDataSourceName",
            "a is its own shadow",
        ),
        (
            {"dataSources": pairs(m=("a", "b"), n=("a", "c"))},
            "spec.dataSources.n.sourceDataSourceName",
            "another shadow here already",
        ),
        (
            {"dataSources": pairs(m=("A b", "c"))},
            "spec.dataSources.m.sourceDataSourceName",
            "is not a name",
        ),
        (
            {"dataSources": {"m": {"sourceDataSourceName": "a"}}},
            "spec.dataSources.m.shadowDataSourceName",
            "required",
        ),
        (
            {"tables": {"t": {"dataSourceNames": ["mm"]}}},
            "spec.tables.t.dataSourceNames[0]",
            "unknown data source 'mm'",
        ),
        (
            {"tables": {"t": {"shadowAlgorithmNames": ["h", "g"]}}},
            "spec.tables.t.shadowAlgorithmNames[1]",
            "unknown algorithm 'g'",
        ),
        (
            {"shadowAlgorithms": {"h": hint(), "i": {"type": "SIMPLE", "props": {}}}},
            "spec.shadowAlgorithms.i.type",
            "did you mean SIMPLE_HINT?",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_where_it_stands(changes, path, word):
    """A pair that leads nowhere would leave a lane's rows where base's are."""
    assert word in said(shadow(**changes))[path]


@pytest.mark.parametrize("spec", [{"dataSources": 5}, {"tables": [1]}, {"shadowAlgorithms": "x"}])
def test_an_object_of_the_wrong_shape_is_refused_and_breaks_nothing(spec):
    """Rules across fields are given what was typed."""
    assert said(shadow(**spec)) != {}


def test_the_table_shows_lanes_and_pairs():
    """What an operator asks first."""
    plain = shadow(
        dataSources=pairs(m=("ds-w", "ds-s"), n=("a", "b")),
        shadowAlgorithms={"h": hint("gray"), "i": hint("blue")},
    )
    assert KIND.row(plain, datetime.now(UTC))[:3] == ["x", "blue,gray", "ds-w→ds-s,a→b"]
    assert KIND.row({}, datetime.now(UTC))[:3] == ["", "", ""]
