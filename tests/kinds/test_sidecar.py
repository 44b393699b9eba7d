"""Sidecar: which hosts a data plane knows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fairlead.kinds import Sidecar, parse
from fairlead.kinds.sidecar import KIND
from tests.kinds.objects import said

EGRESS: Any = [{"hosts": ["./*", "*/stock.shop.svc.cluster.local", "~/*"]}]
INGRESS: Any = {
    "port": {"number": 9080, "protocol": "HTTP", "name": "http"},
    "defaultEndpoint": "127.0.0.1:8080",
    "captureMode": "NONE",
    "bind": "172.16.1.32",
}


def made(version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"networking.istio.io/{version}",
        "kind": "Sidecar",
        "metadata": {"name": "default"},
        "spec": {"egress": EGRESS, **spec},
    }


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_every_version_says_the_same(version):
    """Files of several years lie side by side in a cluster."""
    plain = made(version, ingress=[INGRESS], outboundTrafficPolicy={"mode": "REGISTRY_ONLY"})

    assert parse(plain).spec.outbound_traffic_policy.mode == "REGISTRY_ONLY"
    assert parse(made(version)) == Sidecar(name="default", egress=EGRESS)
    row = KIND.row(plain, datetime(2026, 11, 27, tzinfo=UTC))
    assert row[1:4] == ["all", "./*,*/stock.shop.svc.cluster.local,~/*", "REGISTRY_ONLY"]


@pytest.mark.parametrize(
    ("spec", "where"),
    [
        ({"egress": [{"hosts": []}]}, "spec.egress[0].hosts"),
        ({"egress": [{"hosts": ["stock"]}]}, "spec.egress[0].hosts[0]"),
        ({"egress": [{"hosts": ["Shop/*"]}]}, "spec.egress[0].hosts[0]"),
        ({"egress": [{"hosts": ["~/a"]}]}, "spec.egress[0].hosts[0]"),
        ({"egress": [{"hosts": ["shop/a..b"]}]}, "spec.egress[0].hosts[0]"),
        ({"egress": [EGRESS[0], {"port": {"number": 80}, **EGRESS[0]}]}, "spec.egress[0].port"),
        ({"ingress": [{}]}, "spec.ingress[0].port"),
        ({"ingress": [INGRESS, INGRESS]}, "spec.ingress[1].port.number"),
        ({"ingress": [{**INGRESS, "defaultEndpoint": "a:80"}]}, "spec.ingress[0].defaultEndpoint"),
        ({"workloadSelector": {}}, "spec.workloadSelector.labels"),
        ({"outboundTrafficPolicy": {"mode": "NONE"}}, "spec.outboundTrafficPolicy.mode"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(spec, where):
    """Nobody is sent to look for it."""
    assert where in said(made(**spec))
