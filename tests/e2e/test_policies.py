"""Policies of policy.opensergo.io on real processes: for workloads by their labels."""

from __future__ import annotations

from typing import Any

import httpx

from tests.e2e.test_flow_control import in_force
from tests.faults.servers import App, Apps, Control, until
from tests.kinds.policies import API, policy


def create(control: Control, plural: str, plain: dict[str, Any]) -> str:
    """Create a policy; return where it is."""
    path = f"/apis/{API}/namespaces/default/{plural}"
    with control.client() as http:
        http.post(path, json=plain).raise_for_status()
    return f"{path}/x"


def enforced(plain: dict[str, Any]) -> str:
    """Return what the status of an object says of it."""
    found = {one["type"]: one["status"] for one in plain.get("status", {}).get("conditions", ())}
    return str(found.get("Enforced"))


def statuses(app: App, times: int) -> list[int]:
    return [httpx.get(app.url, timeout=10).status_code for _ in range(times)]


def test_a_policy_is_for_the_instances_that_carry_its_labels(control: Control, apps: Apps) -> None:
    """One of two instances of an app; a bucket of three that an hour does not fill by one."""
    plain = apps.start("back", control.url)
    labelled = apps.start("back", control.url, FAIRLEAD_LABELS="tier=web")
    until(lambda: plain.registered() and labelled.registered(), "both are registered")
    answer = {"statusCode": 503, "bodyEncoding": "JSON", "body": '{"e":"slow down"}'}
    limit = policy(
        "RateLimit",
        {"limit": 1, "burst": 3, "interval": "3600s"},
        selector={"workloads": [{"labels": {"app": "back", "tier": "web"}}]},
        action={"http": {"custom_response": answer}},
    )
    path = create(control, "ratelimits", limit)
    until(lambda: in_force(labelled) == ["RateLimit/x"], "the policy is in force")
    assert statuses(labelled, 5) == [200, 200, 200, 503, 503]
    said = httpx.get(labelled.url, timeout=10)
    assert (said.text, said.headers["content-type"]) == (answer["body"], "application/json")
    assert in_force(plain) == []
    assert statuses(plain, 5) == [200] * 5
    with control.client() as http:
        until(lambda: enforced(http.get(path).json()) == "True", "its status is written")


def test_a_policy_that_only_simulates_turns_nobody_away(control: Control, apps: Apps) -> None:
    """Whoever tries one out sees its count in doctor."""
    back = apps.start("back", control.url)
    until(back.registered, "the app is registered")
    create(
        control,
        "concurrencylimits",
        policy("ConcurrencyLimit", {"maxConcurrency": 0}, mode="simulate"),
    )
    until(lambda: in_force(back) == ["ConcurrencyLimit/x"], "the policy is in force")
    assert statuses(back, 3) == [200, 200, 200]
