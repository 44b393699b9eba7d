"""The switch of a namespace over HTTP: who may turn it, to what, and what agents hear of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import httpx

from fairlead.policy.governance import LABEL
from tests.control.fleet import Agent, fleet, until
from tests.control.serving import API, Server, rule, serving

ROOT = "/api/v1/namespaces"
MERGE = {"content-type": "application/merge-patch+json"}


def label(http: httpx.Client, namespace: str, mode: Any, kind: str = "labels") -> httpx.Response:
    patch = {"metadata": {kind: {LABEL: mode}}}
    return http.patch(f"{ROOT}/{namespace}", json=patch, headers=MERGE)


def enforces(agent: Agent, mode: str) -> bool:
    return agent.newest.governance == mode


def test_the_switch_is_live(http: httpx.Client, server: Server, namespace: str) -> None:
    """No restart of anything: an agent hears of it like of any other change of policy."""
    agent = Agent(server.url, namespace, "gateway", 7000)
    with fleet(agent):
        until(lambda: agent.snapshots)
        for mode, expected in (("observe", "observe"), ("off", "off"), (None, "on")):
            assert label(http, namespace, mode).status_code == 200
            until(partial(enforces, agent, expected))


def test_only_the_three_modes_are_taken(http: httpx.Client, namespace: str) -> None:
    """A typo must not leave an operator in the belief that rules are off."""
    assert label(http, namespace, "observe").status_code == 404
    assert label(http, "default", "of").status_code == 422
    answer = label(http, "default", "enabled").json()
    assert "allowed: off, observe, on" in answer["message"]
    assert answer["details"]["causes"][0]["field"] == f"metadata.labels[{LABEL}]"
    assert LABEL not in http.get(f"{ROOT}/default").json()["metadata"]["labels"]


def test_an_annotation_is_not_mistaken_for_the_switch(http: httpx.Client) -> None:
    """It would be stored, shown, and do nothing."""
    assert label(http, "default", "off", "annotations").status_code == 422
    note = {"metadata": {"annotations": {"example.com/owner": "team a"}}}
    answer = http.patch(f"{ROOT}/default", json=note, headers=MERGE)
    assert answer.status_code == 200
    assert answer.json()["metadata"]["annotations"] == {"example.com/owner": "team a"}


def test_a_namespace_with_labels_stays_though_nothing_is_in_it(
    http: httpx.Client, namespace: str
) -> None:
    """What was switched off for a reason is not on again when the last instance restarts."""
    assert http.post(f"{API}/namespaces/{namespace}/trafficlabelrules", json=rule()).is_success
    assert label(http, namespace, "off").status_code == 200
    refused = http.delete(f"{ROOT}/{namespace}")
    assert (refused.status_code, refused.json()["reason"]) == (409, "Conflict")
    assert "still has trafficlabelrules" in refused.json()["message"]
    assert http.delete(f"{API}/namespaces/{namespace}/trafficlabelrules/vip").is_success
    assert http.get(f"{ROOT}/{namespace}").json()["metadata"]["labels"][LABEL] == "off"
    assert http.delete(f"{ROOT}/{namespace}").status_code == 200
    assert http.get(f"{ROOT}/{namespace}").status_code == 404


def test_the_default_namespace_is_not_deleted(http: httpx.Client) -> None:
    """It is always there."""
    assert http.delete(f"{ROOT}/default").status_code == 409


def test_a_namespace_can_be_made_before_anything_is_in_it(
    http: httpx.Client, namespace: str
) -> None:
    """Manifests begin with it."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": namespace, "labels": {LABEL: "observe"}},
    }
    made = http.post(ROOT, json=manifest)
    assert made.status_code == 201, made.text
    assert made.json()["status"] == {"phase": "Active"}
    assert "namespace" not in made.json()["metadata"]
    assert http.post(ROOT, json=manifest).status_code == 409
    names = [item["metadata"]["name"] for item in http.get(ROOT).json()["items"]]
    assert namespace in names
    wrong = {**manifest, "metadata": {"name": "a.b"}}
    assert "is not a namespace" in http.post(ROOT, json=wrong).json()["message"]


def test_a_switch_outlives_the_server(tmp_path: Path) -> None:
    """And wins over the default that the server is started with."""
    data = tmp_path / "data"
    with serving(data) as first, first.client() as http:
        label(http, "default", "off")
    with serving(data, governance="observe") as second, second.client() as http:
        agent, other = Agent(second.url, "default", "a"), Agent(second.url, "other", "a")
        with fleet(agent, other, register=False):
            assert until(lambda: agent.snapshots and other.snapshots)
            assert (agent.newest.governance, other.newest.governance) == ("off", "observe")
