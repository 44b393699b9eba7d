"""Rules for the app ``entry``, and what a control plane says of them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.control.serving import API, GROUP
from tests.faults.servers import App, Control

RULES = f"{API}/namespaces/default/trafficlabelrules"


def rule(name: str, condition: str, value: str, kind: str = "TrafficLabelRule") -> dict[str, Any]:
    """Return a rule that puts requests on the lane of its own name, by the header ``x-user``."""
    match = {"type": "header", "key": "x-user", "condition": condition, "value": value}
    return {
        "apiVersion": f"{GROUP}/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"selector": {"app": "entry"}, "trafficLabel": name, "match": [match]},
    }


def live(control: Control, name: str) -> dict[str, Any]:
    """Return the condition ``Live`` of a rule, or ``Accepted`` where it has that one."""
    found = {one["type"]: one for one in conditions(control, name)}
    return found.get("Live") or found.get("Accepted") or {}


def conditions(control: Control, name: str) -> list[dict[str, Any]]:
    """Return every condition of a rule."""
    return list(control.get(f"{RULES}/{name}").get("status", {}).get("conditions", ()))


def lane(app: App, user: str) -> str:
    """Return the lane that an entry puts a request of `user` on."""
    return httpx.get(app.url, headers={"x-user": user}, trust_env=False, timeout=10).text
