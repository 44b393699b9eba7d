"""What the services are governed by: a lane, 100 routes, five rules each, and outlier detection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Plain = dict[str, Any]

HOPS = ("a", "b", "c")
ROUTES = 100
LANE, USER = "blue", "ada"
_FLOW = "fault-tolerance.opensergo.io/v1alpha1"
_ISTIO = "networking.istio.io/v1"


def rules() -> Iterator[Plain]:
    """Yield the objects of one namespace."""
    headers = {"x-user": {"exact": USER}}
    yield _object(
        "traffic.opensergo.io/v1alpha1",
        "TrafficLane",
        LANE,
        "a",
        {
            "selector": {"app": "a"},
            "rules": {"traffic": {"http": {"headers": headers}}},
            "lane": {"name": LANE},
        },
    )
    for app in HOPS:
        yield _object(_FLOW, "FlowControl", app, app, _guard())
    for app in HOPS[1:]:
        yield _object(_ISTIO, "VirtualService", app, app, _routes(app))
        outlier = {"consecutive5xxErrors": 5, "interval": "1s", "baseEjectionTime": "5s"}
        spec = {"host": app, "trafficPolicy": {"outlierDetection": outlier}}
        yield _object(_ISTIO, "DestinationRule", app, app, spec)


def _guard() -> Plain:
    breaker = {"statDuration": "10s", "recoveryTimeout": "5s", "minRequestAmount": 100}
    slow = {"strategy": "SlowRequestRatio", "slowConditions": {"maxAllowedRt": "5s"}}
    return {
        "targets": [{"targetResourceName": "GET:/work"}],
        "strategies": [
            {"rateLimit": {"threshold": 100_000, "statDuration": "1s"}},
            {"rateLimit": {"threshold": 6_000_000, "statDuration": "1m"}},
            {"concurrencyLimit": {"maxConcurrency": 1000}},
            {"circuitBreaker": {**breaker, **slow, "triggerRatio": "80%"}},
            {"circuitBreaker": {**breaker, "strategy": "ErrorRequestRatio", "triggerRatio": "80%"}},
        ],
    }


def _routes(app: str) -> Plain:
    """Return routes of which the last is for what is measured."""
    to = [{"destination": {"host": app}}]
    others: list[Plain] = [
        {"match": [{"headers": {"x-tenant": {"exact": f"tenant-{number}"}}}], "route": to}
        for number in range(ROUTES - 1)
    ]
    return {"hosts": [app], "http": [*others, {"route": to}]}


def _object(version: str, kind: str, name: str, app: str, spec: Plain) -> Plain:
    metadata = {"name": name, "labels": {"app": app}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
