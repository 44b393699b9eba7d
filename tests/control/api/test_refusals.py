"""A refusal is read by the client it is for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from fairlead.control.api import routes
from fairlead.control.app import ControlPlane
from fairlead.control.clocks import Clocks
from fairlead.control.settings import Settings
from fairlead.control.store import MemoryStore
from tests.control.serving import API

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("POST", "/api/v1/namespaces/default/events", 405),
        ("DELETE", "/apis/fairlead.io/v1alpha1/namespaces/default/instances/a", 405),
        ("POST", f"{API}/namespaces/default/unknowns", 404),
        ("POST", "/nowhere", 404),
        ("POST", "/version", 405),
        ("PATCH", f"{API}/namespaces/default/trafficlanes/a", 415),
        ("POST", f"{API}/namespaces/default/trafficlanes", 400),
    ],
)
def test_the_body_of_a_refused_request_is_taken_in_first(
    tmp_path: Path, method: str, path: str, code: int
) -> None:
    """Hung up on while it still sends, a client reads 'connection reset' and not the reason."""
    taken: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        for part in (b'{"kind":', b"1}"):
            taken.append(part)
            yield part

    async def scenario() -> None:
        plane = ControlPlane(MemoryStore(), Settings(data_dir=tmp_path), Clocks())
        transport = httpx.ASGITransport(app=plane.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            answer = await http.request(method, path, content=body(), headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (code, code)
        assert b"".join(taken) == b'{"kind":1}'

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "host", "code"),
    [
        ("/healthz", "localhost", 200),
        (f"{API}/trafficlanes", "localhost", 200),
        ("/nowhere", "localhost", 404),
        ("/healthz", "example.org", 403),
        ("/version", "localhost", 500),
    ],
)
def test_no_answer_is_taken_for_a_page(
    tmp_path: Path, path: str, host: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser believes the type that is said, of what people wrote as well."""

    async def fail(_: Request) -> Response:
        raise RuntimeError

    async def scenario() -> None:
        if code == 500:
            monkeypatch.setattr(routes, "_version", fail)
        plane = ControlPlane(MemoryStore(), Settings(data_dir=tmp_path), Clocks())
        transport = httpx.ASGITransport(app=plane.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
            answer = await http.get(path)
        assert answer.status_code == code
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]

    asyncio.run(scenario())


def test_a_body_without_end_is_not_waited_for(tmp_path: Path) -> None:
    """Whoever sends for good is hung up on after all."""
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 65_536

    async def scenario() -> None:
        plane = ControlPlane(MemoryStore(), Settings(data_dir=tmp_path), Clocks())
        transport = httpx.ASGITransport(app=plane.app)
        async with (
            asyncio.timeout(10),
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
        ):
            answer = await http.request("POST", "/nowhere", content=body())
        assert answer.status_code == 404
        assert taken < 100

    asyncio.run(scenario())
