"""Lists: a page at a time, at a revision, and what a list and a watch have in common."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests.control.api.test_resources import create, patch, path
from tests.control.serving import API, Server, rule

EXACT = {"resourceVersionMatch": "Exact"}
TABLE = {"accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


@pytest.fixture
def seven(http: httpx.Client, namespace: str) -> str:
    """The URL of a list of seven, a to g; every second is of the team red."""
    for place, name in enumerate("abcdefg"):
        body = rule(name)
        body["metadata"]["labels"] = {"team": "red" if place % 2 else "blue"}
        create(http, namespace, body)
    return path(namespace)


def listed(http: httpx.Client, url: str, **query: Any) -> dict[str, Any]:
    answer = http.get(url, params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def names(page: dict[str, Any]) -> str:
    return "".join(item["metadata"]["name"] for item in page["items"])


def pages(http: httpx.Client, url: str, **query: Any) -> Iterator[dict[str, Any]]:
    page = listed(http, url, **query)
    yield page
    while token := page["metadata"].get("continue"):
        page = listed(http, url, **{**query, "continue": token})
        yield page


def token(**plain: Any) -> str:
    return urlsafe_b64encode(orjson.dumps(plain)).decode()


def test_a_list_comes_in_pages_that_say_what_is_left(http: httpx.Client, seven: str) -> None:
    """Kubectl asks for 500 at a time, controllers for less."""
    found = list(pages(http, seven, limit=3))
    assert [names(page) for page in found] == ["abc", "def", "g"]
    left = [page["metadata"].get("remainingItemCount") for page in found]
    assert left == [4, 1, None]
    assert "continue" not in listed(http, seven, limit=7)["metadata"]


def test_the_pages_of_a_selection_are_full(http: httpx.Client, seven: str) -> None:
    """What is left of it would have to be counted, so nothing is said about that."""
    found = list(pages(http, seven, limit=2, labelSelector="team=blue"))
    assert [names(page) for page in found] == ["ac", "eg"]
    assert not any("remainingItemCount" in page["metadata"] for page in found)


def test_all_pages_show_the_moment_of_the_first(http: httpx.Client, seven: str) -> None:
    """A list that mixes two moments shows a state that never was: twice the same, or neither."""
    http.delete(f"{seven}/g")
    before = listed(http, seven)
    walk = pages(http, seven, limit=2)
    first = next(walk)
    # Status writes came between; the whole list of that very revision is what counts.
    revision = first["metadata"]["resourceVersion"]
    for name in "be":
        http.delete(f"{seven}/{name}")
    http.delete(f"{seven}/c")
    assert http.post(seven, json=rule("c", label="other")).status_code == 201
    assert http.post(seven, json=rule("cc")).status_code == 201
    patch(http, f"{seven}/d", {"spec": {"trafficLabel": "other"}})
    patch(http, f"{seven}/d", {"spec": {"trafficLabel": "another"}})
    rest = list(walk)
    items = [item for page in (first, *rest) for item in page["items"]]
    assert {page["metadata"]["resourceVersion"] for page in rest} == {revision}
    assert "".join(item["metadata"]["name"] for item in items) == "abcdef"
    exact = listed(http, seven, resourceVersion=revision, **EXACT)
    assert items == exact["items"]
    specs = [item["spec"] for item in before["items"]]
    assert [item["spec"] for item in items] == specs
    assert names(listed(http, seven)) == "acccdf"


def test_a_list_is_of_the_revision_that_is_asked_for(http: httpx.Client, seven: str) -> None:
    """`Exact` is that one; otherwise it is one that is at least as new."""
    revision = listed(http, seven)["metadata"]["resourceVersion"]
    http.delete(f"{seven}/a")
    assert names(listed(http, seven, resourceVersion=revision, **EXACT)) == "abcdefg"
    not_older = {"resourceVersion": revision, "resourceVersionMatch": "NotOlderThan"}
    assert names(listed(http, seven, **not_older)) == "bcdefg"
    assert names(listed(http, seven, resourceVersion=revision)) == "bcdefg"
    assert names(listed(http, seven, resourceVersion="0")) == "bcdefg"
    assert names(listed(http, seven, resourceVersion=revision, limit=2)) == "ab"


def test_a_moment_that_is_forgotten_is_gone_and_the_rest_can_be_had(
    http: httpx.Client, seven: str, namespace: str
) -> None:
    """410, with a continue that goes on with what is there now: Kubernetes' way out."""
    gone = http.get(seven, params={"resourceVersion": "5", **EXACT})
    assert (gone.status_code, gone.json()["reason"]) == (410, "Expired")
    old = token(v=1, rv=5, after=[namespace, "c"])
    gone = http.get(seven, params={"continue": old, "limit": 2})
    assert (gone.status_code, gone.json()["reason"]) == (410, "Expired")
    again = gone.json()["metadata"]["continue"]
    assert names(listed(http, seven, limit=2, **{"continue": again})) == "de"


def test_a_revision_to_come_is_not_waited_for(http: httpx.Client, seven: str) -> None:
    """It may be that of another data directory: informers read this cause, and list anew."""
    for url in (seven, f"{seven}/a"):
        answer = http.get(url, params={"resourceVersion": "9" * 17})
        assert (answer.status_code, answer.json()["reason"]) == (504, "Timeout")
        (cause,) = answer.json()["details"]["causes"]
        assert cause["reason"] == "ResourceVersionTooLarge"
        assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "-1"},
        {"limit": "many"},
        {"resourceVersion": "x"},
        {"continue": "x"},
        {"continue": "ä"},
        {"continue": token(v=2, rv=5, after=["a", "b"])},
        {"continue": token(v=1, rv="5", after=["a", "b"])},
        {"continue": token(v=1, rv=-5, after=["a", "b"])},
        {"continue": token(v=1, rv=True, after=["a", "b"])},
        {"continue": token(v=1, rv=5, after=[1, "b"])},
        {"continue": token(v=1, rv=5, after="abc")},
        {"continue": token(v=1, rv=0, after=["a", "b"]), "resourceVersion": "5"},
    ],
)
def test_what_makes_no_sense_in_a_list_is_a_bad_request(
    http: httpx.Client, seven: str, query: dict[str, str]
) -> None:
    """A page of the wrong place would be taken for the right one."""
    answer = http.get(seven, params=query)
    assert (answer.status_code, answer.json()["reason"]) == (400, "BadRequest"), answer.text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"resourceVersionMatch": "Newest", "resourceVersion": "1"}, "resourceVersionMatch"),
        ({"resourceVersionMatch": "Exact"}, "resourceVersionMatch"),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, "resourceVersionMatch"),
        ({"resourceVersionMatch": "NotOlderThan", "continue": "x"}, "resourceVersionMatch"),
        ({"sendInitialEvents": "true"}, "sendInitialEvents"),
        ({"watch": "1", "resourceVersionMatch": "NotOlderThan"}, "resourceVersionMatch"),
        ({"watch": "1", "sendInitialEvents": "true"}, "sendInitialEvents"),
    ],
)
def test_options_that_forbid_each_other_are_named(
    http: httpx.Client, seven: str, query: dict[str, str], field: str
) -> None:
    """Kubernetes' rules, as 422 with the field: clients fall back on it."""
    answer = http.get(seven, params=query)
    assert (answer.status_code, answer.json()["reason"]) == (422, "Invalid"), answer.text
    assert answer.json()["details"]["causes"][0]["field"] == field


def test_a_watch_can_begin_with_a_list_and_says_where_it_ends(
    server: Server, http: httpx.Client, seven: str
) -> None:
    """Newer informers need no list: a bookmark tells them that they have seen everything."""
    query = {
        "watch": "1",
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
    }
    with server.client() as other, other.stream("GET", seven, params=query) as stream:
        lines = (orjson.loads(line) for line in stream.iter_lines())
        first = [next(lines) for _ in range(8)]
        assert [event["type"] for event in first] == ["ADDED"] * 7 + ["BOOKMARK"]
        metadata = first[-1]["object"]["metadata"]
        assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
        create(http, seven.split("/")[5], rule("h"))
        seen = {event["object"]["metadata"]["name"]: event["type"] for event in _until(lines, "h")}
        assert seen["h"] == "ADDED"


def _until(events: Iterator[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    for event in events:
        yield event
        if event["object"]["metadata"]["name"] == name:
            return


def test_namespaces_come_in_pages_too(http: httpx.Client, namespace: str) -> None:
    """They are made of what is in them, then and now."""
    other = f"{namespace[:50]}-z"
    for place in (namespace, other):
        create(http, place, rule())
    url = "/api/v1/namespaces"
    walk = pages(http, url, limit=1)
    found = [next(walk)]
    assert http.delete(path(other, "vip")).status_code == 200
    found += walk
    listed_names = [item["metadata"]["name"] for page in found for item in page["items"]]
    assert {namespace, other} <= set(listed_names)
    assert listed_names == sorted(listed_names)


def test_a_table_comes_in_pages_too(http: httpx.Client, seven: str) -> None:
    """What kubectl prints is one."""
    page = http.get(seven, params={"limit": "2"}, headers=TABLE).json()
    assert [row["cells"][0] for row in page["rows"]] == ["a", "b"]
    assert page["metadata"]["remainingItemCount"] == 5
    query = {"limit": "9", "continue": page["metadata"]["continue"]}
    rest = http.get(seven, params=query, headers=TABLE).json()
    assert [row["cells"][0] for row in rest["rows"]] == list("cdefg")


def test_numbers_of_labels_are_compared(http: httpx.Client, namespace: str) -> None:
    """`-l 'weight>5'`; a label that is no number is neither more nor less."""
    for name, weight in (("a", "5"), ("b", "10"), ("c", "heavy")):
        body = rule(name)
        body["metadata"]["labels"] = {"weight": weight}
        create(http, namespace, body)
    assert names(listed(http, path(namespace), labelSelector="weight>5")) == "b"
    assert names(listed(http, path(namespace), labelSelector="weight<6,weight")) == "a"


def test_instances_are_selected_by_what_they_are(http: httpx.Client, namespace: str) -> None:
    """`--field-selector status.lane=gray`: who is on a lane, without a word of JSONPath."""
    url = "/apis/fairlead.io/v1alpha1/instances"
    for field in ("spec.app", "spec.address", "spec.zone", "status.lane"):
        assert http.get(url, params={"fieldSelector": f"{field}={namespace}"}).json()["items"] == []
    refused = http.get(f"{API}/trafficlabelrules", params={"fieldSelector": "status.lane=x"})
    assert refused.status_code == 400
    assert "metadata.name" in refused.json()["message"]
