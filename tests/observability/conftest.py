"""A real Prometheus that reads real services; without PROMETHEUS none of it is run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import yaml

from scripts.servers.ports import free_port
from tests.console.shop import VISITED, Shop, shop, visitors
from tests.faults.servers import Process, until

PROMETHEUS = os.environ.get("PROMETHEUS", "")
collect_ignore_glob = [] if PROMETHEUS else ["test_*.py"]

SCRAPED_EVERY = "1s"
PATIENCE = 90.0

RULES: tuple[dict[str, Any], ...] = tuple(
    {
        "apiVersion": "fault-tolerance.opensergo.io/v1alpha1",
        "kind": "FlowControl",
        "metadata": {"name": name, "labels": {"app": app}},
        "spec": {
            "targets": [{"targetResourceName": resource}],
            "strategies": [{"rateLimit": {"threshold": 1, "statDuration": "1s"}}],
            "mode": mode,
        },
    }
    for name, app, resource, mode in (
        ("items", "catalog", "GET:/items", "on"),
        ("prices", "pricing", "GET:/prices", "simulate"),
    )
)


class Prometheus:
    """A running Prometheus."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str, **parameters: str) -> Any:
        """Return the data of an answer."""
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, trust_env=False)
        plain = answer.json()
        assert plain["status"] == "success", f"{parameters}: {plain.get('error')}"
        return plain["data"]

    def query(self, expression: str) -> list[Any]:
        """Return the series of an instant query."""
        result: list[Any] = self.ask("query", query=expression)["result"]
        return result


class Observed(NamedTuple):
    """A shop, and the Prometheus that reads it."""

    shop: Shop
    prometheus: Prometheus


@pytest.fixture(scope="session")
def prometheus(observed: Observed) -> Prometheus:
    """A Prometheus that has read the shop, and the control plane, for a while."""
    return observed.prometheus


@pytest.fixture(scope="session")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """The shop that it has read, too."""
    work = tmp_path_factory.mktemp("observability")
    with shop(work, apps=()) as running:
        for rule in RULES:
            running.apply(rule)
        ports = [_started(running, app) for app in VISITED]
        ports.append(_started(running, "orders", FAIRLEAD_LANE="gray"))
        for app in VISITED:
            running.wait(app, 2 if app == "orders" else 1)
        targets = [f"127.0.0.1:{port}" for port in ports]
        control = running.url.partition("//")[2]
        with (
            visitors(f"{running.entry()}/orders/1", a_second=10),
            visitors(f"{running.entry()}/items", a_second=10),
            Reading(work, targets, control) as started,
        ):
            until(
                lambda: (
                    started.query("sum(rate(fairlead_rule_rejected_total[10s])) > 0")
                    and started.query("sum(rate(fairlead_rule_simulated_total[10s])) > 0")
                ),
                "Prometheus has rates of the rules",
                PATIENCE,
            )
            yield Observed(running, started)


def _started(running: Shop, app: str, **env: str) -> int:
    port = free_port()
    running.start(app, FAIRLEAD_METRICS=str(port), **env)
    return port


class Reading:
    """The process, that is there while it is entered."""

    def __init__(self, work: Path, agents: list[str], control: str) -> None:
        self._port = free_port()
        config = {
            "global": {"scrape_interval": SCRAPED_EVERY, "evaluation_interval": SCRAPED_EVERY},
            "scrape_configs": [
                {"job_name": "fairlead-agents", "static_configs": [{"targets": agents}]},
                {"job_name": "fairlead-control-plane", "static_configs": [{"targets": [control]}]},
            ],
        }
        (work / "prometheus.yml").write_text(yaml.safe_dump(config))
        argv = [
            f"{PROMETHEUS}/prometheus",
            f"--config.file={work / 'prometheus.yml'}",
            f"--storage.tsdb.path={work / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--log.level=warn",
        ]
        self._process = Process(argv, work / "prometheus.log", dict(os.environ))

    def __enter__(self) -> Prometheus:
        started = Prometheus(f"http://127.0.0.1:{self._port}")
        until(self._ready, f"Prometheus is ready: {self._process.text()}", PATIENCE)
        return started

    def _ready(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self._port}/-/ready"
            return httpx.get(url, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def __exit__(self, *error: object) -> None:
        self._process.kill()
