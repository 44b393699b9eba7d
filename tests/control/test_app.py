"""The whole control plane in this process, on a store that can be prepared."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

from fairlead.control.app import ControlPlane
from fairlead.control.clocks import Clocks
from fairlead.control.settings import Settings
from fairlead.control.store import Key, MemoryStore, Object, StoreFailed, Write
from fairlead.kinds.traffic_label_rule import KIND
from fairlead.protocols.watch.codec import ROOT, Registration, registration_body
from fairlead.protocols.watch.report import Report
from tests.control.serving import API, rule

JSON = {"content-type": "application/json"}
RULES = f"{API}/namespaces/default/trafficlabelrules"
Scenario = Callable[[ControlPlane, httpx.AsyncClient], Coroutine[Any, Any, None]]


def run(scenario: Scenario, *, store: MemoryStore | None = None, **settings: Any) -> None:
    async def main() -> None:
        chosen = Settings(data_dir=Path("unused"), status_gather=0.0, gather=0.0, **settings)
        plane = ControlPlane(store or MemoryStore(), chosen, Clocks())
        transport = httpx.ASGITransport(app=plane.app)
        working = asyncio.create_task(plane.work())
        async with (
            asyncio.timeout(10),
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
        ):
            await scenario(plane, http)
        plane.stop.set()
        await working

    asyncio.run(main())


async def until(found: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Ask again until the answer is true; the scenario as a whole is bounded in time."""
    while not (answer := await found()):  # noqa: ASYNC110 - what is asked has no event
        await asyncio.sleep(0.01)
    return answer


def stored(name: str, spec: Object) -> Write:
    """A rule as some other version of the control plane wrote it."""
    metadata = {
        "name": name,
        "namespace": "default",
        "uid": "u",
        "generation": 1,
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    plain = rule(name) | {"metadata": metadata, "spec": spec}
    return Write(key=Key(KIND.resource, "default", name), object=plain, expected=0)


def test_what_this_version_cannot_read_is_left_out_and_says_so() -> None:
    """After a downgrade one rule must not take the others, or the start, with it."""
    store = MemoryStore()

    async def prepare() -> None:
        await store.write(stored("newer", {"trafficLabel": "gray", "brandNew": True}))
        await store.write(stored("known", rule()["spec"]))

    asyncio.run(prepare())

    async def scenario(plane: ControlPlane, http: httpx.AsyncClient) -> None:
        async def conditions(name: str) -> dict[str, Any]:
            status = (await http.get(f"{RULES}/{name}")).json().get("status", {})
            return {c["type"]: c for c in status.get("conditions", ())}

        found = await until(lambda: conditions("newer"))
        assert found["Accepted"]["status"] == "False"
        assert "brandNew" in found["Accepted"]["message"]
        assert "Live" in await until(lambda: conditions("known"))
        assert (await http.delete(f"{RULES}/newer")).status_code == 200

    run(scenario, store=store)


def test_an_agent_that_stopped_reading_is_given_up() -> None:
    """Its connection would be held, and its instance be called, for good."""

    async def scenario(plane: ControlPlane, http: httpx.AsyncClient) -> None:
        sent: list[Any] = []

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message["type"])
            if message["type"] == "http.response.body":
                await asyncio.Event().wait()

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/fairlead/v1/watch",
            "query_string": b"namespace=default&app=a&node=n",
            "headers": [(b"host", b"localhost")],
        }
        await plane.app(scope, receive, send)
        assert sent == ["http.response.start", "http.response.body"]
        nodes = (await http.get("/fairlead/v1/nodes")).json()["nodes"]
        assert [node["state"] for node in nodes] == ["away"]

    run(scenario, write_deadline=0.02)


def test_a_disk_that_fails_is_a_server_error_and_nothing_is_lost() -> None:
    """The client must not take it for its own fault, nor believe that it was stored."""

    class Broken(MemoryStore):
        broken = False

        async def write(self, write: Write) -> Any:
            if self.broken:
                raise StoreFailed("the write could not be made durable: disk I/O error")
            return await super().write(write)

    store = Broken()

    async def scenario(plane: ControlPlane, http: httpx.AsyncClient) -> None:
        assert (await http.post(RULES, json=rule("kept"))).status_code == 201
        store.broken = True
        answer = await http.post(RULES, json=rule("lost"))
        assert (answer.status_code, answer.json()["reason"]) == (500, "InternalError")
        store.broken = False
        names = [i["metadata"]["name"] for i in (await http.get(RULES)).json()["items"]]
        assert names == ["kept"]

    run(scenario, store=store)


@pytest.mark.parametrize(("setting", "path"), [("objects", RULES), ("watchers", "/fairlead/v1")])
def test_there_is_a_limit_to_everything(setting: str, path: str) -> None:
    """Whoever reaches the port could otherwise fill memory or disk."""

    async def scenario(plane: ControlPlane, http: httpx.AsyncClient) -> None:
        if setting == "objects":
            assert (await http.post(path, json=rule("one"))).status_code == 201
            answer = await http.post(path, json=rule("two"))
            assert (answer.status_code, answer.json()["reason"]) == (403, "Forbidden")
        else:
            query = {"namespace": "default", "app": "a", "node": "n"}
            answer = await http.get(f"{path}/watch", params=query)
            assert (answer.status_code, answer.json()["reason"]) == (429, "TooManyRequests")

    limits: dict[str, Any] = {setting: 1 if setting == "objects" else 0}
    run(scenario, **limits)


def test_a_fault_in_what_is_measured_ends_no_lease_and_no_control_plane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A renewal is answered, changes go on being enforced, and the log says what happened."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    async def scenario(plane: ControlPlane, http: httpx.AsyncClient) -> None:
        measured = plane._measured
        monkeypatch.setattr(measured.intake, "_interfaces", fail)
        monkeypatch.setattr(measured.news, "_news", fail)
        monkeypatch.setattr(measured.memory, "trim", fail)
        await measured.keeper.look()
        report = Report(node="n", namespace="default", app="cart", seq=7, seconds=10.0)
        registration = Registration(
            node="n",
            namespace="default",
            app="cart",
            address="127.0.0.1:7001",
            pid=1,
            host="h",
            report=report,
        )
        answer = await http.post(
            f"{ROOT}/instances", content=registration_body(registration), headers=JSON
        )
        assert (answer.status_code, answer.json()["reported"]) == (200, 7)
        assert (await http.post(RULES, json=rule())).status_code == 201
        await until(lambda: _status_of(http))

    run(scenario)


async def _status_of(http: httpx.AsyncClient) -> Any:
    return (await http.get(f"{RULES}/{rule()['metadata']['name']}")).json().get("status")
