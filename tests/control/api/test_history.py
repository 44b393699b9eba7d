"""History over HTTP: what it shows, of what, and to whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.control.access.plane import Guarded, run
from tests.control.serving import API, lane, rule

PATH = "/fairlead/v1/history"


def rules(namespace: str, name: str = "") -> str:
    return f"{API}/namespaces/{namespace}/trafficlabelrules" + (f"/{name}" if name else "")


def history(http: httpx.Client, namespace: str, name: str = "vip", **more: str) -> Any:
    query = {"kind": "trafficlabelrules", "namespace": namespace, "name": name, **more}
    return http.get(PATH, params=query)


def test_history_tells_what_was_written_and_by_whom(http: httpx.Client, namespace: str) -> None:
    """The object is as its author would send it again: rollback needs nothing else."""
    body = rule()
    assert http.post(rules(namespace), json=body).status_code == 201
    patch = {"metadata": {"labels": {"team": "a"}}}
    kind = {"content-type": "application/merge-patch+json"}
    assert http.patch(rules(namespace, "vip"), json=patch, headers=kind).status_code == 200
    assert http.delete(rules(namespace, "vip")).status_code == 200
    items = history(http, namespace).json()["items"]
    assert [(one["type"], one["who"]) for one in items] == [
        ("DELETED", "anonymous"),
        ("MODIFIED", "anonymous"),
        ("ADDED", "anonymous"),
    ]
    first = items[-1]
    assert first["object"]["spec"] == body["spec"]
    assert first["object"]["metadata"] == {**body["metadata"], "namespace": namespace}
    assert "status" not in items[0]["object"]
    assert first["at"].endswith("Z")
    assert [one["revision"] for one in items] == sorted(
        (one["revision"] for one in items), reverse=True
    )


def test_a_dry_run_leaves_no_trace(http: httpx.Client, namespace: str) -> None:
    http.post(rules(namespace), json=rule(), params={"dryRun": "All"})
    assert history(http, namespace).status_code == 404


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ({"kind": "trafficlanez", "name": "a"}, 400, "trafficlanes"),
        ({"kind": "instances", "name": "a"}, 400, "no history"),
        ({"kind": "tlane", "name": ""}, 400, "name is missing"),
        ({"kind": "tlane", "name": "nobody"}, 404, "not found"),
    ],
)
def test_a_question_without_an_answer_says_what_is_wrong(
    http: httpx.Client, query: dict[str, str], code: int, said: str
) -> None:
    answer = http.get(PATH, params=query)
    assert answer.status_code == code
    assert said in answer.json()["message"]


def test_a_namespace_has_a_history_of_its_switch(http: httpx.Client, namespace: str) -> None:
    """Who switched governance off is asked before who changed a rule."""
    patch = {"metadata": {"labels": {"fairlead.io/governance": "off"}}}
    kind = {"content-type": "application/merge-patch+json"}
    url = f"/api/v1/namespaces/{namespace}"
    http.post(rules(namespace), json=rule())
    assert http.patch(url, json=patch, headers=kind).status_code == 200
    (one,) = http.get(PATH, params={"kind": "namespaces", "name": namespace}).json()["items"]
    assert one["object"]["metadata"]["labels"]["fairlead.io/governance"] == "off"


def test_who_may_read_an_object_may_read_what_it_was(tmp_path: Path) -> None:
    """The right to `get` the kind in its namespace, and nothing beside it."""

    async def scenario(guarded: Guarded) -> None:
        lanes = f"{API}/namespaces/shop/trafficlanes"
        made = await guarded.ask("editor", "POST", lanes, json=lane())
        assert made.status_code == 201, made.text
        name = made.json()["metadata"]["name"]
        shop = {"kind": "trafficlanes", "namespace": "shop", "name": name}
        seen = await guarded.ask("viewer", "GET", PATH, params=shop)
        assert [one["who"] for one in seen.json()["items"]] == ["editor"]
        elsewhere = {**shop, "namespace": "bank"}
        assert (await guarded.ask("viewer", "GET", PATH, params=elsewhere)).status_code == 403
        assert (await guarded.ask("cart", "GET", PATH, params=shop)).status_code == 403
        assert (await guarded.ask("", "GET", PATH, params=shop)).status_code == 401
        space = {"kind": "namespaces", "name": "bank"}
        assert (await guarded.ask("viewer", "GET", PATH, params=space)).status_code == 403

    run(tmp_path, scenario)
