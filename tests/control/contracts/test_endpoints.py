"""Contracts are told by agents and shown to people, over HTTP; and kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.control.clocks import Clocks
from fairlead.control.contracts.keeper import MOST_VERSIONS, ContractKeeper
from fairlead.protocols.watch.codec import read_lease
from fairlead.protocols.watch.contract import (
    CONTRACTS,
    MOST_PACKED,
    OPENAPI,
    Contract,
    contract_body,
    packed,
)
from tests.control.telemetry.test_endpoints import JSON, Shop


def version(*paths: str) -> dict[str, Any]:
    return {"openapi": "3.1.0", "paths": {path: {"get": {"responses": {}}} for path in paths}}


def contract(shop: Shop, document: Any, app: str = "orders") -> Contract:
    digest, small = packed(document)
    return Contract(
        node=f"{shop.namespace}-{app}-7001",
        namespace=shop.namespace,
        app=app,
        sort=OPENAPI,
        digest=digest,
        packed=small,
    )


@pytest.fixture
def shop(http: httpx.Client, namespace: str) -> Shop:
    return Shop(http, namespace)


def register(shop: Shop, one: Contract) -> Any:
    told = ({"sort": one.sort, "digest": one.digest},)
    return shop.register(one.app, 7001, contracts=told)


def post(shop: Shop, body: bytes) -> httpx.Response:
    return shop.http.post(CONTRACTS, content=body, headers=JSON)


def test_a_document_is_asked_for_once_and_versions_are_compared(shop: Shop) -> None:
    """A registration has digests only, as it is sent each three seconds."""
    first, second = contract(shop, version("/a", "/b")), contract(shop, version("/b", "/c"))
    for one in (first, second):
        assert register(shop, one)["wanted"] == [one.digest]
        assert post(shop, contract_body(one)).status_code == 204
        assert register(shop, one)["wanted"] == []

    shown = shop.get("contracts", app="orders")
    assert [item["version"] for item in shown["items"]] == [second.digest, first.digest]
    assert [item["seenBy"] for item in shown["items"]] == [["127.0.0.1:7001"], []]
    assert shown["items"][0]["document"] == version("/b", "/c")
    assert "document" not in shown["items"][1]
    (diff,) = shown["diff"]
    assert (diff["from"], diff["to"], diff["breaking"]) == (first.digest, second.digest, True)
    assert [(one["where"], one["change"], one["breaking"]) for one in diff["changes"]] == [
        ("GET /a", "removed", True),
        ("GET /c", "added", False),
    ]
    older = shop.get("contracts", app="orders", version=first.digest)
    assert older["items"][1]["document"] == version("/a", "/b")


def test_an_app_without_contracts_has_none(shop: Shop) -> None:
    assert shop.get("contracts", app="nobody") == {"items": [], "diff": []}


def test_what_is_no_document_of_its_digest_is_refused(shop: Shop) -> None:
    """An agent may be anybody who has its token."""
    good = contract(shop, version("/a"))
    for bad in (
        contract_body(good).replace(good.digest.encode(), b"0" * 32),
        contract_body(good).replace(b'"openapi"', b'"thrift"'),
        b'{"document":"not base64!"}',
        b'{"document":7}',
        b"[]",
    ):
        assert post(shop, bad).status_code == 422
    bomb = Contract(**{**vars_of(good), "packed": b"\x78\x9c\x63\x00" * 10})
    assert post(shop, contract_body(bomb)).status_code == 422


def vars_of(one: Contract) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Contract.__dataclass_fields__}


def test_a_lease_says_which_documents_are_wanted() -> None:
    """One of an older control plane wants none."""
    assert read_lease(b'{"wanted":["a"]}').wanted == ("a",)
    assert read_lease(b"{}").wanted == ()


def test_a_document_that_is_too_large_is_not_told() -> None:
    """It would be in the way of what is needed."""
    with pytest.raises(ValueError, match="too large"):
        packed({"noise": [str(hash((n, "x"))) for n in range(MOST_PACKED // 4)]})


def test_versions_are_kept_and_the_oldest_make_room(tmp_path: Path) -> None:
    """Over restarts of the control plane."""
    keeper = ContractKeeper(tmp_path, Clocks())

    async def fill() -> None:
        for number in range(MOST_VERSIONS + 2):
            digest, small = packed(version(f"/{number}"))
            await keeper.add(
                Contract(
                    node="n", namespace="shop", app="a", sort=OPENAPI, digest=digest, packed=small
                )
            )

    asyncio.run(fill())
    kept = asyncio.run(ContractKeeper(tmp_path, Clocks()).versions(("shop", "a")))

    assert len(kept) == MOST_VERSIONS
    assert kept[0].digest == packed(version(f"/{MOST_VERSIONS + 1}"))[0]


def test_a_directory_that_cannot_be_written_keeps_them_in_memory(tmp_path: Path) -> None:
    """The control plane serves all the same."""
    (tmp_path / "contracts.sqlite").mkdir()

    assert asyncio.run(ContractKeeper(tmp_path, Clocks()).versions(("shop", "a"))) == []
