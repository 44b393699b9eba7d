"""Rules about the flow of calls against the real server: where they are live, and enforced."""

from __future__ import annotations

from typing import Any

import httpx

from tests.control.fleet import Agent, fleet, until
from tests.control.serving import Server


def test_a_rule_of_one_app_is_live_where_that_app_is(
    http: httpx.Client, namespace: str, server: Server
) -> None:
    """Other apps of the namespace enforce nothing of it, and must not hold it up."""
    flow = f"/apis/fault-tolerance.opensergo.io/v1alpha1/namespaces/{namespace}/flowcontrols"
    spec = {
        "selector": {"app": "cart"},
        "targets": [{"targetResourceName": "/a"}],
        "strategies": [{"concurrencyLimit": {"maxConcurrency": 3}}],
    }
    plain = {"apiVersion": "fault-tolerance.opensergo.io/v1alpha1", "kind": "FlowControl"}

    def status(name: str) -> dict[str, Any]:
        found: dict[str, Any] = http.get(f"{flow}/{name}").json().get("status", {})
        return found

    apps = ("gateway", "cart", "cart")
    agents = [Agent(server.url, namespace, app, 7000 + n) for n, app in enumerate(apps)]
    with fleet(*agents):
        http.post(flow, json={**plain, "metadata": {"name": "limited"}, "spec": spec})
        nobody = {**spec, "selector": {"app": "nobody"}}
        http.post(flow, json={**plain, "metadata": {"name": "vain"}, "spec": nobody})
        until(lambda: status("limited").get("live") == "2/2")
        vain = until(lambda: (found := status("vain")).get("live") == "0/0" and found)
        said = {c["type"]: (c["status"], c["reason"]) for c in vain["conditions"]}
        assert vain["live"] == "0/0"
        assert said["Enforced"] == ("Unknown", "TargetNotSeen")
        assert vain["conditions"][0]["message"] == "no workload of app nobody is connected"
