"""A snapshot whose parts contradict each other is refused whole."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from fairlead.policy.snapshot import InvalidSnapshot, Snapshot

TABLE = ShadowTable(rule="r", lane="gray", database="d", table="t", shadow="t_gray")
DATABASE = ShadowDatabase(
    rule="r", lane="gray", source=Database(name="d"), shadow=Database(name="d_gray")
)


def test_shadows_that_agree_are_taken() -> None:
    """One table may have a shadow on each lane, and one name may be in two databases."""
    Snapshot(
        shadow_tables=(
            TABLE,
            dataclasses.replace(TABLE, lane="blue"),
            dataclasses.replace(TABLE, database="e"),
        ),
        shadow_databases=(DATABASE, dataclasses.replace(DATABASE, lane="blue")),
    ).check()


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (
            {"shadow_tables": (TABLE, dataclasses.replace(TABLE, shadow="x"))},
            "table has two shadows",
        ),
        (
            {
                "shadow_databases": (
                    DATABASE,
                    dataclasses.replace(DATABASE, shadow=Database(name="x")),
                )
            },
            "database has two shadows",
        ),
        ({"shadow_tables": (dataclasses.replace(TABLE, lane=""),)}, "base has none"),
        ({"shadow_databases": (dataclasses.replace(DATABASE, lane=""),)}, "base has none"),
        ({"shadow_tables": (dataclasses.replace(TABLE, shadow="t"),)}, "its own shadow"),
        (
            {"shadow_databases": (dataclasses.replace(DATABASE, shadow=Database(name="d")),)},
            "its own shadow",
        ),
    ],
)
def test_shadows_that_leave_open_where_a_write_goes_are_refused(
    parts: dict[str, Any], reason: str
) -> None:
    """A write of a lane must have one place to go to, and that place is never base's."""
    with pytest.raises(InvalidSnapshot, match=reason):
        Snapshot(**parts).check()
