"""TrafficLabelRule: its example, its fields, its binding."""

from __future__ import annotations

from pathlib import Path

from fairlead.kinds import Match, TrafficLabelRule, app_of, load_documents, parse
from tests.kinds.objects import label_rule, said

EXAMPLE = Path(__file__).parent / "data" / "traffic-label-rule.yaml"


def test_the_articles_example_loads_byte_for_byte():
    """S1-07: people paste it."""
    (rule,) = load_documents(EXAMPLE.read_bytes(), str(EXAMPLE))
    assert (rule.namespace, rule.name) == ("default", "my-traffic-label-rule")
    assert app_of(rule) == "spring-cloud-zuul"
    assert rule.spec.traffic_label == "gray"
    (match,) = rule.spec.match
    assert (match.type, match.key, match.condition) == ("header", "location", "==")
    assert match.values == ("cn-shenzhen",)


def test_the_same_rule_in_python_is_equal():
    """S1-02: one model, two ways to write it."""
    rule = TrafficLabelRule(
        name="my-traffic-label-rule",
        labels={"app": "spring-cloud-zuul"},
        selector={"app": "spring-cloud-zuul"},
        traffic_label="gray",
        match=[Match(type="header", key="location", condition="==", value="cn-shenzhen")],
    )
    assert [rule] == load_documents(EXAMPLE.read_bytes())
    assert parse(rule.plain) == rule


def test_a_number_written_in_python_equals_the_text_in_yaml():
    """Both are compared as text, so both say the same."""
    paths = [
        Match(type="path", condition="in", value=["/1", "/2"]),
        Match(type="uri", condition="in", value=["/1", "/2"]),
    ]
    assert paths[0] == paths[1]
    numbers = [Match(type="header", key="x", condition="==", value=v) for v in (1, "1")]
    assert numbers[0] == numbers[1]


def test_what_it_is_for_comes_from_the_label_before_the_selector():
    """Contract 22."""
    plain = label_rule(selector={"app": "b"})
    assert app_of(parse(plain)) == "b"
    plain["metadata"]["labels"] = {"app": "a"}
    assert app_of(parse(plain)) == "a"


def test_a_rule_that_binds_to_no_app_says_how_to_bind_it():
    """It would be stored, shown, and never act."""
    message = said(label_rule(selector=...))["spec.selector.app"]
    assert "metadata.labels.app" in message


def test_an_entry_is_selected_by_app_alone():
    """Half an entry would let labels of strangers in through the other half."""
    found = said(label_rule(selector={"app": "a", "version": "v1"}))
    assert "`app` alone" in found["spec.selector.version"]


def test_a_label_must_name_a_lane_other_than_base():
    """A rule cannot put traffic on the absence of a lane."""
    for label in ("", "base", "_base"):
        assert "means base" in said(label_rule(trafficLabel=label))["spec.trafficLabel"]
    for label in ("a b", "-a", "a" * 64, "gray\r\nx: y", "../x"):
        assert "label value" in said(label_rule(trafficLabel=label))["spec.trafficLabel"]
    assert parse(label_rule(trafficLabel="a" * 63)).spec.traffic_label == "a" * 63


def test_a_rule_has_conditions_and_not_too_many():
    """No condition would match every request."""
    assert "at least 1" in said(label_rule(match=[]))["spec.match"]
    one = {"type": "path", "condition": "exists"}
    assert "at most 64" in said(label_rule(match=[one] * 65))["spec.match"]


def test_every_violation_is_reported_at_once_with_its_path():
    """Fixing one fault per attempt is how an evening is lost."""
    plain = label_rule(
        trafficLabel="base",
        matches=[],
        selector={},
        match=[
            {"type": "header", "condition": "~", "key": "a b", "value": 1.5},
            7,
            {"type": "path", "condition": "==", "value": True},
        ],
    )
    plain["metadata"] = {"name": "A_b", "labels": {"app": None, "a b": "c"}, "lables": {}}
    plain["speck"] = 1
    assert set(said(plain)) == {
        "speck",
        "metadata.name",
        "metadata.labels.app",
        "metadata.labels[a b]",
        "metadata.lables",
        "spec.trafficLabel",
        "spec.matches",
        "spec.selector.app",
        "spec.match[0].condition",
        "spec.match[0].key",
        "spec.match[0].value",
        "spec.match[1]",
        "spec.match[2].value",
    }


def test_wrong_types_are_named_as_an_author_of_yaml_would():
    """`dict_type` is nobody's word."""
    found = said(label_rule(selector=[], trafficLabel=5, match={}))
    assert found["spec.selector"] == "must be a map, got a list"
    assert found["spec.trafficLabel"] == "must be a string, got the integer 5: quote the value"
    assert found["spec.match"] == "must be a list, got a map"
