"""ReferenceGrant: both versions, and what has to be said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fairlead.kinds import ReferenceGrant, parse
from fairlead.kinds.reference_grant import KIND
from tests.kinds.objects import said

FROM = [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "shop"}]
TO = [{"group": "", "kind": "Service"}]


def made(version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"gateway.networking.k8s.io/{version}",
        "kind": "ReferenceGrant",
        "metadata": {"name": "g"},
        "spec": {"from": FROM, "to": TO, **spec},
    }


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_both_versions_say_the_same(version):
    """Files of several years lie side by side in a cluster."""
    spec: Any = {"from": FROM, "to": TO}
    assert parse(made(version)) == ReferenceGrant(name="g", **spec)
    row = KIND.row(made(), datetime(2026, 11, 27, tzinfo=UTC))
    assert row[1:3] == ["HTTPRoutes of shop", "Services"]


@pytest.mark.parametrize(
    ("spec", "where"),
    [
        ({"from": []}, "spec.from"),
        ({"to": []}, "spec.to"),
        ({"to": [{"kind": "Service"}]}, "spec.to[0].group"),
        ({"from": [{**FROM[0], "namespaces": "x"}]}, "spec.from[0].namespaces"),
    ],
)
def test_a_grant_says_who_and_to_what(spec, where):
    """One that says less would let in more than its author means."""
    assert where in said(made(**spec))
