"""Every query of the dashboards and the alerts, asked of a real Prometheus."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy.observability.dashboards import DASHBOARDS, plain
from tests.architecture.tree import ROOT
from tests.console.shop import VISITED
from tests.observability.conftest import PROMETHEUS, Prometheus

OBSERVABILITY = ROOT / "deploy" / "observability"

VARIABLES = {"$namespace": "default", "$app": ".+", "$route": ".+", "$__rate_interval": "15s"}

ONLY_IN_TROUBLE = ("breaker_opened", "agent_faults")
"""What queries ask for that a healthy shop has no series of."""

WORDS = re.compile(r"\b((?:fairlead|process|cpython|http|rpc|db)_\w+?)(?:\{|\[| |$|\))")


def panels() -> Iterator[Any]:
    """Yield every query, named by its dashboard and its panel."""
    for dashboard in DASHBOARDS:
        for panel in plain(dashboard)["panels"]:
            for target in panel["targets"]:
                name = f"{dashboard.uid}: {panel['title']}: {target['refId']}"
                yield pytest.param(target["expr"], id=name)


def alerts() -> Iterator[Any]:
    """Yield every alert."""
    for group in yaml.safe_load((OBSERVABILITY / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            yield pytest.param(rule["expr"], id=rule["alert"])


@pytest.mark.parametrize("expression", list(panels()))
def test_a_panel_shows_something(prometheus: Prometheus, expression: str):
    """A dashboard whose series were renamed is empty, and nobody knows why."""
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)

    found = prometheus.query(expression)

    assert found or any(word in expression for word in ONLY_IN_TROUBLE), expression


@pytest.mark.parametrize("expression", list(alerts()))
def test_an_alert_asks_for_what_there_is(prometheus: Prometheus, expression: str):
    """An alert about a series that is not there is silent for ever."""
    names = set(prometheus.ask("label/__name__/values"))

    prometheus.query(expression)

    asked = set(WORDS.findall(expression))
    assert asked
    assert asked <= names


def test_every_target_is_read(prometheus: Prometheus):
    """Prometheus refuses a page that has one line wrong."""
    down = [one["metric"] for one in prometheus.query("up == 0")]

    assert down == []


def test_every_service_is_measured_with_or_without_rules(prometheus: Prometheus):
    """Most routes have no rule, and are what people look for."""
    inbound = "http_server_request_duration_seconds_count or rpc_server_call_duration_seconds_count"

    found = prometheus.query(f"sum by (service_name) ({inbound})")

    assert {one["metric"]["service_name"] for one in found} == set(VISITED)


@pytest.mark.parametrize("what", ["rules alerts.yml", "config prometheus.yml"])
def test_prometheus_takes_the_files(what: str):
    """They are for people to copy."""
    kind, name = what.split()
    command = [f"{PROMETHEUS}/promtool", "check", kind, str(OBSERVABILITY / name)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
