"""Versions of MySQL's drivers that nobody tried are skipped, and say so."""

from __future__ import annotations

from importlib import import_module

import pytest

from fairlead.instruments.hooking import _reason_to_skip


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
        assert _reason_to_skip(instrument, version, frozenset()).startswith("works with ")
    assert _reason_to_skip(instrument, instrument.VERSIONS[0], frozenset()) == ""
