"""What Prometheus reads at the control plane."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.control.access.roles import Grant, Role
from fairlead.telemetry import control_metrics, metrics
from fairlead.telemetry.metrics import Metric
from tests.control.access.plane import Guarded, run

from .reports import interface
from .test_endpoints import Shop

parser: Any = import_module("prometheus_client.parser")


def families(text: str) -> dict[str, Any]:
    return {one.name: one for one in parser.text_string_to_metric_families(text)}


def value(family: Any, **labels: str) -> float:
    found = [one for one in family.samples if labels.items() <= one.labels.items()]
    assert len(found) == 1, family.samples
    number: float = found[0].value
    return number


def test_services_are_counted_for_good(http: httpx.Client, namespace: str) -> None:
    """Who scrapes nothing but the control plane has every service; counters never go back."""
    shop = Shop(http, namespace)
    shop.register("orders", 7001, lane="gray")
    for _ in range(2):
        rows = (interface(passed=30, rejected=5), interface("GET:/b", 10, lane="gray"))
        shop.post(shop.report("orders", 7001, interfaces=rows))
    answer = http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = families(answer.text)
    of = {"service_namespace": namespace, "service_name": "orders"}
    assert value(found["fairlead_service_passed"], **of, lane="") == 60
    assert value(found["fairlead_service_passed"], **of, lane="gray", side="server") == 20
    assert value(found["fairlead_service_rejected"], **of, lane="") == 10
    assert value(found["fairlead_service_instances"], **of) == 1
    assert value(found["fairlead_service_instances_ready"], **of) == 0
    duration = found["fairlead_service_call_duration_seconds"]
    buckets = [one for one in duration.samples if of.items() <= one.labels.items()]
    counted = {one.labels["le"]: one.value for one in buckets if one.labels.get("lane") == ""
               and one.name.endswith("_bucket")}  # fmt: skip
    assert (counted["0.01"], counted["0.025"], counted["+Inf"]) == (0, 60, 60)
    assert value(found["fairlead_control_reports"], outcome="taken") >= 2
    assert value(found["fairlead_control_requests"], request="reports") >= 2
    assert value(found["fairlead_control_history_failed"]) == 0


@pytest.mark.parametrize(
    ("who", "status"), [("", 401), ("cart", 403), ("viewer", 403), ("admin", 200), ("reader", 200)]
)
def test_only_who_may_read_everything_may_scrape(tmp_path: Path, who: str, status: int) -> None:
    """The page has every namespace in it."""

    async def scenario(guarded: Guarded) -> None:
        guarded.add("reader", (Grant(role=Role.VIEW, namespace="*"),))
        assert (await guarded.ask(who, "GET", "/metrics")).status_code == status

    run(tmp_path, scenario)


def test_names_stand_once() -> None:
    """An agent's metric and the control plane's are never mistaken for each other."""
    own = [one for one in vars(control_metrics).values() if isinstance(one, Metric)]
    assert {one.name for one in own} == {one.name for one in control_metrics.EVERY}
    theirs = {one.prometheus for one in metrics.EVERY}
    assert len({one.prometheus for one in own} | theirs) == len(own) + len(metrics.EVERY)
