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
    merged = {"responseStatusCode": 429, "responseContentBody": "wait", **changes}
    answer = {key: value for key, value in merged.items() if value is not ...}
    return made("HttpRequestFallbackAction", behavior="ReturnProvidedResponse", behaviorDesc=answer)


STRATEGIES: dict[str, dict[str, Any]] = {
    "ThrottlingStrategy": {"minIntervalOfRequests": "40ms", "queueTimeout": "2s"},
    "ConcurrencyLimitStrategy": {"maxConcurrency": 12, "limitMode": "Local"},
    "CircuitBreakerStrategy": {
        "strategy": "SlowRequestRatio",
        "triggerRatio": "45%",
        "statDuration": "20s",
        "recoveryTimeout": "8s",
        "minRequestAmount": 6,
        "slowConditions": {"maxAllowedRt": "350ms"},
    },
    "HotParameterStrategy": {"param": {"source": "header", "name": "x-user"}, "threshold": 5},
    "AuthorityStrategy": {"allow": ["web"]},
    "AdaptiveOverloadProtectionStrategy": {
        "metricType": "CpuPercentage",
        "triggerThreshold": "82%",
        "adaptiveStrategy": "BBR",
    },
}


def of(kind: str, /, **changes: Any) -> dict[str, Any]:
    """Return a strategy of `kind` with its spec changed; ``...`` takes a field away."""
    merged = {**STRATEGIES[kind], **changes}
    return made(kind, **{key: value for key, value in merged.items() if value is not ...})


def control(**changes: Any) -> dict[str, Any]:
    """Return a FlowControl with its spec changed."""
    spec = {
        "selector": {"app": "orders"},
        "targets": [{"targetResourceName": "/orders"}],
        "strategies": [{"rateLimit": {"threshold": 5, "statDuration": "1s"}}],
    }
    merged = {key: value for key, value in {**spec, **changes}.items() if value is not ...}
    return made("FlowControl", **merged)
