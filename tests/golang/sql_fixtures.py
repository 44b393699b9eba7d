"""The Go program of the tests of SQL, built once, and a control plane for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.control.serving import Server, serving
from tests.golang.asking import TOOLCHAINS
from tests.golang.ledger import built


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, by the newest toolchain."""
    if not TOOLCHAINS:
        pytest.skip("make test-go builds Go programs that use databases")
    return built(TOOLCHAINS[-1], tmp_path_factory.mktemp("ledger"), "--strict")


@pytest.fixture(scope="module")
def server(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A control plane, whose directory is the program's home too."""
    del program
    with serving(tmp_path_factory.mktemp("control") / "data") as running:
        yield running


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> str:
    """One of the test's own."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    return f"{name[:50].strip('-')}-{abs(hash(request.node.nodeid)) % 100_000}"
