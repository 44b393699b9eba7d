"""ServiceEntry: Istio's files load as they are, and all that is wrong is told at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fairlead.kinds import ServiceEntry, parse
from fairlead.kinds.service_entry import KIND
from tests.kinds.objects import said

PORT = {"number": 80, "name": "http", "protocol": "HTTP"}


def made(version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"networking.istio.io/{version}",
        "kind": "ServiceEntry",
        "metadata": {"name": "bank"},
        "spec": {"hosts": ["api.bank.example"], "ports": [PORT], **spec},
    }


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_every_version_says_the_same(version):
    """Files of several years lie side by side in a cluster."""
    bank = ServiceEntry(name="bank", hosts=["api.bank.example"], ports=[PORT])

    assert parse(made(version)) == bank
    row = KIND.row(made(), datetime(2026, 11, 27, tzinfo=UTC))
    assert row[1:4] == ["api.bank.example", "MESH_EXTERNAL", "NONE"]


@pytest.mark.parametrize(
    "spec",
    [
        {"hosts": ["*.bank.example"], "location": "MESH_EXTERNAL", "resolution": "NONE"},
        {"resolution": "DNS", "addresses": ["10.1.0.0/16", "2001:db8::1"], "exportTo": ["*"]},
        {"resolution": "STATIC", "workloadSelector": {"labels": {"app": "ledger"}}},
        {"resolution": "STATIC", "endpoints": [{"address": "unix:///var/run/a.sock"}]},
        {"resolution": "DNS", "endpoints": [{"address": "eu.bank.example", "ports": {"http": 1}}]},
        {"subjectAltNames": ["spiffe://a/ns/b/sa/c"], "exportTo": [".", "other"]},
        {"ports": [{"number": 27018, "protocol": "MONGO", "name": "mongo", "targetPort": 27018}]},
    ],
)
def test_what_istio_takes_is_taken(spec):
    """Whoever has files of Istio's has nothing to rewrite."""
    parse(made(**spec))


@pytest.mark.parametrize(
    ("spec", "where"),
    [
        ({"hosts": []}, "spec.hosts"),
        ({"hosts": ["*"]}, "spec.hosts[0]"),
        ({"hosts": ["a..b"]}, "spec.hosts[0]"),
        ({"hosts": ["a.b", "A.b"]}, "spec.hosts[1]"),
        ({"hosts": ["*.b"], "resolution": "DNS"}, "spec.hosts[0]"),
        ({"addresses": ["here"]}, "spec.addresses[0]"),
        ({"ports": [PORT, {**PORT, "number": 81}]}, "spec.ports[1].name"),
        ({"ports": [PORT, {**PORT, "name": "b"}]}, "spec.ports[1].number"),
        ({"ports": [{**PORT, "protocol": "SMTP"}]}, "spec.ports[0].protocol"),
        ({"ports": [{**PORT, "number": 0}]}, "spec.ports[0].number"),
        ({"ports": [{**PORT, "targetPort": 8080}]}, "spec.ports[0].targetPort"),
        ({"endpoints": [{"address": "10.0.0.1"}]}, "spec.endpoints"),
        ({"resolution": "STATIC", "endpoints": [{}]}, "spec.endpoints[0].address"),
        ({"resolution": "STATIC", "endpoints": [{"address": "a.b"}]}, "spec.endpoints[0].address"),
        (
            {"resolution": "STATIC", "endpoints": [{"address": "10.0.0.1", "ports": {"x": 1}}]},
            "spec.endpoints[0].ports.x",
        ),
        (
            {
                "resolution": "DNS_ROUND_ROBIN",
                "endpoints": [{"address": "a.b"}] * 2,
            },
            "spec.endpoints",
        ),
        (
            {
                "resolution": "STATIC",
                "endpoints": [{"address": "10.0.0.1"}],
                "workloadSelector": {"labels": {"a": "b"}},
            },
            "spec.workloadSelector",
        ),
        ({"exportTo": ["Other"]}, "spec.exportTo[0]"),
        ({"exportTo": ["*", "other"]}, "spec.exportTo[0]"),
        ({"resolution": "STRICT"}, "spec.resolution"),
        ({"host": "a.b"}, "spec.host"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(spec, where):
    """Nobody is sent to look for it."""
    assert where in said(made(**spec))


def test_all_of_it_is_told_at_once():
    """Nobody mends one thing to be told the next."""
    wrong = said(made(hosts=["*", "a..b"], addresses=["x"], exportTo=["Y"]))

    assert all(f"spec.{one}" in wrong for one in ("hosts[0]", "hosts[1]", "addresses[0]"))
    assert "spec.exportTo[0]" in wrong
