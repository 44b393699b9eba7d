"""Objects of every kind to change one thing in, and what is said about them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from fairlead.kinds import InvalidResource, parse

API = "traffic.opensergo.io/v1alpha1"
DATABASE_API = "database.opensergo.io/v1alpha1"


def label_rule(**changes: Any) -> dict[str, Any]:
    """Return a TrafficLabelRule with its spec changed."""
    spec = {
        "selector": {"app": "gateway"},
        "trafficLabel": "gray",
        "match": [{"type": "header", "key": "x-user", "condition": "==", "value": "1"}],
    }
    return _object("TrafficLabelRule", spec, changes)


def condition(**match: Any) -> dict[str, Any]:
    """Return a TrafficLabelRule with one condition, on a header unless told otherwise."""
    return label_rule(match=[{"type": "header", "key": "x", "condition": "==", **match}])


def bare(**match: Any) -> dict[str, Any]:
    """Return a TrafficLabelRule with exactly this condition."""
    return label_rule(match=[match])


def lane(text: str) -> dict[str, Any]:
    """Return a TrafficLane for the app `gateway` with the spec in `text`."""
    plain = _object("TrafficLane", {}, yaml.safe_load(text))
    plain["metadata"]["labels"] = {"app": "gateway"}
    return plain


def workload_rule(**changes: Any) -> dict[str, Any]:
    """Return a WorkloadLabelRule with its spec changed."""
    spec = {"workloadLabels": ["gray"], "selector": {"app": "shop"}}
    return _object("WorkloadLabelRule", spec, changes)


def endpoint(engine: str = "MySQL", **changes: Any) -> dict[str, Any]:
    """Return a DatabaseEndpoint with its server changed."""
    scheme = engine.lower()
    server = {"url": f"jdbc:{scheme}://127.0.0.1:3306/w", "username": "u", "password": "env:W"}
    merged = {key: value for key, value in {**server, **changes}.items() if value is not ...}
    return _object("DatabaseEndpoint", {"database": {engine: merged}}, {}, DATABASE_API)


def shadow(**changes: Any) -> dict[str, Any]:
    """Return a Shadow with its spec changed."""
    spec = {
        "dataSources": {"m": {"sourceDataSourceName": "ds-w", "shadowDataSourceName": "ds-s"}},
        "shadowAlgorithms": {"h": {"type": "SIMPLE_HINT", "props": {"lane": "gray"}}},
    }
    return _object("Shadow", spec, changes, DATABASE_API)


def _object(
    kind: str, spec: dict[str, Any], changes: dict[str, Any], api: str = API
) -> dict[str, Any]:
    merged = {key: value for key, value in {**spec, **changes}.items() if value is not ...}
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "x"}, "spec": merged}


def said(plain: object) -> dict[str, str]:
    """Return what is wrong with `plain`: message by path."""
    with pytest.raises(InvalidResource) as caught:
        parse(plain)
    return {violation.path: violation.message for violation in caught.value.violations}
