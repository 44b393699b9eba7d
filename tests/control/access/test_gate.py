"""Every route of the real application, asked by those who may and by those who may not."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from fairlead.control.access.attributes import OWN, OWN_ROUTES, attributes_of
from fairlead.control.access.roles import PUBLIC, SESSION, Grant, Role
from fairlead.protocols.watch.codec import Registration, registration_body
from fairlead.protocols.watch.contract import OPENAPI, Contract, contract_body, packed
from fairlead.protocols.watch.report import Report, report_body
from tests.control.access.plane import Guarded, run, until
from tests.control.serving import API, rule

RULES = f"{API}/namespaces/shop/trafficlabelrules"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
JSON = {"content-type": "application/json"}


def routes(guarded: Guarded) -> Iterator[tuple[str, str]]:
    """Yield method and path of everything that the application answers."""
    for route in guarded.plane.routes:
        assert isinstance(route, Route), f"{route}: write how it is guarded"
        path = re.sub(r"\{(\w+)(:path)?\}", "x", route.path)
        for method in sorted({*METHODS, *(route.methods or ())}):
            yield method, path


def registration(app: str, node: str = "n1", port: int = 1) -> bytes:
    return registration_body(
        Registration(
            node=node, namespace="shop", app=app, address=f"127.0.0.1:{port}", pid=1, host="h"
        )
    )


def report(app: str, node: str = "n1") -> bytes:
    return report_body(Report(node=node, namespace="shop", app=app, seq=1, seconds=1.0))


def contract(app: str, node: str = "n1") -> bytes:
    digest, small = packed({"openapi": "3.1.0"})
    whose = {"node": node, "namespace": "shop", "app": app}
    return contract_body(Contract(**whose, sort=OPENAPI, digest=digest, packed=small))


def test_without_a_token_nothing_is_answered_but_health(tmp_path: Path) -> None:
    """A route that somebody adds is closed until somebody opens it."""

    async def scenario(guarded: Guarded) -> None:
        found = list(routes(guarded))
        assert len(found) > 150
        async with guarded.client() as http:
            for method, path in [*found, ("GET", "/nowhere"), ("POST", "/healthz")]:
                if path == SESSION:
                    continue  # where one comes to have a token looked at: test_sessions.py
                answer = await http.request(method, path)
                public = path in PUBLIC and method in ("GET", "HEAD")
                assert answer.status_code == (200 if public else 401), (method, path)
                if not public:
                    assert answer.headers["www-authenticate"] == 'Bearer realm="fairlead"'
                    assert answer.headers["connection"] == "close"
                if not public and method != "HEAD":
                    assert answer.json()["reason"] == "Unauthorized"

    run(tmp_path, scenario)


def test_an_agents_token_is_refused_everywhere_but_at_its_own_doors(tmp_path: Path) -> None:
    """An application's machine is the likeliest place for a token to be stolen from."""
    own = {("GET", "watch"), ("HEAD", "watch"), ("POST", "ack")}
    own |= {("POST", "instances"), ("DELETE", "instances"), ("DELETE", "replaced")}
    own |= {("POST", "reports"), ("POST", "contracts"), ("POST", "rewrites")}

    async def scenario(guarded: Guarded) -> None:
        async with guarded.client("cart") as http:
            for method, path in routes(guarded):
                public = path in PUBLIC and method in ("GET", "HEAD")
                if public or path == SESSION or (method, path.removeprefix(OWN)) in own:
                    continue
                answer = await http.request(method, path)
                assert answer.status_code == 403, (method, path)

    run(tmp_path, scenario)


def test_every_endpoint_of_our_own_is_in_the_table(tmp_path: Path) -> None:
    """One that is missing there is an admin's only, which its author did not mean."""

    async def scenario(guarded: Guarded) -> None:
        found = [route for route in guarded.plane.routes if isinstance(route, Route)]
        for route in found:
            for method in route.methods or ():
                asked = attributes_of(method, route.path)
                assert asked.resource or not route.path.startswith(OWN), (method, route.path)
        words = {route.path.removeprefix(OWN).partition("/")[0] for route in found}
        assert {word for _, word in OWN_ROUTES} <= words

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "watch?node=n1&namespace=shop&app=bank", b""),
        ("GET", "watch?node=n1&namespace=other&app=cart", b""),
        ("GET", "watch?app=cart&namespace=shop&node=n1&app=bank", b""),
        ("GET", "watch?node=of-bank&namespace=shop&app=cart", b""),
        ("POST", "instances", registration("bank")),
        ("POST", "instances", registration("cart", "of-bank")),
        ("DELETE", "instances?namespace=shop&app=bank&address=127.0.0.1:1&node=of-bank", b""),
        ("DELETE", "instances?namespace=shop&app=cart&address=127.0.0.1:1&node=of-bank", b""),
        ("POST", "ack", b'{"node":"of-bank","digest":"ab","revision":1}'),
        ("POST", "reports", report("bank")),
        ("POST", "reports", report("cart", "of-bank")),
        ("POST", "contracts", contract("bank")),
        ("POST", "contracts", contract("cart", "of-bank")),
    ],
)
def test_an_agent_cannot_speak_for_another_app(
    tmp_path: Path, method: str, path: str, body: bytes
) -> None:
    """Neither by its app's name nor by a node of another app."""

    async def scenario(guarded: Guarded) -> None:
        query = "node=of-bank&namespace=shop&app=bank"
        bank = asyncio.create_task(guarded.ask("bank", "GET", f"{OWN}watch?{query}"))
        nodes = guarded.plane._nodes
        await until(lambda: nodes.find("of-bank") is not None)
        answer = await guarded.ask("cart", method, OWN + path, content=body, headers=JSON)
        assert answer.status_code == 403, answer.text
        assert answer.json()["reason"] == "Forbidden"
        node = nodes.find("of-bank")
        assert node is not None
        assert node.connected
        assert node.held == ""
        bank.cancel()

    run(tmp_path, scenario)


def test_an_agent_registers_reports_and_leaves(tmp_path: Path) -> None:
    """What its token is for."""

    async def scenario(guarded: Guarded) -> None:
        content = registration("cart")
        answer = await guarded.ask("cart", "POST", f"{OWN}instances", content=content, headers=JSON)
        assert answer.status_code == 200, answer.text
        ack = b'{"node":"n1","digest":"","revision":1}'
        answer = await guarded.ask("cart", "POST", f"{OWN}ack", content=ack, headers=JSON)
        assert answer.status_code == 204, answer.text
        query = "namespace=shop&app=cart&address=127.0.0.1:1&node=n1"
        assert (await guarded.ask("cart", "DELETE", f"{OWN}instances?{query}")).status_code == 204

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    ("name", "method", "path", "status"),
    [
        ("viewer", "GET", "nodes?namespace=shop", 200),
        ("viewer", "GET", "nodes?namespace=bank", 403),
        ("viewer", "GET", "nodes", 403),
        ("viewer", "GET", "nodes?namespace=shop&namespace=bank", 403),
        ("viewer", "GET", "traffic?namespace=shop", 200),
        ("viewer", "GET", "traffic", 403),
        ("admin", "GET", "nodes", 200),
        ("admin", "GET", "watch?node=n&namespace=shop&app=cart", 403),
        ("viewer", "GET", "tokens", 403),
        ("editor", "POST", "tokens", 403),
    ],
)
def test_our_own_endpoints_ask_for_the_namespace_they_show(
    tmp_path: Path, name: str, method: str, path: str, status: int
) -> None:
    """They are no resources of Kubernetes, and judged like them."""

    async def scenario(guarded: Guarded) -> None:
        answer = await guarded.ask(name, method, OWN + path)
        assert answer.status_code == status, answer.text

    run(tmp_path, scenario)


def test_a_question_is_answered_to_who_may_read_the_namespace(tmp_path: Path) -> None:
    """`fairlead explain` shows rules and instances."""

    async def scenario(guarded: Guarded) -> None:
        for namespace, status in (("shop", 200), ("bank", 403), (None, 403), (["shop"], 403)):
            query = {"app": "a"} | ({"namespace": namespace} if namespace else {})
            answer = await guarded.ask("viewer", "POST", f"{OWN}explain", json=query)
            assert answer.status_code == status, answer.text

    run(tmp_path, scenario)


def test_roles_hold_for_objects(tmp_path: Path) -> None:
    """The same request, by five callers."""

    async def scenario(guarded: Guarded) -> None:
        for name, status in (("viewer", 403), ("cart", 403), ("editor", 201), ("admin", 409)):
            answer = await guarded.ask(name, "POST", RULES, json=rule())
            assert answer.status_code == status, answer.text
        elsewhere = await guarded.ask("editor", "POST", RULES.replace("shop", "bank"), json=rule())
        assert elsewhere.status_code == 403
        smuggled = rule("x") | {"metadata": {"name": "x", "namespace": "bank"}}
        assert (await guarded.ask("editor", "POST", RULES, json=smuggled)).status_code == 400
        assert (await guarded.ask("viewer", "GET", RULES)).status_code == 200

    run(tmp_path, scenario)


def test_a_handler_that_forgets_to_ask_gives_nothing_away(tmp_path: Path) -> None:
    """Deny by default, also behind the gate."""

    async def scenario(guarded: Guarded) -> None:
        async def forgetful(request: Any) -> Any:
            del request
            return PlainTextResponse("the secret")

        guarded.plane.routes.insert(0, Route(f"{OWN}nodes", forgetful))
        answer = await guarded.ask("viewer", "GET", f"{OWN}nodes?namespace=shop")
        assert answer.status_code == 500
        assert "secret" not in answer.text

    run(tmp_path, scenario)


@pytest.mark.parametrize("query", ["token={0}", "access_token={0}", "authorization=Bearer%20{0}"])
def test_a_token_in_a_url_is_none(tmp_path: Path, query: str) -> None:
    """URLs end up in logs and histories."""

    async def scenario(guarded: Guarded) -> None:
        text = guarded.made["admin"].text
        answer = await guarded.ask("", "GET", f"{RULES}?{query.format(text)}")
        assert answer.status_code == 401
        assert text not in answer.text

    run(tmp_path, scenario)


def test_two_authorizations_are_refused(tmp_path: Path) -> None:
    """A proxy in front may have looked at the other one."""

    async def scenario(guarded: Guarded) -> None:
        good = [guarded.made[name].text for name in ("viewer", "admin")]
        headers = [("authorization", f"Bearer {text}") for text in good]
        async with guarded.client() as http:
            answer = await http.get(RULES, headers=headers)
        assert answer.status_code == 400

    run(tmp_path, scenario)


def test_a_revoked_token_ends_what_is_open_with_it(tmp_path: Path) -> None:
    """Who is shown out must not go on listening."""

    async def scenario(guarded: Guarded) -> None:
        watch = asyncio.create_task(guarded.ask("viewer", "GET", f"{RULES}?watch=1"))
        other = asyncio.create_task(guarded.ask("editor", "GET", f"{RULES}?watch=1"))
        query = "node=n&namespace=shop&app=cart"
        agent = asyncio.create_task(guarded.ask("cart", "GET", f"{OWN}watch?{query}"))
        await until(lambda: len(guarded.access._open) == 3)
        for name in ("viewer", "cart"):
            guarded.file.remove(guarded.made[name].record.id)
        guarded.access.sweep()
        assert (await watch).status_code == 200
        assert (await agent).status_code == 200
        assert not other.done()
        other.cancel()

    run(tmp_path, scenario)


def test_an_expired_token_ends_what_is_open_with_it(tmp_path: Path) -> None:
    """Its time is over for streams too."""

    async def scenario(guarded: Guarded) -> None:
        guarded.add("guest", (Grant(role=Role.VIEW, namespace="shop"),), seconds=60)
        watch = asyncio.create_task(guarded.ask("guest", "GET", f"{RULES}?watch=1"))
        await until(lambda: guarded.access._open)
        guarded.access.sweep()
        await asyncio.sleep(0)
        assert not watch.done()
        guarded.time += timedelta(seconds=61)
        guarded.access.sweep()
        assert (await watch).status_code == 200

    run(tmp_path, scenario)


def test_watches_are_bounded_for_each_token_and_over_all(tmp_path: Path) -> None:
    """A program that leaks watches must not take those of others."""

    async def scenario(guarded: Guarded) -> None:
        async def opened(name: str, count: int) -> asyncio.Task[httpx.Response]:
            task = asyncio.create_task(guarded.ask(name, "GET", f"{RULES}?watch=1"))
            await until(lambda: len(guarded.access._open) == count or task.done())
            return task

        tasks = [await opened("viewer", 1), await opened("viewer", 2)]
        refused = await (await opened("viewer", 3))
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["reason"] == "TooManyRequests"
        assert "with the token viewer" in refused.json()["message"]
        tasks.append(await opened("editor", 3))
        full = await (await opened("admin", 4))
        assert full.status_code == 429
        tasks.pop().cancel()
        await asyncio.sleep(0.05)
        tasks.append(await opened("admin", 3))
        assert not tasks[-1].done()
        for task in tasks:
            task.cancel()

    run(tmp_path, scenario, watches=3, watches_of_one=2)


def test_requests_under_way_are_bounded(tmp_path: Path) -> None:
    """Each may hold a body: their number is what memory is bounded by."""

    async def scenario(guarded: Guarded) -> None:
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> Any:
            arrived.set()
            await go_on.wait()
            yield b"{}"

        first = asyncio.create_task(
            guarded.ask("editor", "POST", RULES, content=slow(), headers=JSON)
        )
        await arrived.wait()
        assert (await guarded.ask("viewer", "GET", RULES)).status_code == 429
        go_on.set()
        assert (await first).status_code in (400, 422)
        assert (await guarded.ask("viewer", "GET", RULES)).status_code == 200

    run(tmp_path, scenario, requests=1)
