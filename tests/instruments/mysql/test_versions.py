"""Versions of MySQL's drivers that nobody tried are skipped, and say so."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from fairlead.instruments.hooking import reason_to_skip


def _skipped(instrument: Any, version: str) -> str:
    return reason_to_skip(instrument.LIBRARY, instrument.VERSIONS, version, frozenset())


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("pymysql", "0.9.3", "2.0"),
        ("aiomysql", "0.0.22", "1.0"),
        ("mysqlclient", "1.4.6", "3.0"),
        ("mysqlconnector", "8.0.23", "27.1"),
        ("mysqlconnector_aio", "9.1.0", "27.1"),
    ],
)
def test_a_version_that_was_not_tried_is_skipped(name, old, new):
    """Its process is sent no call of a lane with shadows, until somebody tries it."""
    instrument = import_module(f"fairlead.instruments.libs.{name}")
    for version in (old, new):
        assert _skipped(instrument, version).startswith("works with ")
    assert _skipped(instrument, instrument.VERSIONS[0]) == ""
