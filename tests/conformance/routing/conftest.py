"""A real Envoy for all cases; what needs it is skipped where ENVOY does not say where it is."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.conformance.routing.corpus import groups
from tests.conformance.routing.envoy.judge import Judge, judging

ENVOY = os.environ.get("ENVOY", "")


@pytest.fixture(scope="session")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Ask a running Envoy."""
    if not ENVOY:
        pytest.skip("make test-envoy tries it")
    with judging(ENVOY, groups(), tmp_path_factory.mktemp("envoy")) as judge:
        yield judge
