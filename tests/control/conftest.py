"""One server for the tests that only talk to it; each has a namespace of its own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.control.kubectl import Kubectl
from tests.control.serving import Server, serving

KUBECTL = Path(__file__).resolve().parents[2] / "scripts" / "kubectl.sh"


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


@pytest.fixture(scope="session")
def program() -> str:
    if given := os.environ.get("KUBECTL"):
        return given
    found = subprocess.run([KUBECTL], check=False, capture_output=True, text=True, timeout=900)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()


@pytest.fixture
def kubectl(server: Server, program: str, namespace: str, tmp_path: Path) -> Kubectl:
    return Kubectl(program, server.url, namespace, tmp_path / "home")
