"""A control plane for the verbs to talk to, and a way to say a command line."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fairlead.cli.main import main
from tests.control.serving import Server, serving
from tests.control.telemetry.test_endpoints import Shop


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("cli") / "data") as running:
        yield running


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> str:
    """Return a namespace of the test's own."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())
    return f"{name[:40].strip('-')}-{abs(hash(request.node.nodeid)) % 100_000}"


@pytest.fixture
def shop(server: Server, namespace: str) -> Iterator[Shop]:
    """Return a namespace whose instances the test speaks for."""
    with server.client() as http:
        yield Shop(http, namespace)


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    status: int
    out: str
    err: str


Say = Callable[..., Said]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, server: Server) -> Say:
    """Return a function that runs a command line against the server."""
    monkeypatch.setenv("FAIRLEAD_CONTROL", server.url)

    def run(*words: str | Path, stdin: bytes = b"") -> Said:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = main([str(word) for word in words])
        captured = capsys.readouterr()
        return Said(status, captured.out, captured.err)

    return run
