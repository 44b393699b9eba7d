"""CircuitBreakerStrategy: when a resource is given up, and what is bad."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import CircuitBreakerStrategy, load_documents, parse
from fairlead.kinds.circuit_breaker_strategy import KIND
from tests.kinds.guards import of
from tests.kinds.objects import said

NOW = datetime(2026, 11, 26, tzinfo=UTC)

SAMPLE = """\
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: CircuitBreakerStrategy
metadata: {name: cb-stock, labels: {app: stock}}
spec: {strategy: SlowRequestRatio, triggerRatio: '45%', statDuration: 20s, recoveryTimeout: 8s, minRequestAmount: 6, slowConditions: {maxAllowedRt: 350ms}}
"""  # noqa: E501 - as it is written there


def breaker(**changes):
    """Return a breaker by errors."""
    return of(
        "CircuitBreakerStrategy",
        **{"strategy": "ErrorRequestRatio", "slowConditions": ..., **changes},
    )


def test_the_specifications_sample_loads_and_equals_the_python_form():
    """Whoever has it applies it unchanged."""
    (loaded,) = load_documents(SAMPLE)
    assert loaded == CircuitBreakerStrategy(
        name="cb-stock",
        labels={"app": "stock"},
        strategy="SlowRequestRatio",
        trigger_ratio="45%",
        stat_duration="20s",
        recovery_timeout="8s",
        min_request_amount=6,
        slow_conditions={"maxAllowedRt": "350ms"},
    )
    assert (loaded.spec.threshold, loaded.spec.slow_ms) == (0.45, 350)
    assert KIND.row(loaded.plain, NOW)[1:3] == ["45% slower than 350ms in 20s", "on"]


@pytest.mark.parametrize(
    "conditions", [{"errorType": "anything"}, {"representation": "x"}, {"a": {"b": [1]}}, {}]
)
def test_error_conditions_are_any_map(conditions):
    """Four places describe them in four ways."""
    assert parse(breaker(errorConditions=conditions)).spec.errors == conditions


def test_errors_may_be_counted():
    """Sentinel has it, the specification has not."""
    plain = breaker(strategy="ErrorRequestCount", triggerRatio=..., triggerCount=7)
    assert parse(plain).spec.threshold == 7
    assert KIND.row(plain, NOW)[1] == "7 errors in 20s"


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (of("CircuitBreakerStrategy", slowConditions=...), "spec.slowConditions", "required"),
        (of("CircuitBreakerStrategy", triggerRatio=...), "spec.triggerRatio", "required"),
        (of("CircuitBreakerStrategy", triggerRatio="101%"), "spec.triggerRatio", "0% to 100%"),
        (
            breaker(strategy="ErrorRequestCount", triggerRatio=..., triggerCount=7, exclusive=True),
            "spec.exclusive",
            "one higher",
        ),
        (of("CircuitBreakerStrategy", triggerRatio="-1%"), "spec.triggerRatio", "0% to 100%"),
        (of("CircuitBreakerStrategy", triggerRatio=0.45), "spec.triggerRatio", "got the number"),
        (of("CircuitBreakerStrategy", triggerCount=3), "spec.triggerCount", "triggerRatio instead"),
        (breaker(strategy="ErrorRequestCount"), "spec.triggerCount", "required"),
        (
            breaker(strategy="ErrorRequestCount", triggerCount=3),
            "spec.triggerRatio",
            "triggerCount instead",
        ),
        (
            breaker(strategy="ErrorRequestCount", triggerRatio=..., triggerCount=0),
            "spec.triggerCount",
            "must be at least 1",
        ),
        (breaker(strategy="ErorRequestRatio"), "spec.strategy", "did you mean ErrorRequestRatio?"),
        (breaker(minRequestAmount=0), "spec.minRequestAmount", "must be at least 1"),
        (breaker(recoveryTimeout="0s"), "spec.recoveryTimeout", "no time at all"),
        (breaker(statDuration="soon"), "spec.statDuration", "not a duration"),
        (breaker(probes=0), "spec.probes", "must be at least 1"),
        (
            breaker(recoverySteps=101),
            "spec.recoverySteps",
            "must be at most 100, got the integer 101",
        ),
        (breaker(probeLease="0s"), "spec.probeLease", "no time at all"),
        (breaker(buckets=1001), "spec.buckets", "1000"),
        (breaker(errorConditions="5xx"), "spec.errorConditions", "must be a map"),
        (
            breaker(errorConditions={"conditions": "5xx"}),
            "spec.errorConditions.conditions",
            "must be a list",
        ),
        (
            breaker(errorConditions={"conditions": ["503", "5x"]}),
            "spec.errorConditions.conditions[1]",
            "describes no error",
        ),
        (
            breaker(errorConditions={"conditions": ["503"] * 65}),
            "spec.errorConditions.conditions",
            "at most 64",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """A breaker that never opens, or always, is found out too late."""
    assert words in said(plain)[path]
