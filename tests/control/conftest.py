"""One server for the tests that only talk to it; each has a namespace of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.control.serving import Server, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("shared") / "data") as running:
        yield running


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    return f"{name[:50].strip('-')}-{abs(hash(request.node.nodeid)) % 100_000}"
