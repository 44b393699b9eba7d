"""What is served, as clients find out: kubectl knows no kind before it has read this."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

GVK = "x-kubernetes-group-version-kind"
RULES = "/apis/traffic.opensergo.io/v1alpha1/namespaces/{namespace}/trafficlabelrules"


def aggregated(number: str) -> str:
    return f"application/json;g=apidiscovery.k8s.io;v={number};as=APIGroupDiscoveryList"


def in_one_document(http: httpx.Client, root: str, number: str) -> dict[str, dict[str, Any]]:
    answer = http.get(root, headers={"accept": f"{aggregated(number)},application/json"})
    assert answer.headers["content-type"] == aggregated(number)
    found: dict[str, dict[str, Any]] = {}
    for item in answer.json()["items"]:
        for version in item["versions"]:
            for one in version["resources"]:
                kind = one["responseKind"]
                found[one["resource"]] = {
                    "kind": kind["kind"],
                    "verbs": one["verbs"],
                    "shortNames": one["shortNames"],
                    "singularName": one["singularResource"],
                    "namespaced": one["scope"] == "Namespaced",
                    "categories": one["categories"],
                }
    return found


def step_by_step(http: httpx.Client, root: str) -> dict[str, dict[str, Any]]:
    groups = http.get(root).json().get("groups")
    paths = [f"/apis/{one['preferredVersion']['groupVersion']}" for one in groups or ()]
    found: dict[str, dict[str, Any]] = {}
    for path in paths or ["/api/v1"]:
        for one in http.get(path).json()["resources"]:
            rest = {name: value for name, value in one.items() if name != "name"}
            found[one["name"]] = {"categories": [], **rest}
    return found


@pytest.mark.parametrize("root", ["/api", "/apis"])
@pytest.mark.parametrize("number", ["v2", "v2beta1"])
def test_new_and_old_clients_find_the_same(http: httpx.Client, root: str, number: str) -> None:
    """New ones read one document, old ones walk the groups; both of one version are about."""
    assert in_one_document(http, root, number) == step_by_step(http, root)


def test_what_may_be_done_is_said(http: httpx.Client) -> None:
    """Kubectl refuses verbs that are not there before it asks."""
    found = in_one_document(http, "/apis", "v2") | in_one_document(http, "/api", "v2")
    assert {"deletecollection", "patch", "watch"} <= set(found["trafficlabelrules"]["verbs"])
    assert found["trafficlabelrules"]["categories"] == ["fairlead"]
    assert found["instances"]["verbs"] == ["get", "list", "watch"]
    assert found["events"] == {
        "kind": "Event",
        "verbs": ["get", "list", "watch"],
        "shortNames": ["ev"],
        "singularName": "event",
        "namespaced": True,
        "categories": [],
    }


def documents(http: httpx.Client) -> Iterator[dict[str, Any]]:
    for place in http.get("/openapi/v3").json()["paths"].values():
        answer = http.get(place["serverRelativeURL"])
        assert answer.status_code == 200
        yield answer.json()


def test_every_kind_has_a_schema_and_its_operations_name_it(http: httpx.Client) -> None:
    """Kubectl explain goes from the kind to the schema, and from the path to the kind."""
    served = step_by_step(http, "/apis") | step_by_step(http, "/api")
    described: set[str] = set()
    for document in documents(http):
        schemas = document["components"]["schemas"].values()
        named = {one[GVK][0]["kind"] for one in schemas}
        operations = [
            operation
            for path in document["paths"].values()
            for method, operation in path.items()
            if method != "parameters"
        ]
        assert {operation[GVK]["kind"] for operation in operations} <= named
        described |= named
    assert {one["kind"] for one in served.values()} <= described


def test_writes_offer_dry_runs_and_validation(http: httpx.Client) -> None:
    """Without these parameters kubectl diff refuses to go on, and apply validates nothing."""
    document = next(one for one in documents(http) if RULES in one["paths"])
    item = document["paths"][RULES + "/{name}"]
    create = document["paths"][RULES]["post"]
    for operation in (create, item["put"], item["patch"]):
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert names >= {"dryRun", "fieldValidation"}
    assert {parameter["name"] for parameter in item["delete"]["parameters"]} == {"dryRun"}
    assert document["paths"][RULES]["delete"]["x-kubernetes-action"] == "deletecollection"
    assert item["patch"]["requestBody"]["content"].keys() == {
        "application/merge-patch+json",
        "application/json-patch+json",
    }
