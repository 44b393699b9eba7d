"""DestinationRule: what Istio takes is taken, and what cannot be meant is refused with its path."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fairlead.kinds import DestinationRule, parse
from fairlead.kinds.destination_rule import KIND
from fairlead.kinds.networking import waiting
from tests.kinds.objects import said

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def made(version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"networking.istio.io/{version}",
        "kind": "DestinationRule",
        "metadata": {"name": "reviews"},
        "spec": {"host": "reviews", **spec},
    }


def hashed(**how: Any) -> dict[str, Any]:
    return made(trafficPolicy={"loadBalancer": {"consistentHash": how}})


def outlier(**rule: Any) -> dict[str, Any]:
    return made(trafficPolicy={"outlierDetection": rule})


def test_one_in_python_equals_one_from_yaml():
    """There is one set of checks."""
    policy = {"loadBalancer": {"simple": "RANDOM"}}
    plain = made("v1beta1", trafficPolicy=policy)
    assert parse(plain) == DestinationRule(name="reviews", host="reviews", traffic_policy=policy)
    assert KIND.row(plain, NOW)[1:4] == ["reviews", "RANDOM", "-"]
    assert KIND.row(hashed(useSourceIp=True, maglev={}), NOW)[2] == "MAGLEV"


def test_all_that_istio_knows_is_read_and_what_waits_is_named():
    """A field that is silently dropped is a rule that is silently not in force."""
    policy: dict[str, Any] = {
        "connectionPool": {
            "tcp": {"maxConnections": 100, "connectTimeout": "30ms"},
            "http": {"http2MaxRequests": 1000, "maxRetries": 3},
        },
        "loadBalancer": {
            "simple": "LEAST_REQUEST",
            "localityLbSetting": {"enabled": True},
            "warmup": {"duration": "30s", "minimumPercent": 5, "aggression": 1.5},
        },
        "outlierDetection": {
            "splitExternalLocalOriginErrors": True,
            "consecutiveLocalOriginFailures": 5,
            "consecutiveGatewayErrors": 3,
            "consecutive5xxErrors": 7,
            "interval": "5m",
            "baseEjectionTime": "15m",
            "maxEjectionPercent": 50,
            "minHealthPercent": 10,
        },
        "tls": {"mode": "ISTIO_MUTUAL"},
        "portLevelSettings": [{"port": {"number": 80}}],
        "tunnel": {"protocol": "CONNECT"},
        "proxyProtocol": {"version": "V1"},
        "retryBudget": {"percent": 20, "minRetryConcurrency": 3},
    }
    plain = made(
        trafficPolicy=policy,
        subsets=[{"name": "v1", "labels": {"version": "v1"}, "trafficPolicy": policy}],
        exportTo=["."],
        workloadSelector={"matchLabels": {"app": "a"}},
    )
    found = ["tunnel", "proxyProtocol"]
    assert list(waiting(parse(plain).spec)) == [
        *(f"trafficPolicy.{path}" for path in found),
        *(f"subsets[0].trafficPolicy.{path}" for path in found),
        "workloadSelector",
    ]


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (hashed(), "spec.trafficPolicy.loadBalancer.consistentHash", "has none"),
        (
            hashed(httpHeaderName="a", useSourceIp=True),
            "spec.trafficPolicy.loadBalancer.consistentHash",
            "exactly one",
        ),
        (
            hashed(useSourceIp=True, maglev={"tableSize": 65536}),
            "spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize",
            "no prime",
        ),
        (
            hashed(useSourceIp=True, maglev={}, ringHash={}),
            "spec.trafficPolicy.loadBalancer.consistentHash",
            "choose one",
        ),
        (
            hashed(useSourceIp=True, ringHash={"minimumRingSize": 10_000_000}),
            "spec.trafficPolicy.loadBalancer.consistentHash.ringHash.minimumRingSize",
            "at most",
        ),
        (
            outlier(maxEjectionPercent=101),
            "spec.trafficPolicy.outlierDetection.maxEjectionPercent",
            "at most 100",
        ),
        (outlier(interval="often"), "spec.trafficPolicy.outlierDetection.interval", "a duration"),
        (
            outlier(consecutive5xxErors=1),
            "spec.trafficPolicy.outlierDetection.consecutive5xxErors",
            "consecutive5xxErrors",
        ),
        (made(subsets=[{"name": "a"}, {"name": "a"}]), "spec.subsets[1].name", "earlier subset"),
        (
            made(trafficPolicy={"loadBalancer": {"simple": "LEAST"}}),
            "spec.trafficPolicy.loadBalancer.simple",
            "LEAST",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """It decides who gets calls."""
    assert words in said(plain)[path]


@pytest.mark.parametrize(
    ("policy", "where", "why"),
    [
        ({"tls": {"mode": "MUTUAL"}}, "tls", "MUTUAL needs clientCertificate and privateKey"),
        (
            {"tls": {"mode": "SIMPLE", "caCertificates": "ca"}},
            "tls.caCertificates",
            "must be a path from /, got 'ca'",
        ),
        (
            {"tls": {"mode": "SIMPLE", "privateKey": "/key"}},
            "tls",
            "needs both of clientCertificate and privateKey",
        ),
        (
            {"portLevelSettings": [{"port": {"number": 80}}, {"port": {"number": 80}}]},
            "portLevelSettings[1].port",
            "80 is an earlier one's port",
        ),
        (
            {
                "portLevelSettings": [
                    {
                        "port": {"number": 80},
                        "loadBalancer": {
                            "simple": "RANDOM",
                            "consistentHash": {"useSourceIp": True},
                        },
                    }
                ]
            },
            "portLevelSettings[0].loadBalancer",
            "has simple and consistentHash: choose one",
        ),
    ],
)
def test_policies_of_ports_and_encryption_are_checked_as_well(policy, where, why):
    assert said(made(trafficPolicy=policy)) == {f"spec.trafficPolicy.{where}": why}
