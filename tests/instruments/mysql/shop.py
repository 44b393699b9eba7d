"""Databases on a real MariaDB with what a lane shadows, and a look at their rows from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlead.flow.database import Shadows
from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.instruments.plane import LANES, Plane

if TYPE_CHECKING:
    from scripts.databases import Server

EXAMPLE = (
    "CREATE TABLE `mse_demo_table{}` (`id` int NOT NULL AUTO_INCREMENT,"
    " `location` varchar(255) DEFAULT NULL, PRIMARY KEY (`id`))"
    " ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb3"
)
"""The tables of shared/acceptance/examples/mse-demo.sql."""

_TABLES = (
    "CREATE TABLE orders{} (id INT AUTO_INCREMENT PRIMARY KEY, item VARCHAR(9), amount INT)",
    "CREATE TABLE customers{} (id INT PRIMARY KEY, name VARCHAR(40))",
)
_ROWS = (
    "INSERT INTO orders{0} VALUES (1, '{1}', 10), (2, '{1}', 20)",
    "INSERT INTO customers{0} VALUES (1, '{1}')",
)


class Shop:
    """The databases of one test module, made anew by `reset`."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.base, self.gray, self.other = name, f"{name}-gray", f"{name}_other"
        self.args: dict[str, Any] = {
            "host": server.host,
            "port": server.port,
            "user": server.user,
            "password": server.password,
        }

    def create(self) -> None:
        """Make the databases: base with a shadow beside each table, its shadow, and one more."""
        with self.outside() as cursor:
            for name in (self.base, self.gray, self.other):
                cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")
                cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
                cursor.execute(f"USE `{name}`")
                for suffix in self._suffixes(name):
                    for table in (*_TABLES, EXAMPLE):
                        cursor.execute(table.format(suffix))
            cursor.execute(f"USE `{self.base}`")
            cursor.execute("CREATE TABLE plain (id INT AUTO_INCREMENT PRIMARY KEY, word TEXT)")
            cursor.execute(
                "CREATE PROCEDURE add_order(n INT) INSERT INTO orders (amount) VALUES (n)"
            )

    def reset(self) -> None:
        """Leave orders and customers with a row or two in each, and everything else empty."""
        with self.outside() as cursor:
            for name, table, number in self._numbered(cursor):
                # Emptying is dear: only where a test has used a number up.
                used = number not in ((3,) if table.startswith("orders") else (None, 1))
                cursor.execute(f"{'TRUNCATE' if used else 'DELETE FROM'} `{name}`.{table}")
            for name in (self.base, self.gray, self.other):
                cursor.execute(f"USE `{name}`")
                for suffix in self._suffixes(name):
                    word = "shadow" if suffix or name == self.gray else "base"
                    for rows in _ROWS:
                        cursor.execute(rows.format(suffix, word))

    def _numbered(self, cursor: Any) -> list[tuple[str, str, int | None]]:
        cursor.execute(
            "SELECT table_schema, table_name, auto_increment FROM information_schema.tables"
            " WHERE table_schema IN (%s, %s, %s)",
            (self.base, self.gray, self.other),
        )
        return list(cursor.fetchall())

    def drop(self) -> None:
        """Leave nothing behind."""
        with self.outside() as cursor:
            for name in (self.base, self.gray, self.other):
                cursor.execute(f"DROP DATABASE IF EXISTS `{name}`")

    def _suffixes(self, name: str) -> tuple[str, ...]:
        return ("", "_gray") if name == self.base else ("",)

    @contextmanager
    def outside(self, database: str | None = None) -> Iterator[Any]:
        """Give a cursor that no hook knows: the raw protocol, by hand."""
        from pymysql.connections import Connection

        connect = getattr(Connection.connect, "__wrapped__", Connection.connect)
        connection = Connection(**self.args, defer_connect=True, autocommit=True, database=database)
        connect(connection)
        assert "fairlead" not in vars(connection)
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()

    def rows(self, table: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of `table`, in order."""
        with self.outside(database or self.base) as cursor:
            cursor.execute(f"SELECT * FROM `{table}` ORDER BY 1")
            return list(cursor.fetchall())

    def count(self, table: str, database: str | None = None) -> int:
        return len(self.rows(table, database))

    def checksums(self, database: str | None = None, suffix: str = "") -> dict[str, int]:
        """Return the checksum of each table: what a lane must leave as it is, or base."""
        found = {}
        with self.outside(database or self.base) as cursor:
            for table in ("orders", "customers", "mse_demo_table"):
                cursor.execute(f"CHECKSUM TABLE `{table}{suffix}`")
                found[table] = cursor.fetchone()[1]
        return found

    def tables(self, *tables: str, lane: str = "gray", own: str = "") -> Snapshot:
        """Return a snapshot in which `lane` has a shadow for each of `tables`."""
        names = tables or ("orders", "customers", "mse_demo_table")
        return snapshot(
            own,
            tables=tuple(
                ShadowTable(
                    rule=f"WorkloadLabelRule/{lane}-{name}",
                    lane=lane,
                    database=self.base,
                    table=name,
                    shadow=f"{name}_{lane}",
                )
                for name in names
            ),
        )

    def database(self, own: str = "", **shadow: Any) -> Snapshot:
        """Return a snapshot in which lane gray has a shadow database; `shadow` says where."""
        rule = ShadowDatabase(
            rule="Shadow/gray",
            lane="gray",
            source=Database(name=self.base),
            shadow=Database(name=self.gray, **shadow),
        )
        return snapshot(own, databases=(rule,))

    def plane(self, snapshot: Snapshot) -> Plane:
        """Return a data plane that enforces `snapshot`."""
        plane = Plane(snapshot)
        assert plane.engine.plan.shadows != Shadows()
        return plane


def snapshot(
    own: str = "",
    tables: tuple[ShadowTable, ...] = (),
    databases: tuple[ShadowDatabase, ...] = (),
) -> Snapshot:
    return Snapshot(
        workload=Workload(app="a", lane=own),
        lanes=LANES,
        shadow_tables=tables,
        shadow_databases=databases,
    )


def secret_file(directory: Path, text: str) -> str:
    """Return where a rule says the password `text` is."""
    path = directory / "password"
    path.write_text(text + "\n")
    return f"file:{path}"


@contextmanager
def shop_for(server: Server, name: str) -> Iterator[Shop]:
    """Give a shop for the time being."""
    shop = Shop(server, name)
    shop.create()
    try:
        yield shop
    finally:
        shop.drop()
