"""WorkloadEntry: an instance that registered nowhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fairlead.kinds import WorkloadEntry, parse
from fairlead.kinds.workload_entry import KIND
from tests.kinds.objects import said


def made(version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"networking.istio.io/{version}",
        "kind": "WorkloadEntry",
        "metadata": {"name": "ledger"},
        "spec": {"address": "10.0.0.1", **spec},
    }


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_every_version_says_the_same(version):
    """Files of several years lie side by side in a cluster."""
    labels, ports = {"app": "ledger"}, {"http": 8080}
    plain = made(version, labels=labels, ports=ports, locality="eu/a", serviceAccount="l", weight=2)
    made_here = WorkloadEntry(
        name="ledger",
        address="10.0.0.1",
        spec_labels=labels,
        ports=ports,
        locality="eu/a",
        service_account="l",
        weight=2,
    )

    assert parse(plain) == made_here
    row = KIND.row(plain, datetime(2026, 11, 27, tzinfo=UTC))
    assert row[1:3] == ["10.0.0.1", "app=ledger"]


@pytest.mark.parametrize(
    ("spec", "where"),
    [
        ({"address": ""}, "spec.address"),
        ({"address": "a b"}, "spec.address"),
        ({"address": "unix://a"}, "spec.address"),
        ({"address": "unix:///a", "ports": {"http": 1}}, "spec.ports"),
        ({"ports": {"http": 0}}, "spec.ports.http"),
        ({"ports": {"A_b": 1}}, "spec.ports.A_b"),
        ({"locality": "a//b"}, "spec.locality"),
        ({"locality": "a/b/c/d"}, "spec.locality"),
        ({"weight": -1}, "spec.weight"),
        ({"labels": {"a b": "c"}}, "spec.labels[a b]"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(spec, where):
    """Nobody is sent to look for it."""
    assert where in said(made(**spec))
