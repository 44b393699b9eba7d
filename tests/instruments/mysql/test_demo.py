"""The table and the statement of the platform's own example, in its database, by every driver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import mysql.connector
import MySQLdb
import pymysql
import pytest

from fairlead.policy.database import ShadowTable
from tests.instruments.mysql.shop import EXAMPLE, Shop, snapshot
from tests.instruments.plane import hooked, serving

if TYPE_CHECKING:
    from scripts.databases import Server

DATABASE = "mse-demo"
STATEMENT = "INSERT INTO mse_demo_table(location) VALUES(%s)"


@pytest.fixture
def demo(mariadb: Server) -> Iterator[Shop]:
    shop = Shop(mariadb, DATABASE)
    with shop.outside(DATABASE) as cursor:
        for suffix in ("", "_gray"):
            cursor.execute(f"DROP TABLE IF EXISTS mse_demo_table{suffix}")
            cursor.execute(EXAMPLE.format(suffix))
    yield shop
    with shop.outside(DATABASE) as cursor:
        cursor.execute("DROP TABLE mse_demo_table, mse_demo_table_gray")


def connector(**args: Any) -> Any:
    return mysql.connector.connect(**args, use_pure=True)


@pytest.mark.parametrize(
    ("library", "connect", "statement", "kind"),
    [
        ("pymysql", pymysql.connect, STATEMENT, {}),
        ("mysqlclient", MySQLdb.connect, STATEMENT, {}),
        ("mysqlconnector", connector, STATEMENT, {}),
        ("mysqlconnector", connector, STATEMENT.replace("%s", "?"), {"prepared": True}),
    ],
)
def test_the_example_writes_to_its_shadow(
    demo: Shop, library: str, connect: Callable[..., Any], statement: str, kind: dict[str, bool]
) -> None:
    """On the lane to the one table, off the lane to the other; both count from three on."""
    table = ShadowTable(
        rule="WorkloadLabelRule/gray",
        lane="gray",
        database=DATABASE,
        table="mse_demo_table",
        shadow="mse_demo_table_gray",
    )
    with hooked(demo.plane(snapshot(tables=(table,))), library):
        connection = connect(**demo.args, database=DATABASE)
        for lane in ("gray", "", "gray"):
            with serving(lane):
                cursor = connection.cursor(**kind)
                cursor.execute(statement, (lane or "base",))
                cursor.close()
                connection.commit()
        connection.close()
    assert demo.rows("mse_demo_table_gray") == [(3, "gray"), (4, "gray")]
    assert demo.rows("mse_demo_table") == [(3, "base")]
