"""Columns of `kubectl get`, and what the Python form shares with the model."""

from __future__ import annotations

import inspect
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fairlead.kinds import KINDS, TrafficLabelRule, TrafficLane, WorkloadLabelRule, kind_named
from fairlead.kinds.kind import age
from fairlead.kinds.traffic_label_rule import TrafficLabelRuleSpec
from fairlead.kinds.workload_label_rule import WorkloadLabelRuleSpec
from tests.kinds.objects import label_rule, lane, workload_rule

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def row(plain, kind):
    """Return the cells of `plain` by column."""
    found = next(k for k in KINDS if k.kind == kind)
    return dict(zip([c.name for c in found.columns], found.row(plain, NOW), strict=True))


def test_a_row_shows_what_people_look_for():
    """App, lane, on how many workloads it is live."""
    plain = label_rule()
    plain["metadata"]["creationTimestamp"] = "2026-11-20T11:55:00Z"
    plain["status"] = {"live": "3/3"}
    assert row(plain, "TrafficLabelRule") == {
        "Name": "x",
        "App": "gateway",
        "Label": "gray",
        "Live": "3/3",
        "Match": "header x-user ==",
        "Age": "5m",
    }
    outside = lane("{rules: {traffic: {percentage: 5}}, lane: {name: blue}}")
    shown = row(outside, "TrafficLane")
    assert (shown["Lane"], shown["App"], shown["Match"]) == ("blue", "gateway", "5%")
    assert row(workload_rule(), "WorkloadLabelRule")["Selector"] == "app=shop"


def test_a_row_of_an_object_without_status_says_so():
    """Nothing has been heard of it yet."""
    assert row(label_rule(), "TrafficLabelRule")["Live"] == "-"
    assert row(label_rule(), "TrafficLabelRule")["Age"] == "<unknown>"


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=-5), "0s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=2), "2m"),
        (timedelta(hours=2, minutes=59), "179m"),
        (timedelta(hours=3), "3h"),
        (timedelta(hours=47), "47h"),
        (timedelta(days=2), "2d"),
    ],
)
def test_an_age_is_written_as_kubectl_does(ago, text):
    """A raw timestamp in that column looks broken."""
    created = (NOW - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert age({"metadata": {"creationTimestamp": created}}, NOW) == text


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_table_starts_with_the_name_and_ends_with_the_age(kind):
    """As every table of kubectl."""
    assert (kind.columns[0].name, kind.columns[-1].name) == ("Name", "Age")
    assert kind.list_kind == f"{kind.kind}List"
    assert kind.resource == f"{kind.plural}.{kind.group}"


@pytest.mark.parametrize(
    ("form", "spec"),
    [(TrafficLabelRule, TrafficLabelRuleSpec), (WorkloadLabelRule, WorkloadLabelRuleSpec)],
)
def test_the_python_form_has_every_field_of_the_spec(form, spec):
    """A field added to one and forgotten in the other could only be written in YAML."""
    parameters = set(inspect.signature(form).parameters)
    assert parameters == {"name", "namespace", "labels", "annotations", *spec.model_fields}


def test_the_python_form_of_a_lane_says_the_parts_of_its_rules_directly():
    """Four levels of nesting are for YAML."""
    assert {"lane", "http", "percentage", "workload", "trace_id_baggage"} <= set(
        inspect.signature(TrafficLane).parameters
    )


def test_kinds_of_one_name_are_told_apart_by_their_group():
    """Istio and the Gateway API both have a Gateway; an object of one is not an object of both."""
    one = replace(KINDS[0], group="networking.istio.io", kind="Gateway", shared=True)
    other = replace(one, group="gateway.networking.k8s.io")

    assert one.called == "Gateway.networking.istio.io"
    assert other.called == "Gateway.gateway.networking.k8s.io"
    assert kind_named("gateway.gateway.networking.k8s.io", (one, other)) is other
    assert kind_named("gateway", (one, other)) is one
