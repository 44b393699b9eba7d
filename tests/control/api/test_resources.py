"""The verbs over HTTP, as a client library would use them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.control.fleet import until
from tests.control.serving import API, lane, rule


def path(namespace: str, name: str = "", plural: str = "trafficlabelrules") -> str:
    return f"{API}/namespaces/{namespace}/{plural}" + (f"/{name}" if name else "")


def create(http: httpx.Client, namespace: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = http.post(path(namespace), json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def settled(http: httpx.Client, namespace: str, body: dict[str, Any]) -> dict[str, Any]:
    """Create an object and return it with its status: writing that makes a newer version."""
    name = create(http, namespace, body)["metadata"]["name"]
    return dict(
        until(lambda: (got := http.get(path(namespace, name)).json()).get("status") and got)
    )


def patch(
    http: httpx.Client, url: str, body: Any, kind: str = "application/merge-patch+json"
) -> httpx.Response:
    return http.patch(url, content=json.dumps(body), headers={"content-type": kind})


def test_a_created_object_has_what_the_server_adds(http: httpx.Client, namespace: str) -> None:
    """Tools rely on every one of these fields."""
    made = settled(http, namespace, rule())
    metadata = made["metadata"]
    assert metadata["namespace"] == namespace
    assert metadata["generation"] == 1
    assert int(metadata["resourceVersion"]) > 0
    assert len(metadata["uid"]) == 36
    assert metadata["creationTimestamp"].endswith("Z")
    assert http.get(path(namespace, "vip")).json() == made


def test_a_name_is_made_where_one_is_asked_for(http: httpx.Client, namespace: str) -> None:
    """`kubectl create` of generated names is how tools make many of a kind."""
    body = rule()
    body["metadata"] = {"generateName": "vip-"}
    names = {create(http, namespace, body)["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("vip-") for name in names)


def test_an_object_is_created_once(http: httpx.Client, namespace: str) -> None:
    """AlreadyExists is what makes create-or-update loops work."""
    create(http, namespace, rule())
    again = http.post(path(namespace), json=rule())
    assert (again.status_code, again.json()["reason"]) == (409, "AlreadyExists")
    assert again.json()["details"] == {
        "name": "vip",
        "group": "traffic.opensergo.io",
        "kind": "trafficlabelrules",
    }


def test_the_generation_counts_changes_of_the_spec_only(http: httpx.Client, namespace: str) -> None:
    """A controller compares it with observedGeneration."""
    create(http, namespace, rule())
    url = path(namespace, "vip")
    labelled = patch(http, url, {"metadata": {"labels": {"team": "a"}}}).json()
    assert labelled["metadata"]["generation"] == 1
    changed = patch(http, url, {"spec": {"trafficLabel": "blue"}}).json()
    assert changed["metadata"]["generation"] == 2
    assert changed["metadata"]["labels"] == {"team": "a"}
    assert changed["metadata"]["uid"] == labelled["metadata"]["uid"]


def test_a_patch_that_changes_nothing_writes_nothing(http: httpx.Client, namespace: str) -> None:
    """Controllers apply the same object every minute; agents must not hear of it."""
    made = settled(http, namespace, rule())
    same = patch(http, path(namespace, "vip"), {"spec": {"trafficLabel": "gray"}})
    assert same.json()["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


@pytest.mark.parametrize("field", ["status", "uid", "generation", "creationTimestamp"])
def test_what_is_the_servers_cannot_be_written(
    http: httpx.Client, namespace: str, field: str
) -> None:
    """An object that was read, edited and sent back carries it all; none of it may stick."""
    made = settled(http, namespace, rule())
    forged = {"conditions": [{"type": "Live", "status": "True"}]} if field == "status" else "x"
    body = {"status": forged} if field == "status" else {"metadata": {field: forged}}
    answer = patch(http, path(namespace, "vip"), body)
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert after.get("status", {}) != forged
    assert after["metadata"].get(field) == made["metadata"].get(field)


def test_status_is_read_and_not_written_as_a_subresource(
    http: httpx.Client, namespace: str
) -> None:
    """It is what the control plane found out, not what somebody wishes."""
    create(http, namespace, rule())
    url = path(namespace, "vip") + "/status"
    assert http.get(url).status_code == 200
    assert http.put(url, json=rule()).status_code == 405
    assert patch(http, url, {"status": {}}).status_code == 405


def test_a_replacement_names_what_it_replaces(http: httpx.Client, namespace: str) -> None:
    """Two editors: the second to save must be told that he has not seen the first one's change."""
    made = settled(http, namespace, rule())
    url = path(namespace, "vip")
    seen = made["metadata"]["resourceVersion"]
    body = rule(label="blue")
    blind = http.put(url, json=body)
    assert blind.status_code == 422
    assert blind.json()["details"]["causes"][0]["field"] == "metadata.resourceVersion"
    body["metadata"]["resourceVersion"] = seen
    assert http.put(url, json=body).json()["spec"]["trafficLabel"] == "blue"
    late = http.put(url, json=body)
    assert (late.status_code, late.json()["reason"]) == (409, "Conflict")


def test_a_patch_may_name_the_revision_it_is_based_on(http: httpx.Client, namespace: str) -> None:
    """`kubectl edit` sends it."""
    made = settled(http, namespace, rule())
    url = path(namespace, "vip")
    seen = made["metadata"]["resourceVersion"]
    assert patch(http, url, {"spec": {"trafficLabel": "blue"}}).status_code == 200
    metadata = {"resourceVersion": seen}
    late = patch(http, url, {"metadata": metadata, "spec": {"trafficLabel": "red"}})
    assert (late.status_code, late.json()["reason"]) == (409, "Conflict")


def test_patches_at_the_same_time_are_all_kept(http: httpx.Client, namespace: str) -> None:
    """A patch without a revision says one thing and must not take back another."""
    create(http, namespace, rule())

    def note(number: int) -> int:
        body = {"metadata": {"annotations": {f"note-{number}": "x"}}}
        return patch(http, path(namespace, "vip"), body).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(note, range(24))) == {200}
    kept = http.get(path(namespace, "vip")).json()["metadata"]["annotations"]
    assert len(kept) == 24


def test_annotations_that_are_none_are_no_change(http: httpx.Client, namespace: str) -> None:
    """`kubectl diff` sends an empty map, and would show it for what `fairlead apply` wrote."""
    made = settled(http, namespace, rule())
    nothing: dict[str, str] = {}
    empty = {"metadata": {"annotations": nothing, "labels": nothing}}
    assert patch(http, path(namespace, "vip"), empty).json() == made


def test_a_deletion_is_final_and_says_what_went(http: httpx.Client, namespace: str) -> None:
    """Kubectl waits for the uid it is told here to disappear."""
    made = settled(http, namespace, rule())
    url = path(namespace, "vip")
    gone = http.request("DELETE", url, json={"propagationPolicy": "Background"})
    assert gone.json()["status"] == "Success"
    assert gone.json()["details"]["uid"] == made["metadata"]["uid"]
    assert http.get(url).status_code == 404
    again = http.delete(url)
    assert (again.status_code, again.json()["reason"]) == (404, "NotFound")


def test_a_namespace_that_is_null_is_the_one_of_the_path(
    http: httpx.Client, namespace: str
) -> None:
    """Clients in some languages send null for what they leave out."""
    body = rule()
    body["metadata"]["namespace"] = None
    assert create(http, namespace, body)["metadata"]["namespace"] == namespace


def test_a_deletion_with_preconditions_spares_another_object(
    http: httpx.Client, namespace: str
) -> None:
    """A controller must not delete what was made anew under the same name."""
    made = settled(http, namespace, rule())
    url = path(namespace, "vip")
    other = http.request("DELETE", url, json={"preconditions": {"uid": "other"}})
    assert other.status_code == 409
    stale = http.request("DELETE", url, json={"preconditions": {"resourceVersion": "1"}})
    assert stale.status_code == 409
    right = {"uid": made["metadata"]["uid"]}
    assert http.request("DELETE", url, json={"preconditions": right}).status_code == 200


@pytest.mark.parametrize("verb", ["create", "patch", "replace", "delete"])
def test_a_dry_run_answers_and_stores_nothing(
    http: httpx.Client, namespace: str, verb: str
) -> None:
    """`kubectl diff` shows what would be, and must not make it so."""
    made = settled(http, namespace, rule())
    url = path(namespace, "vip")
    body = rule(label="blue")
    body["metadata"]["resourceVersion"] = made["metadata"]["resourceVersion"]
    dry = "?dryRun=All"
    answer = {
        "create": lambda: http.post(path(namespace) + dry, json=rule("other", label="blue")),
        "patch": lambda: patch(http, url + dry, {"spec": {"trafficLabel": "blue"}}),
        "replace": lambda: http.put(url + dry, json=body),
        "delete": lambda: http.delete(url + dry),
    }[verb]()
    assert answer.is_success, answer.text
    if verb != "delete":
        assert answer.json()["spec"]["trafficLabel"] == "blue"
    assert http.get(path(namespace)).json()["items"] == [made]


def test_a_deletion_is_also_dry_where_its_body_says_so(http: httpx.Client, namespace: str) -> None:
    """`kubectl delete --dry-run=server` sends it in the options, not in the query."""
    made = settled(http, namespace, rule())
    url = path(namespace, "vip")
    assert http.request("DELETE", url, json={"dryRun": ["All"]}).status_code == 200
    for misspelt in (["all"], "All", [None], {"All": True}):
        answer = http.request("DELETE", url, json={"dryRun": misspelt})
        assert answer.status_code == 422, misspelt
    for options in (["All"], {"preconditions": "none"}):
        assert http.request("DELETE", url, json=options).status_code == 400, options
    assert http.get(path(namespace)).json()["items"] == [made]


def test_lists_are_selected_by_labels_and_names(http: httpx.Client, namespace: str) -> None:
    """`-l` and `wait` depend on it."""
    for name, team in (("a", "red"), ("b", "blue"), ("c", None)):
        body = rule(name)
        body["metadata"]["labels"] = {"team": team} if team else {}
        create(http, namespace, body)

    def names(**query: str) -> str:
        items = http.get(path(namespace), params=query).json()["items"]
        return "".join(item["metadata"]["name"] for item in items)

    assert names() == "abc"
    assert names(labelSelector="team=red") == "a"
    assert names(labelSelector="team!=red") == "bc"
    assert names(labelSelector="team in (red, blue),team notin (blue)") == "a"
    assert names(labelSelector="!team") == "c"
    assert names(labelSelector="team") == "ab"
    assert names(fieldSelector="metadata.name=b") == "b"
    assert names(fieldSelector="metadata.name!=b") == "ac"
    for wrong in (
        {"labelSelector": "team in (red"},
        {"labelSelector": "team,"},
        {"labelSelector": "team>red"},
        {"fieldSelector": "spec.x=1"},
    ):
        assert http.get(path(namespace), params=wrong).status_code == 400


def test_the_whole_cluster_lists_every_namespace(http: httpx.Client, namespace: str) -> None:
    """`-A`, and `kubectl get ns` for completion."""
    create(http, namespace, rule("everywhere"))
    items = http.get(f"{API}/trafficlabelrules").json()["items"]
    assert namespace in {item["metadata"]["namespace"] for item in items}
    names = [item["metadata"]["name"] for item in http.get("/api/v1/namespaces").json()["items"]]
    assert {"default", namespace} <= set(names)
    assert http.get(f"/api/v1/namespaces/{namespace}").status_code == 200
    assert http.get("/api/v1/namespaces/nobody-is-there").status_code == 404


def test_kinds_of_one_name_are_apart(http: httpx.Client, namespace: str) -> None:
    """A lane and a rule may both be called blue."""
    create(http, namespace, rule("blue"))
    url = path(namespace, plural="trafficlanes")
    assert http.post(url, json=lane("blue")).status_code == 201
    assert http.delete(f"{url}/blue").status_code == 200
    assert http.get(path(namespace, "blue")).status_code == 200


@pytest.mark.parametrize(
    ("url", "method", "code"),
    [
        ("/nowhere", "GET", 404),
        ("/apis/unknown.io", "GET", 404),
        ("/apis/unknown.io/v1", "GET", 404),
        (f"{API}/unknowns", "GET", 404),
        (f"{API}/namespaces/x/unknowns/y", "GET", 404),
        (f"{API}/trafficlanes", "POST", 405),
        (f"{API}/trafficlanes", "DELETE", 405),
        ("/apis/fairlead.io/v1alpha1/namespaces/x/instances", "DELETE", 405),
        (f"{API}/namespaces/Not_A_Namespace/trafficlanes", "GET", 400),
        ("/api/v1/namespaces", "DELETE", 405),
        ("/version", "POST", 405),
    ],
)
def test_what_is_not_served_is_refused_with_a_status(
    http: httpx.Client, url: str, method: str, code: int
) -> None:
    """Client libraries print the Status; anything else reads as a broken server."""
    answer = http.request(method, url)
    assert (answer.status_code, answer.json()["code"]) == (code, code)
    assert answer.json()["kind"] == "Status"
