"""A shop in SQLite: two files for a shadow database, two tables in one file for shadow tables."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from fairlead.policy.snapshot import Snapshot
from tests.instruments.plane import Plane, inner

DEMO = "mse_demo_table"
"""The table of ../shared/acceptance/examples/mse-demo.sql, as SQLite spells it."""

TABLE = "CREATE TABLE {} (id INTEGER PRIMARY KEY AUTOINCREMENT, location VARCHAR(255) DEFAULT NULL)"


def database(lane: str, name: str = "shop") -> ShadowDatabase:
    """Return the shadow of the database `name` on `lane`."""
    shadow = Database(name=f"{name}_{lane}")
    return ShadowDatabase(rule="t", lane=lane, source=Database(name=name), shadow=shadow)


def table(lane: str, name: str = DEMO) -> ShadowTable:
    """Return the shadow of the table `name` in the database ``shop`` on `lane`."""
    return ShadowTable(rule="t", lane=lane, database="shop", table=name, shadow=f"{name}_{lane}")


def snapshot(*shadows: ShadowDatabase | ShadowTable, lane: str = "") -> Snapshot:
    """Return the snapshot of an instance on `lane` that has `shadows`."""
    return replace(
        inner(lane=lane),
        shadow_databases=tuple(one for one in shadows if isinstance(one, ShadowDatabase)),
        shadow_tables=tuple(one for one in shadows if isinstance(one, ShadowTable)),
    )


def plane(*shadows: ShadowDatabase | ShadowTable, lane: str = "") -> Plane:
    """Return the data plane of an instance on `lane` whose snapshot has `shadows`."""
    return Plane(snapshot(*shadows, lane=lane))


@dataclass(frozen=True)
class Shop:
    """Files in a folder; asked and filled behind everybody's back, without hooks."""

    folder: Path

    @property
    def file(self) -> Path:
        """The database of base."""
        return self.folder / "shop.db"

    def prepare(self, *scripts: str, lanes: tuple[str, ...] = ("gray", "blue")) -> None:
        """Run `scripts` in the file of base and in that of each lane."""
        for name in ("shop", *(f"shop_{lane}" for lane in lanes)):
            with closing(sqlite3.connect(self.folder / f"{name}.db")) as connection:
                connection.execute("PRAGMA journal_mode=WAL")
                for script in scripts:
                    connection.executescript(script)

    def rows(self, table: str = DEMO, name: str = "shop") -> list[Any]:
        """Return what the first column but the key says in each row of `table` in a file."""
        with closing(sqlite3.connect(self.folder / f"{name}.db")) as connection:
            return [row[1] for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1")]

    def gray(self, table: str = DEMO) -> list[Any]:
        """Return the rows in the file of gray."""
        return self.rows(table, "shop_gray")

    def whole(self, name: str = "shop") -> list[str]:
        """Return all that a file holds."""
        with closing(sqlite3.connect(self.folder / f"{name}.db")) as connection:
            return list(connection.iterdump())
