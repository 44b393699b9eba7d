"""The article's FlowControl and its equivalent in parts, on real processes (S0-23)."""

from __future__ import annotations

import re
from typing import Any

import httpx

from tests.faults.servers import App, Apps, Control, until
from tests.kinds.guards import API, made

LIMIT = {"threshold": 2, "statDuration": "1h"}

ANSWER = {
    "behavior": "QueueMessage",
    "behaviorDesc": {"responseContentBody": "in the queue, {retryAfter} s to go"},
}

TARGETS = [{"targetResourceName": "GET:/"}]


def in_force(app: App) -> list[str]:
    """Return the names of the rules that the app has."""
    return sorted({one["rule"] for one in app.doctor().get("flow", {}).get("rules", ())})


def asked(app: App) -> list[tuple[int, str, bool]]:
    """Return status, body without its number, and whether there is a Retry-After, of five calls."""
    answers = [httpx.get(app.url, timeout=10) for _ in range(5)]
    return [
        (one.status_code, re.sub(r"[0-9]+ s", "N s", one.text), "retry-after" in one.headers)
        for one in answers
    ]


def create(control: Control, plural: str, plain: dict[str, Any]) -> str:
    """Create an object of `plural`; return where it is."""
    path = f"/apis/{API}/namespaces/default/{plural}"
    with control.client() as http:
        http.post(path, json=plain).raise_for_status()
    return f"{path}/x"


def test_one_object_and_its_parts_limit_alike(control: Control, apps: Apps) -> None:
    """Load a FlowControl, then the rule, the strategy and the answer that it stands for."""
    back = apps.start("back", control.url)
    until(back.registered, "the app is registered")
    selector = {"app": "back"}
    whole = made(
        "FlowControl",
        selector=selector,
        targets=TARGETS,
        strategies=[{"rateLimit": LIMIT}, {"concurrencyLimit": {"maxConcurrency": 50}}],
        fallback=ANSWER,
    )
    path = create(control, "flowcontrols", whole)
    until(lambda: in_force(back) == ["FlowControl/x"], "the FlowControl is in force")
    seen = asked(back)
    with control.client() as http:
        http.delete(path).raise_for_status()
    until(lambda: in_force(back) == [], "it is gone")
    create(control, "ratelimitstrategies", made("RateLimitStrategy", **LIMIT))
    most = made("ConcurrencyLimitStrategy", maxConcurrency=50)
    create(control, "concurrencylimitstrategies", most)
    create(control, "httprequestfallbackactions", made("HttpRequestFallbackAction", **ANSWER))
    kinds = ("RateLimitStrategy", "ConcurrencyLimitStrategy")
    parts = made(
        "FaultToleranceRule",
        selector=selector,
        targets=TARGETS,
        strategies=[{"name": "x", "kind": kind} for kind in kinds],
        fallbackAction="x",
    )
    create(control, "faulttolerancerules", parts)
    until(lambda: in_force(back) == ["FaultToleranceRule/x"], "the rule is in force")
    assert asked(back) == seen
    assert [status for status, _, _ in seen] == [200, 200, 429, 429, 429]
    assert seen[-1] == (429, "in the queue, N s to go", True)
