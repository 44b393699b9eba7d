"""The runtime is asked where there is a toolchain: `make test-go` says which."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.servers import Control, control_plane
from tests.golang.asking import FEW, TOOLCHAINS, Runtime
from tests.golang.wired import Wires, build

PARAMS: list[Path | None] = [*TOOLCHAINS] or [None]
FEW_PARAMS: list[Path | None] = [*(TOOLCHAINS or FEW)] or [None]


@pytest.fixture(scope="session")
def runtime(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """Ask the Go runtime."""
    found = Runtime(go, tmp_path_factory.mktemp("runtime"))
    yield found
    found.close()


@pytest.fixture(scope="session", params=PARAMS, ids=lambda path: path and path.name)
def go(request: pytest.FixtureRequest) -> Path:
    """Return a toolchain's folder."""
    if request.param is None:
        pytest.skip("make test-go tries it, with toolchains of Go")
    return Path(request.param)


@pytest.fixture(scope="session", params=FEW_PARAMS, ids=lambda path: path and path.name)
def few(request: pytest.FixtureRequest) -> Path:
    """Return the folder of a toolchain, in `make test` too."""
    if request.param is None:
        pytest.skip("no toolchain of Go could be fetched")
    return Path(request.param)


@pytest.fixture(scope="session")
def wired_program(go: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a program with the runtime, under the race detector where that can be had."""
    return build(go, tmp_path_factory.mktemp("wired"), "-race")


@pytest.fixture
def wires(wired_program: Path, tmp_path: Path) -> Iterator[Wires]:
    """Start processes of that program; none may have found a data race."""
    found = Wires(wired_program, tmp_path)
    yield found
    found.stop()


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    """Run a control plane."""
    with control_plane(tmp_path) as running:
        yield running
