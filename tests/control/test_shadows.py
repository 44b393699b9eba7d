"""Shadows from what people write to what agents enforce, and who is left out on the way."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.flow.call import Call, Unreachable
from fairlead.flow.engine import Engine
from fairlead.kinds.document import read_documents
from fairlead.policy.database import NOWHERE, Database, ShadowDatabase, ShadowTable
from fairlead.policy.endpoint import Endpoint, Service
from tests.control.fleet import Agent, fleet, until
from tests.control.serving import API, Server

ARTICLE = Path(__file__).parents[1] / "kinds" / "data" / "workload-label-rule.yaml"
RULE = "gray-sts-label-rule"
DATABASE_API = "/apis/database.opensergo.io/v1alpha1"
INSTANCES = "/apis/fairlead.io/v1alpha1"
FIT = {"tables": "", "databases": ""}
NO_REWRITER = {"tables": "fairlead[sql] is not installed", "databases": ""}


def article() -> dict[str, Any]:
    (document,) = read_documents(ARTICLE.read_bytes(), str(ARTICLE))
    plain: dict[str, Any] = document.plain
    return plain


def endpoint(name: str, port: int, password: str = "env:SHOP_PASSWORD") -> dict[str, Any]:
    server = {"url": f"jdbc:mysql://127.0.0.1:{port}/shop", "username": "u", "password": password}
    return database_object("DatabaseEndpoint", name, {"database": {"MySQL": server}})


def database_object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "database.opensergo.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": spec,
    }


SHADOW = database_object(
    "Shadow",
    "sh1",
    {
        "dataSources": {"m": {"sourceDataSourceName": "ds-w", "shadowDataSourceName": "ds-s"}},
        "shadowAlgorithms": {"h": {"type": "SIMPLE_HINT", "props": {"lane": "gray"}}},
    },
)


def status(http: httpx.Client, url: str) -> dict[str, Any]:
    found: dict[str, Any] = http.get(url).json().get("status", {})
    return found


def conditions(http: httpx.Client, url: str) -> dict[str, str]:
    """Return the message of every condition by its type."""
    return {c["type"]: c["message"] for c in status(http, url).get("conditions", ())}


def service(agent: Agent, app: str) -> Service | None:
    for one in agent.newest.services if agent.snapshots else ():
        if (one.namespace, one.app) == (agent.subscription.namespace, app):
            return one
    return None


def tables(agent: Agent) -> tuple[ShadowTable, ...]:
    return agent.newest.shadow_tables if agent.snapshots else ()


def databases(agent: Agent) -> tuple[ShadowDatabase, ...]:
    return agent.newest.shadow_databases if agent.snapshots else ()


@pytest.fixture
def agents(server: Server, namespace: str) -> list[Agent]:
    """A caller, and an app with a base instance that is fit and a gray one that is not."""
    return [
        Agent(server.url, namespace, "gateway", 7000, unfit=FIT),
        Agent(server.url, namespace, "cart", 7001, unfit=FIT),
        Agent(server.url, namespace, "cart", 7002, lane="gray", unfit=NO_REWRITER),
    ]


def test_the_articles_rule_is_a_shadow_table_at_every_agent_of_its_namespace(
    http: httpx.Client, namespace: str, agents: list[Agent]
) -> None:
    """S1-04 and S1-08: it loads byte for byte, acts, and lists what it is a rule for."""
    url = f"{API}/namespaces/{namespace}/workloadlabelrules"
    with fleet(*agents):
        assert http.post(url, json=article()).status_code == 201
        expected = ShadowTable(
            rule=f"WorkloadLabelRule/{RULE}",
            lane="gray",
            database="mse-demo",
            table="mse_demo_table",
            shadow="mse_demo_table_gray",
        )
        for agent in agents:
            until(partial(tables, agent))
            assert tables(agent) == (expected,)
        until(lambda: status(http, f"{url}/{RULE}").get("live") == "3/3")
        members = status(http, f"{url}/{RULE}")["members"]
        assert members == ["table mse-demo.mse_demo_table_gray shadows mse_demo_table"]


def test_an_unfit_instance_is_named_to_everybody_and_comes_back_when_it_is_mended(
    http: httpx.Client, namespace: str, agents: list[Agent]
) -> None:
    """Contract 12: callers leave it out, its rule and its own status say why."""
    url = f"{API}/namespaces/{namespace}/workloadlabelrules"
    caller, base, gray = agents
    with fleet(*agents):
        http.post(url, json=article())
        why = "fairlead[sql] is not installed"
        message = f"get no calls of lane gray: cart 127.0.0.1:7002 ({why})"
        until(lambda: conditions(http, f"{url}/{RULE}").get("InstancesExcluded") == message)
        found = until(lambda: (one := service(caller, "cart")) and one.shadow_table_lanes and one)
        assert found.endpoints == (
            Endpoint(address="127.0.0.1:7001"),
            Endpoint(address="127.0.0.1:7002", lane="gray", unfit_for_shadow_tables=why),
        )
        instances = f"{INSTANCES}/namespaces/{namespace}/instances"
        assert status(http, f"{instances}/cart.127.0.0.1-7002")["unfit"] == {"tables": why}
        assert "unfit" not in status(http, f"{instances}/cart.127.0.0.1-7001")

        base.leave()
        until(lambda: len(service(caller, "cart").endpoints) == 1)  # type: ignore[union-attr]
        assert why in str(refused(caller, namespace))

        gray.registration = replace(gray.registration, unfit=FIT)
        gray.register()
        until(lambda: "InstancesExcluded" not in conditions(http, f"{url}/{RULE}"))
        until(lambda: refused(caller, namespace) is None)


def refused(caller: Agent, namespace: str) -> Unreachable | None:
    """Return the error that a call to the cart on lane gray ends in, None where it is sent."""
    engine = Engine(clock=lambda: 0.0, dice=lambda: 0.0)
    engine.apply(caller.newest)
    try:
        next(engine.plan.outbound(Call(f"cart.{namespace}", "GET", "gray")))
    except StopIteration as ended:
        error = ended.value.error
        assert isinstance(error, Unreachable)
        return error
    return None


def test_an_agent_that_says_nothing_is_left_out(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """An older one, or one of another make."""
    url = f"{API}/namespaces/{namespace}/workloadlabelrules"
    with fleet(Agent(server.url, namespace, "cart", 7001)):
        http.post(url, json=article())
        until(
            lambda: (
                "does not say which database drivers it has hooked"
                in conditions(http, f"{url}/{RULE}").get("InstancesExcluded", "")
            )
        )


def test_a_lane_that_nobody_is_on_is_said_to_be_unseen_until_somebody_is(
    server: Server, http: httpx.Client, namespace: str
) -> None:
    """A label that is misspelt shadows nothing, and looks like one that does."""
    url = f"{API}/namespaces/{namespace}/workloadlabelrules"
    http.post(url, json=article())
    until(lambda: "LaneNotSeen" in conditions(http, f"{url}/{RULE}"))
    with fleet(Agent(server.url, namespace, "cart", 7001, lane="gray", unfit=FIT)):
        until(lambda: "LaneNotSeen" not in conditions(http, f"{url}/{RULE}"))


def test_a_shadow_is_in_force_once_both_its_endpoints_are_there(
    http: httpx.Client, namespace: str, agents: list[Agent]
) -> None:
    """S1-10; applied in any order, and what is missing meanwhile is said."""
    shadows = f"{DATABASE_API}/namespaces/{namespace}/shadows"
    endpoints = f"{DATABASE_API}/namespaces/{namespace}/databaseendpoints"
    caller = agents[0]
    with fleet(*agents):
        assert http.post(shadows, json=SHADOW).status_code == 201
        assert http.post(endpoints, json=endpoint("ds-w", 3306)).status_code == 201
        until(
            lambda: (
                "this namespace has no DatabaseEndpoint ds-s"
                in conditions(http, f"{shadows}/sh1").get("DataSourceUnusable", "")
            )
        )
        assert [one.shadow for one in databases(caller)] == [NOWHERE]
        assert http.post(endpoints, json=endpoint("ds-s", 3307)).status_code == 201
        until(lambda: NOWHERE not in [one.shadow for one in databases(caller)])
        assert databases(caller) == (
            ShadowDatabase(
                rule="Shadow/sh1",
                lane="gray",
                source=Database(name="shop", host="127.0.0.1", port=3306),
                shadow=Database(
                    name="shop",
                    host="127.0.0.1",
                    port=3307,
                    user="u",
                    password="env:SHOP_PASSWORD",
                ),
            ),
        )
        until(lambda: status(http, f"{shadows}/sh1").get("live") == "3/3")
        until(lambda: list(conditions(http, f"{shadows}/sh1")) == ["Live"])
        members = ["database shop at 127.0.0.1:3307 shadows shop at 127.0.0.1:3306"]
        assert status(http, f"{shadows}/sh1")["members"] == members


def test_a_password_as_text_is_never_stored(http: httpx.Client, namespace: str) -> None:
    """What is not accepted cannot be read by everybody who may read."""
    url = f"{DATABASE_API}/namespaces/{namespace}/databaseendpoints"
    refused = http.post(url, json=endpoint("ds-w", 3306, "hunter2"))
    assert refused.status_code == 422
    assert "spec.database.MySQL.password" in refused.text
    assert "env:NAME or file:/absolute/path" in refused.text
    assert "hunter2" not in refused.text
    assert http.get(f"{url}/ds-w").status_code == 404
