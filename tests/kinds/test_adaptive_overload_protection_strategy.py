"""AdaptiveOverloadProtectionStrategy: read, whole, and refused where it means nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import AdaptiveOverloadProtectionStrategy, load_documents, parse
from fairlead.kinds.adaptive_overload_protection_strategy import KIND
from tests.kinds.guards import made, of
from tests.kinds.objects import said

NOW = datetime(2026, 11, 26, tzinfo=UTC)

SAMPLE = """\
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: AdaptiveOverloadProtectionStrategy
metadata: {name: overload-web, labels: {app: web}}
spec: {metricType: CpuPercentage, triggerThreshold: '82%', adaptiveStrategy: BBR}
"""


def test_the_specifications_sample_loads_and_equals_the_python_form():
    """Whoever has it applies it unchanged."""
    (loaded,) = load_documents(SAMPLE)
    assert loaded == AdaptiveOverloadProtectionStrategy(
        name="overload-web",
        labels={"app": "web"},
        metric_type="CpuPercentage",
        trigger_threshold="82%",
        adaptive_strategy="BBR",
    )
    assert KIND.row(loaded.plain, NOW)[1:3] == ["CpuPercentage 82%", "on"]


def test_a_threshold_may_come_without_its_sign():
    """The specification says no more than a string such as a percentage."""
    plain = of("AdaptiveOverloadProtectionStrategy", triggerThreshold=70)
    assert parse(plain).spec.trigger_threshold == "70%"


def test_our_own_strategy_needs_no_threshold():
    """Nobody has to know how much a process can do."""
    plain = made(
        "AdaptiveOverloadProtectionStrategy",
        adaptiveStrategy="ADAPTIVE",
        exceptions=["/admin/*"],
        priorities=[{"level": "low", "header": "X-Use", "values": ["batch"]}],
    )
    assert parse(plain).spec.exceptions == ("/admin/*",)
    assert KIND.row(plain, NOW)[1] == "ADAPTIVE"


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (
            of("AdaptiveOverloadProtectionStrategy", triggerThreshold="170%"),
            "spec.triggerThreshold",
            "0% to 100%",
        ),
        (
            of("AdaptiveOverloadProtectionStrategy", adaptiveStrategy="BRR"),
            "spec.adaptiveStrategy",
            "allowed: NONE, BBR, KRATOS_BBR, PID, ADAPTIVE",
        ),
        (
            of("AdaptiveOverloadProtectionStrategy", metricType="Memory"),
            "spec.adaptiveStrategy",
            "BBR is for CpuPercentage",
        ),
        (of("AdaptiveOverloadProtectionStrategy", metricType=""), "spec.metricType", "at least 1"),
        (
            of("AdaptiveOverloadProtectionStrategy", triggerThreshold=...),
            "spec.triggerThreshold",
            "required",
        ),
        (
            of("AdaptiveOverloadProtectionStrategy", triggerThreshold="0%"),
            "spec.triggerThreshold",
            "from the first request on",
        ),
        (
            of("AdaptiveOverloadProtectionStrategy", exceptions=["healthz"]),
            "spec.exceptions[0]",
            "begins with /",
        ),
        (
            of("AdaptiveOverloadProtectionStrategy", exceptions=["/a*b"]),
            "spec.exceptions[0]",
            "at the end only",
        ),
        (
            of("AdaptiveOverloadProtectionStrategy", priorities=[{"level": "low"}]),
            "spec.priorities[0]",
            "means every request",
        ),
        (
            of(
                "AdaptiveOverloadProtectionStrategy",
                priorities=[{"level": "low", "paths": ["/a"], "values": ["b"]}],
            ),
            "spec.priorities[0].header",
            "required",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """Nobody finds out under load what was meant."""
    assert words in said(plain)[path]
