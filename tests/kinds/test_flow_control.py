"""FlowControl: targets, strategies and an answer in one object."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fairlead.kinds import FlowControl, load_documents, parse
from fairlead.kinds.flow_control import CHECKS, KIND
from tests.kinds.guards import STRATEGIES, control
from tests.kinds.objects import said

NOW = datetime(2026, 11, 26, tzinfo=UTC)

ARTICLE = """\
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FlowControl
metadata: {name: orders, labels: {app: orders}}
spec:
  targets:
  - {targetResourceName: 'GET:/orders/{id}'}
  - {targetResourceName: 'POST:/orders(/.{0,20})?', regex: true}
  strategies:
  - rateLimit: {threshold: 10, statDuration: 1s}
  - concurrencyLimit: {maxConcurrency: 20}
  - overloadProtection: {metricType: CpuPercentage, triggerThreshold: '80%'}
  fallback:
    behavior: QueueMessage
    behaviorDesc: {responseContentBody: 'you are in the queue, {retryAfter} s to go'}
  mode: on
"""

INLINE = {
    "throttling": "ThrottlingStrategy",
    "concurrencyLimit": "ConcurrencyLimitStrategy",
    "circuitBreaker": "CircuitBreakerStrategy",
    "hotParameter": "HotParameterStrategy",
    "authority": "AuthorityStrategy",
    "overloadProtection": "AdaptiveOverloadProtectionStrategy",
}


def strategies(**strategy):
    """Return a FlowControl with one strategy."""
    return control(strategies=[strategy])


def test_the_articles_flow_control_is_one_object():
    """A target, strategies (QPS, concurrency, overload) and a friendly message."""
    (loaded,) = load_documents(ARTICLE)
    assert [one.chosen[0] for one in loaded.spec.strategies] == [
        "rateLimit",
        "concurrencyLimit",
        "overloadProtection",
    ]
    assert KIND.row(loaded.plain, NOW)[1:6] == [
        "orders",
        "GET:/orders/{id},POST:/orders(/.{0,20})?",
        "rateLimit,concurrencyLimit,overloadProtection",
        "on",
        "-",
    ]


def test_a_rule_in_python_equals_one_from_yaml():
    """There is one set of checks."""
    assert parse(control()) == FlowControl(
        name="x",
        selector={"app": "orders"},
        targets=["/orders"],
        strategies=[{"rateLimit": {"threshold": 5, "statDuration": "1s"}}],
    )


@pytest.mark.parametrize("name", CHECKS)
def test_every_strategy_may_stand_inline(name):
    """As in the spec of its kind."""
    spec = STRATEGIES[INLINE[name]] if name in INLINE else {"threshold": 5, "statDuration": "1s"}
    assert parse(strategies(**{name: spec})).spec.strategies[0].chosen[0] == name


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (control(selector={}), "spec.selector.app", "binds to no app"),
        (control(targets=[]), "spec.targets", "at least 1"),
        (control(strategies=[]), "spec.strategies", "at least 1"),
        (control(strategies={}), "spec.strategies", "must be a list, got a map"),
        (strategies(), "spec.strategies[0]", "has none"),
        (
            strategies(throttling={}, authority={}),
            "spec.strategies[0]",
            "has throttling and authority",
        ),
        (strategies(rateLimt={}), "spec.strategies[0].rateLimt", "did you mean rateLimit?"),
        (
            strategies(authority={"allow": ["a"]}, mode="simulate"),
            "spec.strategies[0].mode",
            "unknown field here: write it into the strategy, as in rateLimit: {mode: simulate}",
        ),
        (
            strategies(rateLimit={"threshold": -1, "statDuration": "1s"}),
            "spec.strategies[0].rateLimit.threshold",
            "from 0 on",
        ),
        (
            strategies(rateLimit={"threshold": 1}),
            "spec.strategies[0].rateLimit.statDurationSeconds",
            "required",
        ),
        (
            strategies(circuitBreaker={"strategy": "SlowRequestRatio"}),
            "spec.strategies[0].circuitBreaker.slowConditions",
            "required",
        ),
        (
            control(fallback={"behavior": "Redirect", "behaviorDesc": {}}),
            "spec.fallback.behaviorDesc.redirectUrl",
            "required",
        ),
        (control(fallback={"name": "a", "x": 1}), "spec.fallback", "unknown field x"),
        (
            control(targets=[{"targetResourceName": "(a+)+b", "regex": True}]),
            "spec.targets[0].targetResourceName",
            "could take too long",
        ),
        (control(mode="of"), "spec.mode", "did you mean off?"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    """However deep it stands."""
    assert words in said(plain)[path]
