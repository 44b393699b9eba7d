"""Objects of the kinds of fault tolerance to change one thing in."""

from __future__ import annotations

from typing import Any

API = "fault-tolerance.opensergo.io/v1alpha1"


def made(kind: str, **spec: Any) -> dict[str, Any]:
    """Return an object of `kind`."""
    return {"apiVersion": API, "kind": kind, "metadata": {"name": "x"}, "spec": spec}


def rule(**changes: Any) -> dict[str, Any]:
    """Return a FaultToleranceRule with its spec changed."""
    spec = {
        "selector": {"app": "orders"},
        "targets": [{"targetResourceName": "/orders"}],
        "strategies": [{"name": "s"}],
    }
    return made("FaultToleranceRule", **{**spec, **changes})


def strategy(**changes: Any) -> dict[str, Any]:
    """Return a RateLimitStrategy with its spec changed."""
    spec = {
        "metricType": "RequestAmount",
        "limitMode": "Local",
        "threshold": 1,
        "statDurationSeconds": 1,
    }
    merged = {key: value for key, value in {**spec, **changes}.items() if value is not ...}
    return made("RateLimitStrategy", **merged)


def action(**changes: Any) -> dict[str, Any]:
    """Return an HttpRequestFallbackAction with its answer changed."""
    answer = {"responseStatusCode": 429, "responseContentBody": "wait", **changes}
    return made("HttpRequestFallbackAction", behavior="ReturnProvidedResponse", behaviorDesc=answer)
