"""Control planes that real Envoys follow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.proxy.following import sidecar
from tests.cli.proxy.hosts import Hosts
from tests.control.serving import serving

__all__ = ["hosts", "sidecar"]


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """Run a control plane for services beside sidecars."""
    folder = tmp_path_factory.mktemp("sidecar")
    with serving(folder / "data", xds="127.0.0.1:0") as server:
        yield Hosts(server, folder)
