"""``fairlead get apps``, ``describe app`` and contracts: what agents tell of, shown like kinds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fairlead.protocols.watch.contract import CONTRACTS, contract_body
from tests.cli.conftest import Say
from tests.cli.rules_text import rule
from tests.control.contracts.test_endpoints import contract, register
from tests.control.telemetry.reports import edge, interface
from tests.control.telemetry.reports import rule as rejecting
from tests.control.telemetry.test_endpoints import JSON, Shop


@pytest.fixture
def promising(shop: Shop) -> Shop:
    """A shop whose app `orders` has promised two things, the one after the other."""
    for document in (_document(price="number"), _document(price="string")):
        one = contract(shop, document)
        register(shop, one)
        assert shop.http.post(CONTRACTS, content=contract_body(one), headers=JSON).is_success
    return shop


def _document(price: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"price": {"type": price}}}
    answer = {"description": "", "content": {"application/json": {"schema": schema}}}
    return {"openapi": "3.1.0", "paths": {"/orders": {"get": {"responses": {"200": answer}}}}}


def test_apps_are_shown_like_a_kind(say: Say, shop: Shop):
    """Nobody writes them, and everybody asks for them first."""
    shop.register("orders", 7001, shop.report("orders", 7001, interfaces=(interface(),)))
    shop.register("stock", 7002, lane="gray")
    where = ("-n", shop.namespace)
    rows = [line.split() for line in say("get", "apps", *where).out.splitlines()]
    assert [row[:3] for row in rows] == [
        ["APP", "LANES", "READY"],
        ["orders", "base", "0/1"],
        ["stock", "gray", "0/1"],
    ]
    assert say("get", "apps", *where, "-o", "name").out == "app/orders\napp/stock\n"
    assert json.loads(say("get", "app", "stock", *where, "-o", "json").out)["lanes"] == ["gray"]
    assert say("get", "app/orders", *where).out.count("\n") == 2
    wrong = say("get", "app", "order", *where)
    assert wrong.status == 1
    assert wrong.err.endswith("did you mean orders?\n")
    assert say("get", "app/orders", "tlr/x", *where).status == 2


CALLS = """
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: orders}
spec: {hosts: [stock, orders], http: [{timeout: 2s}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: all}
spec: {host: "*"}
"""


def test_an_app_is_described_on_one_page(say: Say, promising: Shop):
    """What one would look up in six places."""
    shop, where = promising, ("-n", promising.namespace)
    told: dict[str, Any] = {"interfaces": (interface(),), "rules": (rejecting(),)}
    shop.post(
        shop.report("orders", 7001, edges=(edge("stock", 20, label="gray", lost=10),), **told)
    )
    shop.register("gateway", 7003, shop.report("gateway", 7003, edges=(edge("orders", 20),)))
    text = rule("vip").replace("gateway", "orders") + CALLS
    assert say("apply", "-f", "-", *where, stdin=text.encode()).status == 0
    shown = say("describe", "app", "orders", *where).out
    for part in (
        "Name:         orders\n",
        "Ready:        0 of 1 instances\n",
        "Instances:\n  NAME ",
        "Interfaces:\n  INTERFACE ",
        "  GET:/orders ",
        "RateLimit/slow: 0.5/s rejected",
        "Calls:\n  APP ",
        "Called By:\n  APP ",
        "  gateway ",
        "Rules:\n  NAME ",
        "  trafficlabelrule.traffic.opensergo.io/vip ",
        "  destinationrule.networking.istio.io/all ",
        "  virtualservice.networking.istio.io/orders ",
        "Contracts:\n  VERSION ",
        "(breaking)",
    ):
        assert part in shown, shown
    assert "no agent has reported it" in say("describe", "app", "xyzzy", *where).err
    assert say("describe", "apps", *where).out.count("Name:  ") == 2


def test_what_an_app_promises_is_compared_between_versions(say: Say, promising: Shop):
    """Whoever calls it wants to know what may break."""
    where = ("-n", promising.namespace)
    head, new, old = say("get", "contracts", "orders", *where).out.splitlines()
    assert head.split()[-3:] == ["BY", "CHANGES", "BREAKING"]
    assert new.split()[-4:] == ["1", "instance", "1", "1"]
    assert old.split()[-3:] == ["nobody", "-", "-"]
    shown = say("describe", "contract", "orders", *where).out
    assert ": may break callers\n" in shown
    assert "    GET /orders\n" in shown
    assert "~ response 200 price changed number, optional → string, optional   (breaking)" in shown
    whole = json.loads(say("get", "contract/orders", *where, "-o", "json").out)
    assert whole["items"][0]["document"]["openapi"] == "3.1.0"
    none = say("get", "contracts", "nobody", *where)
    assert none.status == 1
    assert say("get", "contracts").status == 2


def test_an_app_that_promises_nothing_is_said_to(say: Say, shop: Shop):
    """An empty answer would look like an app that is not there."""
    shop.register("stock", 7002)
    said = say("describe", "contract", "stock", "-n", shop.namespace)
    assert said.status == 1
    assert "promises nothing" in said.err


def test_an_instance_is_described_by_what_it_runs(say: Say, shop: Shop):
    """Not by forty lines of YAML."""
    shop.register("orders", 7001, lane="gray")
    shown = say("describe", "instances", "-n", shop.namespace).out
    for part in (
        "App:          orders\n",
        "Address:      127.0.0.1:7001\n",
        "Lane:         gray\n",
    ):
        assert part in shown, shown
    assert "Processes:\n  PID " in shown
    assert "Enforces:     revision " in shown
