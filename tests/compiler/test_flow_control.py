"""A FlowControl is what a FaultToleranceRule with its strategies and its answer is (S0-23)."""

from __future__ import annotations

from dataclasses import replace

from fairlead.compiler import Instance, World
from fairlead.kinds import parse
from fairlead.policy.flow_rules import FlowRules
from tests.kinds.guards import STRATEGIES, made

INLINE = {
    "rateLimit": "RateLimitStrategy",
    "throttling": "ThrottlingStrategy",
    "concurrencyLimit": "ConcurrencyLimitStrategy",
    "circuitBreaker": "CircuitBreakerStrategy",
    "hotParameter": "HotParameterStrategy",
    "authority": "AuthorityStrategy",
    "overloadProtection": "AdaptiveOverloadProtectionStrategy",
}

SPECS = {
    **STRATEGIES,
    "RateLimitStrategy": {
        "threshold": 5,
        "statDuration": "1s",
        "callers": ["web"],
        "mode": "simulate",
    },
}

TARGETS = [
    {"targetResourceName": "GET:/orders/<id>"},
    {"targetResourceName": "call:stock"},
    {"targetResourceName": "GET:/v[0-9]/.*", "regex": True},
]

ANSWER = {
    "behavior": "QueueMessage",
    "behaviorDesc": {"responseContentBody": "in the queue, {retryAfter} s", "grpcStatus": 14},
}


def compiled(*plain) -> tuple[FlowRules, list[tuple[str, str, str]]]:
    """Return the rules of the app, and what is said of the guard."""
    instances = [
        Instance(namespace="default", app=app, address=f"{app}:80") for app in ("orders", "stock")
    ]
    world = World.of([parse(one) for one in plain], instances, 1)
    findings = [
        (one.type, one.status, one.reason)
        for one in world.findings()
        if one.kind in ("FlowControl", "FaultToleranceRule")
    ]
    return world.snapshot("default", "orders").flow, findings


def test_a_flow_control_compiles_to_the_rules_of_its_fault_tolerance_rule():
    """Whoever reads the article and whoever reads the specification get the same."""
    one_object = made(
        "FlowControl",
        selector={"app": "orders"},
        targets=TARGETS,
        strategies=[{name: SPECS[kind]} for name, kind in INLINE.items()],
        fallback=ANSWER,
    )
    strategies = [made(kind, **SPECS[kind]) for kind in INLINE.values()]
    rule = made(
        "FaultToleranceRule",
        selector={"app": "orders"},
        targets=TARGETS,
        strategies=[{"name": "x", "kind": kind} for kind in INLINE.values()],
        fallbackAction="x",
    )
    flow, findings = compiled(one_object)
    other, others = compiled(rule, *strategies, made("HttpRequestFallbackAction", **ANSWER))

    def nameless(rules: FlowRules) -> list[object]:
        return [replace(one, rule="", strategy="") for one in rules]

    assert nameless(flow) == nameless(other)
    assert len(nameless(flow)) == 3 * (len(INLINE) - 1)
    assert findings == others == [("Enforced", "False", "Simulated")]
