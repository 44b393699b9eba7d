"""Objects of the kinds of policy.opensergo.io to change one thing in."""

from __future__ import annotations

from typing import Any

API = "policy.opensergo.io/v1alpha1"

CONFIGS: dict[str, dict[str, Any]] = {
    "RateLimit": {"limit": 40, "interval": "1s"},
    "ConcurrencyLimit": {"maxConcurrency": 64},
    "CircuitBreaker": {
        "slowRequest": {"latency": "0.4s"},
        "abnormalPercent": 35,
        "interval": "10s",
        "breakingInterval": "6s",
    },
}


def policy(kind: str, /, config: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """Return a policy with parts of its config changed; ``...`` takes one away."""
    merged = {**CONFIGS[kind], **(config or {})}
    kept = {key: value for key, value in merged.items() if value is not ...}
    spec = {"config": kept, **spec}
    return {"apiVersion": API, "kind": kind, "metadata": {"name": "x"}, "spec": spec}


def answering(**answer: Any) -> dict[str, Any]:
    """Return a policy with this answer over HTTP."""
    return policy("RateLimit", action={"http": answer})
