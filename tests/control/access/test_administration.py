"""Tokens over HTTP, and questions about oneself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fairlead.control.access.attributes import OWN
from tests.control.access.plane import Guarded, run

TOKENS = f"{OWN}tokens"
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
WHOAMI = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
VIEW = {"name": "guest", "grants": [{"role": "view", "namespace": "shop"}]}


def test_an_admin_makes_lists_and_revokes(tmp_path: Path) -> None:
    """The text is told once; lists have neither it nor its hash."""

    async def scenario(guarded: Guarded) -> None:
        made = await guarded.ask("admin", "POST", TOKENS, json={**VIEW, "seconds": 60})
        assert made.status_code == 201, made.text
        assert made.headers["cache-control"] == "no-store"
        token, made_id = made.json()["token"], made.json()["id"]
        async with guarded.client() as http:
            http.headers["authorization"] = f"bearer {token}"
            path = "/apis/traffic.opensergo.io/v1alpha1/namespaces/shop/trafficlanes"
            assert (await http.get(path)).status_code == 200
            listed = await guarded.ask("admin", "GET", TOKENS)
            shown = next(one for one in listed.json()["tokens"] if one["id"] == made_id)
            assert shown.keys() == {"id", "name", "grants", "created", "expires"}
            assert "hash" not in listed.text
            assert (await guarded.ask("admin", "DELETE", f"{TOKENS}/{made_id}")).status_code == 200
            assert (await http.get(path)).status_code == 401
        assert (await guarded.ask("admin", "DELETE", f"{TOKENS}/{made_id}")).status_code == 404

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("name", "grant", "status"),
    [
        ("keeper", {"role": "admin", "namespace": "shop"}, 201),
        ("keeper", {"role": "agent", "namespace": "shop", "app": "cart"}, 201),
        ("keeper", {"role": "view", "namespace": "bank"}, 403),
        ("keeper", {"role": "view", "namespace": "*"}, 403),
        ("editor", {"role": "view", "namespace": "shop"}, 403),
        ("viewer", {"role": "view", "namespace": "shop"}, 403),
        ("cart", {"role": "agent", "namespace": "shop", "app": "cart"}, 403),
    ],
)
def test_nobody_hands_out_more_than_they_rule(
    tmp_path: Path, name: str, grant: dict[str, str], status: int
) -> None:
    """Or the admin of one namespace would be one of all."""

    async def scenario(guarded: Guarded) -> None:
        before = len(guarded.file.read())
        answer = await guarded.ask(name, "POST", TOKENS, json={"name": "x", "grants": [grant]})
        assert answer.status_code == status, answer.text
        assert len(guarded.file.read()) == before + (status == 201)

    run(tmp_path, scenario)


def test_an_admin_of_a_namespace_sees_its_tokens_only(tmp_path: Path) -> None:
    """And cannot tell whether there are others."""

    async def scenario(guarded: Guarded) -> None:
        listed = (await guarded.ask("keeper", "GET", TOKENS)).json()["tokens"]
        names = {"keeper", "editor", "viewer", "cart", "bank"}
        assert {one["name"] for one in listed} == names
        other = guarded.made["admin"].record.id
        assert (await guarded.ask("keeper", "DELETE", f"{TOKENS}/{other}")).status_code == 404
        assert other in guarded.file.read()

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"grants": []},
        {"seconds": 0},
        {"seconds": -1},
        {"seconds": 1e9},
        {"x": 1},
        {"seconds": True},
        {"seconds": 10**12},
        {"grants": [{"role": "agent", "namespace": "*"}]},
    ],
)
def test_a_token_that_cannot_be_is_not_made(tmp_path: Path, change: dict[str, Any]) -> None:
    """With the field that is wrong."""

    async def scenario(guarded: Guarded) -> None:
        answer = await guarded.ask("admin", "POST", TOKENS, json={**VIEW, **change})
        assert answer.status_code in (400, 422), answer.text
        assert next(iter(change)) in answer.json()["message"]

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("name", "asked", "allowed"),
    [
        ("viewer", {"verb": "get", "resource": "trafficlanes", "namespace": "shop"}, True),
        ("viewer", {"verb": "create", "resource": "trafficlanes", "namespace": "shop"}, False),
        ("viewer", {"verb": "get", "resource": "trafficlanes"}, False),
        ("viewer", {"verb": "*", "resource": "*", "namespace": "shop"}, False),
        ("editor", {"verb": "create", "resource": "trafficlanes", "namespace": "shop"}, True),
        ("admin", {"verb": "*", "resource": "*", "group": "*"}, True),
        ("keeper", {"verb": "*", "resource": "*", "group": "*", "namespace": "shop"}, True),
    ],
)
def test_somebody_may_ask_what_they_may(
    tmp_path: Path, name: str, asked: dict[str, str], allowed: bool
) -> None:
    """`kubectl auth can-i`; the answer is the gate's own."""

    async def scenario(guarded: Guarded) -> None:
        body = {"spec": {"resourceAttributes": {"group": "traffic.opensergo.io", **asked}}}
        answer = await guarded.ask(name, "POST", REVIEW, json=body)
        assert answer.status_code == 201, answer.text
        assert answer.json()["status"]["allowed"] is allowed

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("name", "namespace", "verbs"),
    [
        ("viewer", "shop", "get list watch"),
        ("viewer", "team", ""),
        ("viewer", "", ""),
        ("editor", "shop", "get list watch create update patch delete deletecollection"),
        ("admin", "shop", "get list watch create update patch delete deletecollection"),
        ("admin", "", "get list watch create update patch delete deletecollection"),
    ],
)
def test_somebody_may_ask_for_everything_they_may(
    tmp_path: Path, name: str, namespace: str, verbs: str
) -> None:
    """`kubectl auth can-i --list`: the gate's answers to every question there is."""

    async def scenario(guarded: Guarded) -> None:
        body = {"spec": {"namespace": namespace}}
        answer = await guarded.ask(name, "POST", RULES, json=body)
        assert answer.status_code == 201, answer.text
        status = answer.json()["status"]
        held = {
            f"{one}.{rule['apiGroups'][0]}": " ".join(rule["verbs"])
            for rule in status["resourceRules"]
            for one in rule["resources"]
        }
        assert held.get("trafficlanes.traffic.opensergo.io", "") == verbs
        assert ("tokens.fairlead.io" in held) == (name == "admin")
        assert "namespaces." not in held or ("list" in held["namespaces."]) == (name == "admin")
        assert held["selfsubjectreviews.authentication.k8s.io"] == "create"
        (paths,) = status["nonResourceRules"]
        assert ("*" in paths["nonResourceURLs"]) == (name == "admin")

    run(tmp_path, scenario)


@pytest.mark.parametrize("spec", [None, {"namespace": 3}, []])
def test_a_question_about_rules_that_is_none_is_refused(tmp_path: Path, spec: Any) -> None:
    """And an agent has no rules that people ask for."""

    async def scenario(guarded: Guarded) -> None:
        answer = await guarded.ask("viewer", "POST", RULES, json={"spec": spec})
        assert answer.status_code == 400, answer.text
        assert (await guarded.ask("cart", "POST", RULES, json={"spec": {}})).status_code == 403

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"k8s\x00",
        b"k8s\x00\x12\xff\xff\xff\xff\x7f",
        b"k8s\x00\x12\x03\x12\x01\x80",
        b"\x00",
        b"k8s\x00" + b"\xff" * 40,
        b"k8s\x00\x12\x04\x12\x02\x0a\x00",
        b"k8s\x00\x13",
    ],
)
def test_a_review_that_is_none_is_refused(tmp_path: Path, body: bytes) -> None:
    """Bytes of anybody: bounded, and never a fault of ours."""

    async def scenario(guarded: Guarded) -> None:
        headers = {"content-type": "application/vnd.kubernetes.protobuf"}
        answer = await guarded.ask("viewer", "POST", REVIEW, content=body, headers=headers)
        if answer.status_code == 201:
            assert answer.json()["status"]["allowed"] is False
        else:
            assert answer.status_code == 400, answer.text

    run(tmp_path, scenario)


def test_somebody_may_ask_who_they_are(tmp_path: Path) -> None:
    """`kubectl auth whoami`."""

    async def scenario(guarded: Guarded) -> None:
        answer = await guarded.ask("editor", "POST", WHOAMI, json={})
        user = answer.json()["status"]["userInfo"]
        assert user["username"] == "editor"
        assert user["groups"] == ["system:authenticated", "fairlead:edit@shop"]

    run(tmp_path, scenario)
