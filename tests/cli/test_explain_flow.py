"""``fairlead explain flow``: every rule that a call meets, in words."""

from __future__ import annotations

import json

import pytest

from fairlead.cli.explain_flow import worded
from tests.cli.conftest import Say

RULES = """\
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FlowControl
metadata: {name: orders, labels: {app: orders}}
spec:
  targets: [{targetResourceName: 'GET:/orders/{id}'}]
  strategies:
  - circuitBreaker: {strategy: ErrorRequestRatio, triggerRatio: '50%', statDuration: 10s, recoveryTimeout: 5s, minRequestAmount: 5}
  - rateLimit: {threshold: 10, statDuration: 1s}
  - authority: {deny: [crawler]}
---
apiVersion: policy.opensergo.io/v1alpha1
kind: ConcurrencyLimit
metadata: {name: whole, labels: {app: orders}}
spec:
  selector: {routes: [{name: '/orders/{id}'}]}
  config: {maxConcurrency: 64}
  mode: simulate
---
apiVersion: policy.opensergo.io/v1alpha1
kind: RateLimit
metadata: {name: web}
spec:
  selector: {workloads: [{labels: {app: orders, tier: web}}]}
  config: {limit: 40, burst: 60, interval: 1s}
  action: {http: {customResponse: {statusCode: 503, body: 'slow down'}}}
"""  # noqa: E501 - as people write it

BREAKER = "opens for 5 s at 50% errors of 5 or more calls in 10 s"


@pytest.fixture
def applied(say: Say, namespace: str) -> str:
    """Return a namespace with rules of three kinds for one app."""
    assert say("apply", "-f", "-", "-n", namespace, stdin=RULES.encode()).status == 0
    return namespace


def eventually(say: Say, *words: str, has: str) -> str:
    """Return the answer once the control plane has compiled what was applied."""
    for _ in range(100):
        out = say("explain", "flow", *words).out
        if has in out:
            break
    return out


def test_every_rule_is_told_in_the_order_in_which_a_call_meets_it(say: Say, applied):
    """Who is turned away wants to know by which of them, and what counts."""
    words = ("get:/orders/<int:id>", "--app", "orders", "-n", applied, "-l", "tier=web")
    out = eventually(say, *words, has="RateLimit/web")
    assert out.splitlines() == [
        "resource:   GET:/orders/{id} of app orders",
        "            its calls are calls of /orders/{id} too",
        "note:       no agent has reported an app called orders",
        "rules, in the order in which a call meets them:",
        "  1 FlowControl/orders, strategies[2].authority: not callers crawler",
        "      asks who calls",
        "      rejects with 429, Retry-After: 1, 'not allowed: GET:/orders/{id}'",
        "  2 FlowControl/orders, strategies[1].rateLimit: 10 in 1 s",
        "      of this resource",
        "      rejects with 429, Retry-After: 1, 'rate limited: GET:/orders/{id}'",
        "  3 RateLimit/web, config: 40 in 1 s, 60 at once",
        "      of this resource by itself, which matches (?:[A-Z]{1,32}:)?/.*|404",
        "      rejects with 503, 'slow down'",
        "  4 ConcurrencyLimit/whole, config: 64 at a time, simulated",
        "      of all calls of /orders/{id} together",
        "      mode simulate: it only counts what it would reject",
        f"  5 FlowControl/orders, strategies[0].circuitBreaker: {BREAKER}",
        "      of this resource",
        "      rejects with 429, Retry-After: 1, 'circuit open: GET:/orders/{id}'",
    ]


GUARDS = """\
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FlowControl
metadata: {name: plain, labels: {app: orders}}
spec:
  targets: [RESOURCES]
  strategies: [{concurrencyLimit: {maxConcurrency: 1}}]
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FlowControl
metadata: {name: spoken, labels: {app: orders}}
spec:
  targets: [RESOURCES]
  strategies: [{concurrencyLimit: {maxConcurrency: 2}}]
  fallback:
    behavior: ReturnProvidedResponse
    behaviorDesc: {responseStatusCode: 503, responseContentBody: later, grpcStatus: UNAVAILABLE, value: '[]'}
"""  # noqa: E501 - as people write it

EXHAUSTED, RETRY = "RESOURCE_EXHAUSTED, 'overloaded:", "Retry-After: 1, 'overloaded:"

ANSWERS = {
    "tax": ("raises fairlead.Rejected", "returns []"),
    "call:stock": (
        f"rejects with the client's own connect error, over gRPC with {EXHAUSTED} call:stock'",
        "rejects with 503, 'later', over gRPC with UNAVAILABLE, 'later'",
    ),
    "call:mail:/shop.Mail/Send": (
        "rejects with RESOURCE_EXHAUSTED, 'overloaded: call:mail:/shop.Mail/Send'",
        "rejects with UNAVAILABLE, 'later'",
    ),
    "/shop.Orders/Do": (
        f"rejects with 429, {RETRY} /shop.Orders/Do', over gRPC with {EXHAUSTED} /shop.Orders/Do'",
        "rejects with 503, 'later', over gRPC with UNAVAILABLE, 'later'",
    ),
    "sql:shop": ("raises the driver's own error", "raises the driver's own error"),
}


def test_what_is_rejected_is_told_in_the_form_its_caller_gets(say: Say, namespace: str):
    """A function is raised an error, and not answered 429."""
    names = ", ".join(f"{{targetResourceName: '{name}'}}" for name in ANSWERS)
    text = GUARDS.replace("RESOURCES", names).encode()
    assert say("apply", "-f", "-", "-n", namespace, stdin=text).status == 0
    for name, told in ANSWERS.items():
        words = (name, "--app", "orders", "-n", namespace)
        lines = eventually(say, *words, has="FlowControl/spoken").splitlines()
        assert [line.strip() for line in lines if line.startswith("      r")] == list(told), name


def test_an_answer_can_be_read_by_programs(say: Say, applied):
    """-o json is what the control plane said."""
    words = ("POST:/orders/{id}", "--app", "orders", "-n", applied, "-o", "json")
    answer = json.loads(eventually(say, *words, has="RateLimit/web"))
    assert [(one["rule"], one["reason"]) for one in answer["rules"]] == [
        ("ConcurrencyLimit/whole", "concurrency")
    ]
    assert answer["elsewhere"] == 3


def test_a_resource_without_rules_is_told_which_have_some(say: Say, applied):
    """Most of them are misspelt."""
    app = ("--app", "orders", "-n", applied)
    # They are applied one after the other, and each is compiled as it comes.
    some = "rules:      none; there are some for GET:/orders/{id}, /orders/{id}\n"
    assert some in eventually(say, "GET:/ordres/{id}", *app, has=some)
    others = "rules:      none; 4 are for other resources"
    assert others in eventually(say, "mail", *app, has=others)
    assert "rules:      none\n" in say("explain", "flow", "mail", "--app", "x", "-n", applied).out


def test_a_label_that_is_none_is_a_usage_error(say: Say):
    """Before anything is asked."""
    assert say("explain", "flow", "/a", "--app", "a", "-l", "tier").status == 2


def test_a_call_of_an_app_is_told_with_its_route_and_what_decides_the_instance():
    """As the control plane answers it."""
    routes = [
        {"rule": "VirtualService/b http[0]", "asked": "method == GET", "says": "within 1 s"},
        {"rule": "VirtualService/b http[1]", "asked": "", "says": "sent as it is"},
        {"rule": "VirtualService/b http[2]", "asked": "", "says": "within 9 s"},
    ]
    clusters = [{"rule": "DestinationRule/b", "subset": "v1", "says": "RANDOM"}]
    answer = {
        "resource": "call:b",
        "app": "a",
        "scopes": ["call:b"],
        "governance": "on",
        "known": True,
        "rules": [],
        "meant": [],
        "elsewhere": 0,
        "calls": {"app": "b.default", "routes": routes, "clusters": clusters},
    }
    assert list(worded(answer))[1:] == [
        "calls of b.default, by the first that matches:",
        "  1 VirtualService/b http[0], if method == GET: within 1 s",
        "  2 VirtualService/b http[1]: sent as it is",
        "instances of b.default:",
        "  DestinationRule/b, subset v1: RANDOM",
        "rules:      none that turns it away",
    ]
