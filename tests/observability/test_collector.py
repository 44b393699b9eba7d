"""Traces of real services, as OpenTelemetry's own collector receives them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from fairlead.telemetry import attributes as names
from scripts.servers.ports import free_port
from tests.control.serving import Server, serving
from tests.faults.servers import BIN, Process, plain_environment, until

COLLECTOR = os.environ.get("COLLECTOR", "")
APPS = Path(__file__).parent / "apps"
PATIENCE = 60.0
LIMITS = "/apis/fault-tolerance.opensergo.io/v1alpha1/namespaces/default/flowcontrols"
LANES = "/apis/traffic.opensergo.io/v1alpha1/namespaces/default/trafficlanes"
RULES: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        LANES,
        {
            "apiVersion": "traffic.opensergo.io/v1alpha1",
            "kind": "TrafficLane",
            "metadata": {"name": "testers"},
            "spec": {
                "selector": {"app": "front"},
                "rules": {
                    "traffic": {"http": {"headers": {"x-user": {"exact": "tester"}}}},
                    "lane": {"name": "gray"},
                },
            },
        },
    ),
    (
        LIMITS,
        {
            "apiVersion": "fault-tolerance.opensergo.io/v1alpha1",
            "kind": "FlowControl",
            "metadata": {"name": "one", "labels": {"app": "back"}},
            "spec": {
                "targets": [{"targetResourceName": "GET:/back"}],
                "strategies": [{"rateLimit": {"threshold": 1, "statDuration": "1h"}}],
            },
        },
    ),
)

pytestmark = [
    pytest.mark.skipif(not COLLECTOR, reason="COLLECTOR names none"),
    pytest.mark.timeout(180),
]


@dataclass
class Span:
    """A span, as the collector tells it."""

    name: str
    trace: str
    text: str

    @property
    def attributes(self) -> dict[str, str]:
        return dict(re.findall(r"-> ([\w.]+): Str\((.*)\)", self.text))


class Collector:
    """One that says all that it receives."""

    def __init__(self, work: Path) -> None:
        self.endpoint = f"http://127.0.0.1:{free_port()}"
        grpc = {"endpoint": self.endpoint.removeprefix("http://")}
        config = {
            "receivers": {"otlp": {"protocols": {"grpc": grpc}}},
            "exporters": {"debug": {"verbosity": "detailed"}},
            "service": {
                "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["debug"]}},
                "telemetry": {"metrics": {"level": "none"}},
            },
        }
        path = work / "collector.yaml"
        path.write_text(yaml.safe_dump(config))
        argv = [COLLECTOR, f"--config=file:{path}"]
        self.process = Process(argv, work / "collector.log", plain_environment())

    def spans(self) -> list[Span]:
        """What it has received."""
        pieces = re.split(r"^Span #\d+$", self.process.text(), flags=re.MULTILINE)[1:]
        return [
            Span(_field("Name", piece), _field("Trace ID", piece), piece)
            for piece in pieces
            if "Name" in piece
        ]


def _field(name: str, text: str) -> str:
    found = re.search(rf"^ +{name} +: (.*)$", text, re.MULTILINE)
    return found[1].strip() if found else ""


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[Span]]]:
    """Spans of three requests, the last two of testers, by name, by trace."""
    work = tmp_path_factory.mktemp("collector")
    collector = Collector(work)
    started = [collector.process]
    try:
        with serving(work / "data") as server:
            ready = lambda: "Everything is ready" in collector.process.text()  # noqa: E731
            until(ready, "the collector is ready", PATIENCE)
            for app, lane in (("front", ""), ("back", ""), ("back", "gray")):
                started.append(_start(server, work, collector, (app, lane)))
            address = _settled(server)
            statuses = []
            for number, headers in enumerate(({}, {"x-user": "tester"}, {"x-user": "tester"}), 1):
                trace = f"00-{number:032x}-00f067aa0ba902b7-01"
                url = f"http://{address}/front"
                answer = httpx.get(url, headers={"traceparent": trace, **headers}, trust_env=False)
                statuses.append(answer.status_code)
            assert statuses == [200, 200, 429]
            until(lambda: len(collector.spans()) >= 9, "spans arrive", PATIENCE)
            spans = sorted(collector.spans(), key=lambda one: one.name)
            traces = [f"{number:032x}" for number in (1, 2, 3)]
            yield {trace: [one for one in spans if one.trace == trace] for trace in traces}
    finally:
        for process in started:
            process.kill()


def _start(server: Server, work: Path, collector: Collector, who: tuple[str, str]) -> Process:
    app, lane = who
    environ = plain_environment(
        FAIRLEAD_CONTROL=server.url,
        FAIRLEAD_APP=app,
        FAIRLEAD_STATE=str(work / "state"),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint,
        **({"FAIRLEAD_LANE": lane} if lane else {}),
    )
    uvicorn = [str(BIN / "uvicorn"), "traced:app", "--app-dir", str(APPS), "--port", "0"]
    argv = [str(BIN / "fairlead"), "run", "--", *uvicorn]
    return Process(argv, work / f"{app}{lane}.log", environ)


def _settled(server: Server) -> str:
    """Wait until everybody is there and enforces the rules; return the address of the front."""
    with server.client() as http:
        instances = "/apis/fairlead.io/v1alpha1/instances"
        until(lambda: len(http.get(instances).json()["items"]) == 3, "apps register", PATIENCE)
        for path, rule in RULES:
            http.post(path, json=rule).raise_for_status()

        def live() -> bool:
            conditions = [
                one
                for path, rule in RULES
                for one in http.get(f"{path}/{rule['metadata']['name']}")
                .json()
                .get("status", {})
                .get("conditions", ())
            ]
            return [one["status"] for one in conditions if one["type"] == "Live"] == ["True"] * 2

        until(live, "the rules are live", PATIENCE)
        specs = [one["spec"] for one in http.get(instances).json()["items"]]
        return str(next(one["address"] for one in specs if one["app"] == "front"))


def test_one_request_is_one_trace_through_both_services(received: dict[str, list[Span]]):
    """S4-28: agents must not cut in two what the application's SDK holds together."""
    for spans in received.values():
        assert [one.name for one in spans] == ["GET", "back serves", "front serves"]


def test_every_span_says_on_which_lane_it_was(received: dict[str, list[Span]]):
    """Traces are searched for it, and grouped by it."""
    lanes = [{one.attributes[names.LANE] for one in spans} for spans in received.values()]

    assert lanes == [{"base"}, {"gray"}, {"gray"}]


def test_the_span_of_a_call_says_who_served_it(received: dict[str, list[Span]]):
    """Its URL has the app's name only."""
    calls = [spans[0] for spans in received.values()]

    assert [one.attributes[names.INSTANCE_LANE] for one in calls] == ["base", "gray", "gray"]
    instances = [one.attributes[names.INSTANCE] for one in calls]
    assert instances[0] != instances[1] == instances[2]


def test_the_trace_of_a_rejection_names_the_rule(received: dict[str, list[Span]]):
    """Whoever finds a 429 in a trace reads there whom to ask."""
    *let_in, rejected = (spans[1] for spans in received.values())

    assert names.REJECTED in rejected.text
    assert rejected.attributes[names.RULE] == "FlowControl/one"
    assert rejected.attributes[names.REASON] == "rate"
    assert all(names.REJECTED not in one.text for one in let_in)
