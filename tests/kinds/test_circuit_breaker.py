"""CircuitBreaker: when a route is given up, and what counts as bad."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import CircuitBreaker, parse
from fairlead.kinds.circuit_breaker import KIND
from tests.kinds.objects import said
from tests.kinds.policies import CONFIGS, policy

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def errors(*conditions: object) -> dict[str, object]:
    """Return a breaker that opens for these errors."""
    config = {"slowRequest": ..., "error_request": {"conditions": list(conditions)}}
    return policy("CircuitBreaker", config)


def test_a_policy_in_python_equals_one_from_yaml():
    """There is one set of checks."""
    plain = policy("CircuitBreaker")
    assert parse(plain) == CircuitBreaker(name="x", config=CONFIGS["CircuitBreaker"])
    assert parse(plain).spec.config.slow_request.latency == 400
    assert KIND.row(plain, NOW)[3] == "35% slower than 0.4s in 10s"
    assert KIND.row(errors(), NOW)[3] == "35% errors in 10s"


def test_errors_are_statuses_codes_faults_and_classes():
    """The definition leaves the strings of its conditions open."""
    said_so = ("503", "5xx", "grpc:14", "grpc:UNAVAILABLE", "timeout", "connect", "httpx.ReadError")
    found = parse(errors(503, *said_so[1:])).spec.config.error_request.conditions
    assert found == said_so


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (policy("CircuitBreaker", {"slowRequest": ...}), "spec.config", "exactly one of"),
        (
            policy("CircuitBreaker", {"errorRequest": {}}),
            "spec.config",
            "has slowRequest and errorRequest",
        ),
        (policy("CircuitBreaker", {"abnormalPercent": ...}), "spec.config.abnormalPercent", "req"),
        (
            policy("CircuitBreaker", {"abnormalPercent": 0}),
            "spec.config.abnormalPercent",
            "must be at least 1",
        ),
        (
            policy("CircuitBreaker", {"abnormal_percent": 101, "abnormalPercent": ...}),
            "spec.config.abnormal_percent",
            "must be at most 100",
        ),
        (policy("CircuitBreaker", {"interval": None}), "spec.config.interval", "got null"),
        (errors("grpc:UNAVAILBLE"), "spec.config.error_request.conditions[0]", "UNAVAILABLE?"),
        (errors("grpc:17"), "spec.config.error_request.conditions[0]", "write grpc:14"),
        (errors("grpc:²"), "spec.config.error_request.conditions[0]", "write grpc:14"),
        (errors("5x"), "spec.config.error_request.conditions[0]", "describes no error"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """A breaker that never opens, or always, is found out too late."""
    assert words in said(plain)[path]
