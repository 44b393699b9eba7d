"""A control plane for services beside sidecars."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.proxy.hosts import Hosts
from tests.control.serving import serving


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """Run a control plane."""
    folder = tmp_path_factory.mktemp("sidecar")
    with serving(folder / "data", xds="127.0.0.1:0") as server:
        yield Hosts(server, folder)
