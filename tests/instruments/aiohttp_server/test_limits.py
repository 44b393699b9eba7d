"""Handlers of aiohttp's server ask the limits of their resource, inside all middlewares."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import WSServerHandshakeError, web

from fairlead.policy.fallback import Fallback
from fairlead.telemetry.names import AGENT_FAULTS, RATE_LIMITED
from tests.instruments.aiohttp_server.servers import application, asked, running
from tests.instruments.gates import REDIRECT, UNAVAILABLE, allow, enforce, hot, rate
from tests.instruments.limits import BUSY, limit
from tests.instruments.plane import Plane

NAME = web.AppKey("name", str)


async def fine(request: web.Request) -> web.Response:
    return web.Response(text="fine")


class Things(web.View):
    """Methods of a class."""

    async def get(self) -> web.Response:
        return web.Response(text="things")

    async def post(self) -> web.Response:
        return web.Response(text="posted")


def shop(files: Path | None = None, **options: Any) -> web.Application:
    """Return an application with what real ones have: mounts within mounts, files, classes."""
    app = application(
        web.get("/greet1a", fine),
        web.post("/orders/{number}", fine),
        web.get(r"/orders/{number:\d{1,4}}", fine),
        web.get("/größe", fine),
        web.view("/things", Things),
        web.get("/ws", opened),
        **options,
    )
    app.router.add_route("*", "/any/{tail:.*}", fine)
    if files is not None:
        app.router.add_static("/files", files)
    api, admin = web.Application(), web.Application()
    admin.router.add_get("/users/{id}", fine)
    api.add_subapp("/admin", admin)
    api.router.add_get("/items", fine)
    app.add_subapp("/api", api)
    return app


async def opened(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    return socket


@pytest.mark.parametrize("middlewares", [False, True])
def test_a_limited_handler_answers_what_is_configured(plane: Plane, middlewares: bool) -> None:
    """S0-24. A browser may read it: what is put around handlers finishes it like any answer."""
    seen: list[int] = []

    @web.middleware
    async def cors(request: web.Request, handler: Any) -> web.StreamResponse:
        answer: web.StreamResponse = await handler(request)
        answer.headers["Access-Control-Allow-Origin"] = "*"
        seen.append(answer.status)
        return answer

    limit(plane, "/greet1a")
    answer = asked(shop(middlewares=[cors] if middlewares else []), "/greet1a")
    assert (answer.status, answer.body) == (429, "you are in the queue")
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["x-why"] == "busy"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers.get("access-control-allow-origin") == ("*" if middlewares else None)
    assert seen == ([429] if middlewares else [])
    assert plane.counted(RATE_LIMITED) == {"GET:/greet1a": 1}


def test_without_an_answer_of_its_own_it_says_which_resource_is_limited(plane: Plane) -> None:
    """Contract 23; and HEAD, which is GET, has no body."""
    limit(plane, "/greet1a", fallback=Fallback())
    answer = asked(shop(), "/greet1a")
    assert (answer.body, answer.headers["retry-after"]) == ("rate limited: GET:/greet1a", "1")
    head = asked(shop(), "/greet1a", method="HEAD")
    assert (head.status, head.body) == (429, "")


@pytest.mark.parametrize("fallback", [REDIRECT, UNAVAILABLE])
def test_an_answer_is_what_its_author_wants(plane: Plane, fallback: Fallback) -> None:
    """Also a redirect, or a text that is no plain one."""
    limit(plane, "/greet1a", fallback=fallback)
    answer = asked(shop(), "/greet1a")
    assert (answer.status, answer.body) == (fallback.status, fallback.body)
    assert all(answer.headers[name.lower()] == value for name, value in fallback.headers)


@pytest.mark.parametrize(
    ("resource", "path", "method"),
    [
        ("POST:/orders/{number}", "/orders/1", "POST"),
        ("GET:/orders/{number}", "/orders/17", "GET"),
        ("/größe", "/gr%C3%B6%C3%9Fe", "GET"),
        ("GET:/things", "/things", "GET"),
        ("PUT:/any/{tail}", "/any/a/b", "PUT"),
        ("GET:/files/{filename}", "/files/a.txt", "GET"),
        ("GET:/api/items", "/api/items", "GET"),
        ("GET:/api/admin/users/{id}", "/api/admin/users/7", "GET"),
        ("404", "/admin.php", "GET"),
        ("404", "/api/nothing", "GET"),
    ],
)
def test_a_resource_is_called_by_its_template_with_its_prefixes(
    plane: Plane, tmp_path: Path, resource: str, path: str, method: str
) -> None:
    """However aiohttp spells the variables, and however deep it is mounted."""
    (tmp_path / "a.txt").write_text("a")
    app = shop(tmp_path)
    limit(plane, resource)
    assert asked(app, path, method=method).status == 429
    assert plane.counted(RATE_LIMITED) == {
        resource if ":/" in resource or resource == "404" else f"{method}:{resource}": 1
    }
    assert plane.counted(AGENT_FAULTS) == {}


def test_others_are_not_limited_with_it(plane: Plane) -> None:
    """Neither another method, nor what routing has answered already."""
    limit(plane, "404", "GET:/orders/{number}", "/greet1a")
    assert asked(shop(), "/orders/1", method="POST").status == 200
    assert asked(shop(), "/greet1a", method="DELETE").status == 405
    assert asked(shop(), "/api/items").status == 200


def test_a_request_counts_once_however_deep_it_is_mounted(plane: Plane) -> None:
    """Each application around it has its own middleware."""
    limit(plane, "/api/admin/users/{id}", "/api/items", threshold=1)
    assert [asked(shop(), "/api/admin/users/1").status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("middlewares", [(), ("outer",), ("inner",), ("outer", "inner")])
def test_each_part_of_an_application_is_itself_to_what_runs_in_it(
    plane: Plane, middlewares: tuple[str, ...]
) -> None:
    """`request.app` is the application that a handler or a middleware was added to."""
    seen: list[tuple[str, str]] = []

    def noting(name: str) -> Any:
        @web.middleware
        async def middleware(request: web.Request, handler: Any) -> web.StreamResponse:
            seen.append((name, request.app[NAME]))
            answer: web.StreamResponse = await handler(request)
            return answer

        return [middleware] if name in middlewares else []

    async def named(request: web.Request) -> web.Response:
        return web.Response(text=request.app[NAME])

    outer, inner, innermost = (
        web.Application(middlewares=noting(name)) for name in ("outer", "inner", "innermost")
    )
    for app, name in ((outer, "outer"), (inner, "inner"), (innermost, "innermost")):
        app[NAME] = name
        app.router.add_get("/", named)
    inner.add_subapp("/b", innermost)
    outer.add_subapp("/a", inner)

    async def main() -> None:
        async with running(outer) as server:
            bodies = [(await server.ask(path)).body for path in ("/", "/a/", "/a/b/")]
            assert bodies == ["outer", "inner", "innermost"]
            limit(plane, "/a/b/")
            assert (await server.ask("/a/b/")).status == 429

    asyncio.run(main())
    assert {name for name, _ in seen} == set(middlewares)
    assert all(name == app for name, app in seen)


def test_a_method_of_the_applications_own_is_found_by_rules_that_come_later(plane: Plane) -> None:
    """Methods that are unusual share a name until a rule names them."""

    async def main() -> None:
        async with running(application(web.route("PROPFIND", "/a", fine))) as server:
            limit(plane, "/b")
            assert (await server.ask("/a", "PROPFIND")).status == 200
            limit(plane, "PROPFIND:/a")
            assert (await server.ask("/a", "PROPFIND")).status == 429

    asyncio.run(main())


def test_a_browsers_question_is_no_request(plane: Plane) -> None:
    """A refusal would never be seen."""
    limit(plane, "/any/{tail}")
    question = [("Origin", "https://a"), ("Access-Control-Request-Method", "GET")]
    assert asked(shop(), "/any/x", question, method="OPTIONS").status == 200
    assert asked(shop(), "/any/x", method="OPTIONS").status == 429


def test_a_handshake_is_refused_with_the_same_answer(plane: Plane) -> None:
    """Its client can read why."""
    limit(plane, "GET:/ws")

    async def main() -> None:
        async with running(shop()) as server:
            with pytest.raises(WSServerHandshakeError) as refused:
                await server.session.ws_connect(server.url("/ws"))
            assert refused.value.status == BUSY.status

    asyncio.run(main())


@pytest.mark.parametrize(
    ("source", "name", "change"),
    [
        ("header", "x-user", {"headers": [("x-user", "other")]}),
        ("cookie", "user", {"headers": [("cookie", "user=other")]}),
        ("query", "user", {"path": "/orders/1?user=other"}),
        ("path", "number", {"path": "/orders/2?user=one"}),
        ("path", "0", {"path": "/orders/2?user=one"}),
        ("client-ip", "", None),
    ],
)
def test_a_rule_may_count_by_a_part_of_the_request(
    plane: Plane, source: str, name: str, change: dict[str, Any] | None
) -> None:
    """S2-20: each value has its own count."""
    enforce(plane, hot("/orders/{number}", source, name))
    plain: dict[str, Any] = {
        "path": "/orders/1?user=one",
        "headers": [("x-user", "one"), ("cookie", "user=one")],
    }
    assert [asked(shop(), **plain).status for _ in range(2)] == [200, 429]
    if change is not None:
        assert asked(shop(), **{**plain, **change}).status == 200


def test_a_rule_may_ask_who_calls(plane: Plane) -> None:
    """Who is named in its header, as far as the mesh believes it."""
    enforce(plane, allow("/greet1a", "cart"))
    assert asked(shop(), "/greet1a", [("fairlead-caller", "cart")]).status == 200
    assert asked(shop(), "/greet1a", [("fairlead-caller", "other")]).status != 200


def test_every_route_is_known(plane: Plane, tmp_path: Path) -> None:
    """A rule that names one of them is never called misspelt."""
    known = [
        "/greet1a",
        "HEAD:/greet1a",
        "POST:/orders/{number}",
        "PUT:/any/{tail}",
        "/files/{filename}",
        "POST:/things",
        "/api/items",
        "GET:/api/admin/users/{id}",
    ]
    app = shop(tmp_path)
    asked(app)
    enforce(plane, *(rate(one, 1) for one in [*known, "GET:/greet1b"]))
    assert plane.interfaces.unmatched(plane.engine.plan.snapshot.flow) == {
        "GET:/greet1b": "GET:/greet1a"
    }


def test_an_answer_that_cannot_be_made_is_a_fault_of_ours(
    plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F43: the request passes."""
    monkeypatch.setattr(
        "fairlead.instruments.libs.aiohttp_server.headers_of", lambda refusal: 1 / 0
    )
    limit(plane, "/greet1a")
    assert asked(shop(), "/greet1a").status == 200
    assert plane.counted(AGENT_FAULTS) == {"aiohttp.web": 1}


def test_rules_that_come_later_are_in_force_at_once(plane: Plane) -> None:
    """Applications settle their middlewares before anybody has a rule."""

    async def main() -> None:
        async with running(shop()) as server:
            assert (await server.ask("/greet1a")).status == 200
            limit(plane, "/greet1a")
            assert (await server.ask("/greet1a")).status == 429
            limit(plane)
            assert (await server.ask("/greet1a")).status == 200

    asyncio.run(main())
