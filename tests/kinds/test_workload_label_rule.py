"""WorkloadLabelRule: workloads by app and label, shadows by database and table."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairlead.kinds import WorkloadLabelRule, load_documents, parse
from tests.kinds.objects import said, workload_rule

EXAMPLE = Path(__file__).parent / "data" / "workload-label-rule.yaml"


def test_the_articles_example_loads_byte_for_byte_and_equals_the_python_form():
    """S1-04, S1-02."""
    (rule,) = load_documents(EXAMPLE.read_bytes(), str(EXAMPLE))
    assert rule == WorkloadLabelRule(
        name="gray-sts-label-rule",
        workload_labels=["gray"],
        selector={"db": "mse-demo", "table": "mse_demo_table_gray"},
    )
    assert rule.spec.of_database
    assert rule.spec.database == "mse-demo"


def test_workloads_may_get_several_labels_by_any_of_theirs():
    """OpenSergo's selector has free keys."""
    rule = parse(workload_rule(workloadLabels=["gray", "vip"], selector={"version": "v2"}))
    assert rule.spec.workload_labels == ("gray", "vip")
    assert not rule.spec.of_database


@pytest.mark.parametrize(
    "selector",
    [
        {"db": "shop", "table": "orders_gray"},
        {"database": "shop", "table": "orders_gray"},
        {"db": "shop_gray"},
        {"db": "shop-gray"},
        {"app": "shop", "db": "shop_gray"},
    ],
)
def test_a_shadow_ends_in_its_label(selector):
    """Contract 14 and 15: the rest of the name is what it shadows."""
    assert parse(workload_rule(selector=selector)).spec.of_database


@pytest.mark.parametrize(
    ("selector", "path"),
    [
        ({"db": "shop", "table": "orders"}, "spec.selector.table"),
        ({"db": "shop", "table": "orders-gray"}, "spec.selector.table"),
        ({"db": "shop", "table": "_gray"}, "spec.selector.table"),
        ({"db": "shop"}, "spec.selector.db"),
        ({"table": "orders_gray"}, "spec.selector.db"),
        ({"db": "a_gray", "database": "a_gray"}, "spec.selector.database"),
        ({"app": None}, "spec.selector.app"),
        ({"app": 5}, "spec.selector.app"),
        ({"a b": "c"}, "spec.selector[a b]"),
        ({}, "spec.selector"),
        ([], "spec.selector"),
    ],
)
def test_a_selector_that_names_no_shadow_and_no_workload_is_refused(selector, path):
    """A shadow that cannot be told from its base would be written to by everybody."""
    assert path in said(workload_rule(selector=selector))


def test_a_shadow_has_exactly_one_label():
    """Contract 14."""
    plain = workload_rule(workloadLabels=["gray", "blue"], selector={"db": "s", "table": "t_gray"})
    assert "exactly one label" in said(plain)["spec.workloadLabels"]


@pytest.mark.parametrize("labels", [[], ["base"], [None], [1], "gray", ["a b"]])
def test_labels_are_lanes(labels):
    """A label is a value of the key `tag`, and may put its workload on a lane."""
    found = said(workload_rule(workloadLabels=labels))
    assert any(path.startswith("spec.workloadLabels") for path in found)
