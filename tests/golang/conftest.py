"""The runtime is asked where there is a toolchain: `make test-go` says which."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golang.asking import TOOLCHAINS, Runtime

PARAMS: list[Path | None] = [*TOOLCHAINS] or [None]


@pytest.fixture(scope="session", params=PARAMS, ids=lambda path: path and path.name)
def runtime(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runtime]:
    """Ask the Go runtime."""
    if request.param is None:
        pytest.skip("make test-go asks the Go runtime")
    found = Runtime(request.param, tmp_path_factory.mktemp("runtime"))
    yield found
    found.close()
