"""Shadows by lane, and which connection is meant by one."""

from __future__ import annotations

import pytest

from fairlead.flow.database import Shadows, databases_of
from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from fairlead.policy.snapshot import Snapshot

ORDERS = ShadowTable(
    rule="WorkloadLabelRule/orders",
    lane="gray",
    database="shop",
    table="orders",
    shadow="orders_gray",
)
SHOP = ShadowDatabase(
    rule="Shadow/shop",
    lane="blue",
    source=Database(name="shop", host="db.local", port=3306),
    shadow=Database(name="shop", host="shadow.local", port=3307, user="s", password="env:S"),
)
SAME_SERVER = ShadowDatabase(
    rule="WorkloadLabelRule/shop",
    lane="blue",
    source=Database(name="stock"),
    shadow=Database(name="stock_blue"),
)


def shadows() -> Shadows:
    return Shadows.of(
        Snapshot(shadow_tables=(ORDERS,), shadow_databases=(SHOP, SAME_SERVER)),
    )


def test_each_lane_has_its_own_shadows() -> None:
    """A blue request must not be led to gray rows."""
    by_lane = shadows().by_lane
    assert by_lane["gray"].tables == (ORDERS,)
    assert by_lane["gray"].databases == ()
    assert by_lane["blue"].tables == ()
    assert by_lane["blue"].databases == (SHOP, SAME_SERVER)


def test_base_and_a_lane_without_a_rule_have_none() -> None:
    """Whoever looks one up finds nothing, and the statement passes as it is."""
    assert shadows().by_lane.keys() == {"blue", "gray"}
    assert Shadows.of(Snapshot()).by_lane == {}


def test_shadows_of_equal_rules_are_equal() -> None:
    """What was worked out for a statement stays when a snapshot changes something else."""
    assert shadows().by_lane["gray"] == shadows().by_lane["gray"]
    assert hash(shadows().by_lane["gray"]) == hash(shadows().by_lane["gray"])


@pytest.mark.parametrize(
    ("name", "host", "port", "found"),
    [
        ("shop", "db.local", 3306, SHOP),
        ("shop", "DB.local", 3306, SHOP),
        ("shop", "db.local", 3307, None),
        ("shop", "other.local", 3306, None),
        ("other", "db.local", 3306, None),
        ("stock", "anywhere", 1, SAME_SERVER),
        ("stock_blue", "anywhere", 1, None),
    ],
)
def test_a_database_is_meant_by_its_name_and_where_given_by_host_and_port(
    name: str, host: str, port: int, found: ShadowDatabase | None
) -> None:
    """Two servers may each have a database of one name."""
    assert shadows().by_lane["blue"].database(name, host, port) == found


def test_this_host_is_one_host_however_it_is_spelt() -> None:
    """An endpoint says 127.0.0.1, and the application says localhost or uses a socket."""
    local = ShadowDatabase(
        rule="Shadow/s",
        lane="blue",
        source=Database(name="a", host="127.0.0.1"),
        shadow=SHOP.shadow,
    )
    lane = Shadows.of(Snapshot(shadow_databases=(local,))).by_lane["blue"]
    assert [lane.database("a", host, 1) for host in ("", "localhost", "::1")] == [local] * 3
    assert lane.database("a", "elsewhere", 1) is None


def test_databases_with_shadow_tables_are_told() -> None:
    """A connection to any other database need not be looked at."""
    assert databases_of([ORDERS]) == {"shop"}
