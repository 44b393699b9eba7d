"""Rules of an app that a real Envoy beside it enforces."""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.cli.proxy.hosts import ENVOY, Hosts, address
from tests.cli.proxy.test_gateway import PATIENCE
from tests.control.fleet import until

WHY = {"key": "x-why", "value": "100%"}
FLOW = "fault-tolerance.opensergo.io/v1alpha1"
pytestmark = pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")


def statuses(at: str, path: str, times: int) -> list[int]:
    """Return what a service answers."""
    url = f"http://{at}{path}"
    return [httpx.get(url, trust_env=False, timeout=10).status_code for _ in range(times)]


def enforced(hosts: Hosts, name: str, words: str) -> tuple[str, str] | None:
    """Return what is said of a FlowControl, once these words are."""
    found = hosts.condition(FLOW, "flowcontrols", name, "Enforced")
    return found if words in found[1] else None


def limit(hosts: Hosts, app: str, threshold: int, **more: object) -> None:
    """Limit the labels of an app."""
    strategy = {"rateLimit": {"threshold": threshold, "statDuration": "1h"}}
    targets = [{"targetResourceName": "GET:/baggage"}]
    hosts.rule(
        FLOW, "FlowControl", app, app, {"targets": targets, "strategies": [strategy], **more}
    )


def test_a_limit_on_a_resource_holds_at_each_envoy(hosts: Hosts):
    """N instances let N times the limit pass: nobody counts for all of them (S4-33)."""
    limit(hosts, "limited", 3)
    with hosts.hop("limited"), hosts.hop("limited"):
        until(lambda: len(hosts.instances("limited")) == 2)
        one, two = hosts.instances("limited")

        assert statuses(one, "/baggage", 5) == [200, 200, 200, 429, 429]
        assert statuses(two, "/baggage?x=1", 5) == [200, 200, 200, 429, 429]
        assert statuses(one, "/", 5) == [200] * 5
        refused = httpx.get(f"http://{one}/baggage", trust_env=False)
        assert refused.headers["retry-after"] == "1"
        told = until(lambda: enforced(hosts, "limited", "sidecars of limited"))
        assert told[0] == "True"
        assert "N instances let N times a limit pass" in told[1]


def test_a_limit_that_changes_is_followed_without_a_restart(hosts: Hosts):
    """And connections stay: what a filter does is pushed by itself."""
    with hosts.hop("changing"):
        at = address(hosts, "changing")
        with httpx.Client(trust_env=False, base_url=f"http://{at}", timeout=10) as client:
            assert client.get("/baggage").status_code == 200
            limit(hosts, "changing", 1)
            until(lambda: client.get("/baggage").status_code == 429)

            assert "connection" not in client.get("/").headers


def test_the_answer_of_a_rule_is_the_envoys(hosts: Hosts):
    """As far as it has such an answer: status and headers, not the text."""
    answer = {"responseStatusCode": 503, "responseAdditionalHeaders": [WHY]}
    limit(
        hosts,
        "answering",
        1,
        fallback={"behavior": "ReturnProvidedResponse", "behaviorDesc": answer},
    )
    with hosts.hop("answering"):
        at = address(hosts, "answering")
        until(lambda: statuses(at, "/baggage", 1) == [503])

        assert httpx.get(f"http://{at}/baggage", trust_env=False).headers["x-why"] == "100%"


def test_adaptive_concurrency_rejects_what_is_too_much(hosts: Hosts):
    """Requests that wait for a slow application would all be too late."""
    spec = {
        "metricType": "CpuPercentage",
        "triggerThreshold": "80%",
        "adaptiveStrategy": "ADAPTIVE",
    }
    hosts.rule(FLOW, "AdaptiveOverloadProtectionStrategy", "busy", "busy", spec)
    with hosts.hop("busy", takes="0.3"):
        at, said = address(hosts, "busy"), Counter[int]()

        def load() -> None:
            said.update(statuses(at, "/", 5))

        threads = [threading.Thread(target=load) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)

        assert said.keys() == {200, 429}
        assert sum(said.values()) == 200


def test_each_request_is_logged_where_it_is_wanted(hosts: Hosts, tmp_path: Path):
    """As JSON, without what a query says."""
    log = tmp_path / "access"
    with ExitStack() as all_:
        all_.enter_context(hosts.logging(str(log)))
        all_.enter_context(hosts.hop("logged", "--lane", "blue"))
        at = address(hosts, "logged")
        statuses(at, "/baggage?secret=1", 1)
        # Envoy writes when it has a page, and ten times a second.
        until(lambda: log.exists() and log.read_text())

    line = json.loads(log.read_text().splitlines()[0])
    assert line["path"] == "/baggage"
    assert (line["method"], line["status"], line["cluster"]) == ("GET", 200, "inbound")
    assert "secret" not in log.read_text()


def test_what_an_envoy_does_not_enforce_is_said_at_the_rule(hosts: Hosts):
    """Whoever wrote it counts on it."""
    strategies = [{"concurrencyLimit": {"maxConcurrency": 2}}]
    spec = {"targets": [{"targetResourceName": "GET:/"}], "strategies": strategies}
    hosts.rule(FLOW, "FlowControl", "unsaid", "unsaid", spec)
    with hosts.hop("unsaid"):
        status, message = until(lambda: enforced(hosts, "unsaid", "sidecars of unsaid"))

    assert status == "False"
    assert "an Envoy has no ConcurrencyLimit for calls that come in" in message
