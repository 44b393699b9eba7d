"""Deletions: of many at once, and with what clients say about how."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.control.api.test_lists import names
from tests.control.api.test_resources import create, patch, path
from tests.control.serving import rule

JSON_PATCH = "application/json-patch+json"


def delete(http: httpx.Client, url: str, body: Any = None, **query: str) -> httpx.Response:
    return http.request("DELETE", url, json=body, params=query)


@pytest.fixture
def three(http: httpx.Client, namespace: str) -> str:
    """The URL of a list of a, b and c; a and b are of the team red."""
    for name in "abc":
        body = rule(name)
        body["metadata"]["labels"] = {"team": "blue" if name == "c" else "red"}
        create(http, namespace, body)
    return path(namespace)


def test_a_selection_is_deleted_at_once(http: httpx.Client, three: str) -> None:
    """Client libraries call it DeleteCollection; who is told what went can wait for it."""
    gone = delete(http, three, labelSelector="team=red")
    assert gone.status_code == 200, gone.text
    assert gone.json()["kind"] == "TrafficLabelRuleList"
    assert names(gone.json()) == "ab"
    assert names(http.get(three).json()) == "c"
    assert names(delete(http, three).json()) == "c"
    assert names(delete(http, three).json()) == ""


def test_a_collection_is_spared_by_a_dry_run_and_by_what_is_wrong(
    http: httpx.Client, three: str
) -> None:
    """One mistake here takes every rule of a namespace."""
    assert names(delete(http, three, dryRun="All").json()) == "abc"
    assert names(delete(http, three, {"dryRun": ["All"]}).json()) == "abc"
    refusals = [
        delete(http, three, dryRun="all"),
        delete(http, three, labelSelector="team in (red"),
        delete(http, three, fieldSelector="spec.team=red"),
        delete(http, three, {"preconditions": {"uid": "x"}}),
        delete(http, three, ["All"]),
        http.request("DELETE", three, content=b"{", headers={"content-type": "application/json"}),
    ]
    assert {answer.status_code for answer in refusals} <= {400, 422}
    assert names(http.get(three).json()) == "abc"


@pytest.mark.parametrize("policy", ["Orphan", "Background", "Foreground"])
@pytest.mark.parametrize("in_body", [True, False])
def test_every_way_to_propagate_comes_to_the_same(
    http: httpx.Client, three: str, policy: str, in_body: bool
) -> None:
    """Nothing depends on an object here; `--cascade` must not be an error for that."""
    kind = {"kind": "DeleteOptions", "apiVersion": "v1"}
    said = {"propagationPolicy": policy}
    body = {**kind, **said, "gracePeriodSeconds": 0} if in_body else None
    answer = delete(http, f"{three}/a", body, **({} if in_body else said))
    assert answer.status_code == 200, answer.text
    assert names(http.get(three).json()) == "bc"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"propagationPolicy": "Forward"}, "propagationPolicy"),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, "propagationPolicy"),
        ({"gracePeriodSeconds": "soon"}, "gracePeriodSeconds"),
    ],
)
def test_options_of_a_deletion_that_cannot_be_meant_are_named(
    http: httpx.Client, three: str, options: dict[str, Any], field: str
) -> None:
    """What is asked for in vain should be said before something is gone."""
    answer = delete(http, f"{three}/a", options)
    assert (answer.status_code, answer.json()["reason"]) == (422, "Invalid")
    assert answer.json()["details"]["causes"][0]["field"] == field
    assert delete(http, f"{three}/a", {"kind": "Eviction"}).status_code == 400
    assert names(http.get(three).json()) == "abc"


def test_a_json_patch_tests_before_it_changes(http: httpx.Client, three: str) -> None:
    """The test is what makes a change of one element of a list safe."""
    url = f"{three}/a"
    test = {"op": "test", "path": "/spec/match/0/value", "value": "cn-shenzhen"}
    change = {"op": "replace", "path": "/spec/match/0/value", "value": "cn-hangzhou"}
    done = patch(http, url, [test, change], JSON_PATCH)
    assert done.json()["spec"]["match"][0]["value"] == "cn-hangzhou"
    assert done.json()["metadata"]["generation"] == 2
    again = patch(http, url, [change | {"value": "x"}, test], JSON_PATCH)
    assert (again.status_code, again.json()["reason"]) == (422, "Invalid")
    assert "operation 1 of the JSON patch, test" in again.json()["message"]
    assert http.get(url).json()["spec"] == done.json()["spec"]


def test_a_json_patch_goes_through_admission(http: httpx.Client, three: str) -> None:
    """Whichever way a rule changes, it is one that can be enforced."""
    url = f"{three}/a"
    unknown = [{"op": "add", "path": "/spec/bogus", "value": 1}]
    refused = patch(http, url, unknown, JSON_PATCH)
    assert refused.status_code == 422
    assert refused.json()["details"]["causes"][0]["field"] == "spec.bogus"
    kept = patch(http, f"{url}?fieldValidation=Warn", unknown, JSON_PATCH)
    assert kept.status_code == 200
    assert "bogus" not in kept.json()["spec"]
    assert len(kept.headers.get_list("warning")) == 1
    for whole in ("text", 5, None):
        body = [{"op": "replace", "path": "", "value": whole}]
        assert patch(http, url, body, JSON_PATCH).status_code == 400
    stale = [{"op": "test", "path": "/metadata/resourceVersion", "value": "1"}]
    assert patch(http, url, stale, JSON_PATCH).status_code == 422


@pytest.mark.parametrize("kind", ["application/strategic-merge-patch+json", "application/json", ""])
def test_a_patch_of_another_type_is_told_which_there_are(
    http: httpx.Client, three: str, kind: str
) -> None:
    """`kubectl patch` without a type sends what only Kubernetes' own kinds have."""
    answer = patch(http, f"{three}/a", {"spec": {"trafficLabel": "blue"}}, kind)
    assert (answer.status_code, answer.json()["reason"]) == (415, "UnsupportedMediaType")
    assert "--type=merge" in answer.json()["message"]
    assert "--type=json" in answer.json()["message"]
