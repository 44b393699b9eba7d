"""A real Envoy for all cases; without ENVOY, which says where it is, it is asked nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.conformance.routing.corpus import groups
from tests.conformance.routing.envoy.judge import Judge, judging

ENVOY = os.environ.get("ENVOY", "")
collect_ignore = [] if ENVOY else ["test_envoy.py"]


@pytest.fixture(scope="session")
def envoy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    """Ask a running Envoy."""
    with judging(ENVOY, groups(), tmp_path_factory.mktemp("envoy")) as judge:
        yield judge
