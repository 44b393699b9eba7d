"""The servers of the differential tests: two of each kind, started when first asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.databases import missing
from tests.sql.differential.pairs import KINDS, Pairs


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pairs]:
    """Pairs of copies of a database, and the servers that they are on."""
    pairs = Pairs(tmp_path_factory.mktemp("differential"))
    yield pairs
    pairs.close()


@pytest.fixture
def pairs(servers: Pairs, request: pytest.FixtureRequest) -> Pairs:
    """Pairs of copies; what a server needs is unpacked for whoever starts pytest by hand."""
    dialect = request.getfixturevalue("dialect")
    if dialect in KINDS and missing(KINDS[dialect]):
        request.getfixturevalue(KINDS[dialect])
    return servers
