"""Databases on a real PostgreSQL with what a lane shadows, and their rows seen from outside."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from fairlead.policy.database import Database, ShadowDatabase, ShadowTable
from fairlead.policy.snapshot import Snapshot
from fairlead.policy.workload import Workload
from tests.instruments.plane import LANES

if TYPE_CHECKING:
    from scripts.databases import Server

TABLES = ("orders", "customers")

_SCHEMA = """
DROP SCHEMA IF EXISTS public CASCADE;
CREATE SCHEMA public;
CREATE TABLE plain (id serial PRIMARY KEY, word text);
CREATE PROCEDURE add_order() LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO orders (item) VALUES ('called'); END $$;
"""
_TABLES = """
CREATE TABLE orders{0} (id serial PRIMARY KEY, item text, amount integer);
CREATE TABLE customers{0} (id integer PRIMARY KEY, name text);
"""
_ROWS = """
DELETE FROM orders{0};
DELETE FROM customers{0};
INSERT INTO orders{0} VALUES (1, '{1}', 10), (2, '{1}', 20);
INSERT INTO customers{0} VALUES (1, '{1}');
SELECT setval('orders{0}_id_seq', 2);
"""
_CHANGES = re.compile(r"(?i)\b(?:create|drop|alter)\b")


class Shop:
    """The databases of one test module: `base` with shadow tables in it, and `gray` beside it."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.base, self.gray = name, f"{name}-gray"
        self._open: dict[str, Any] = {}
        self._changed = True
        # The second one must fail where the first one is used up: SQL is not parsed on the way.
        for database in (self.base, self.gray):
            self.run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)', "postgres")
            self.run(f'CREATE DATABASE "{database}" TEMPLATE template0', "postgres")

    @property
    def args(self) -> dict[str, Any]:
        """Where the application says it connects to, in words that every driver knows."""
        server = self.server
        return {
            "host": server.host,
            "port": server.port,
            "user": server.user,
            "password": server.password,
            "database": self.base,
        }

    @property
    def dsn(self) -> str:
        """The same as a URL."""
        server = self.server
        return (
            f"postgresql://{server.user}:{server.password}@{server.host}:{server.port}/{self.base}"
        )

    def reset(self) -> None:
        """Make the tables anew: orders and customers with a row or two in each."""
        self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname"
            f" IN ('{self.base}', '{self.gray}') AND application_name <> 'outside'",
            "postgres",
        )
        for database in (self.base, self.gray):
            word, gray = ("base", True) if database == self.base else ("shadow", False)
            script = _ROWS.format("", word) + (_ROWS.format("_gray", "shadow") if gray else "")
            if self._changed:
                tables = _TABLES.format("") + (_TABLES.format("_gray") if gray else "")
                script = _SCHEMA + tables + script
            self.run("SET client_min_messages = error;" + script, database)
        self._changed = False

    def run(self, script: str, database: str = "") -> list[tuple[str | None, ...]]:
        """Run `script` from outside, by libpq itself, which no hook knows; return its last rows."""
        from psycopg import pq

        # What takes the server longest is left out where it can be.
        self._changed |= _CHANGES.search(script) is not None
        result = self._connection(database or self.base).exec_(script.encode())
        bad = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)
        assert result.status not in bad, result.error_message
        return [
            tuple(
                None if (value := result.get_value(row, column)) is None else value.decode()
                for column in range(result.nfields)
            )
            for row in range(result.ntuples)
        ]

    def close(self) -> None:
        """Close what was opened to look from outside."""
        while self._open:
            self._open.popitem()[1].finish()

    def _connection(self, database: str) -> Any:
        from psycopg import pq

        if database not in self._open:
            server = self.server
            words = {
                "host": server.host,
                "port": server.port,
                "user": server.user,
                "password": server.password or "-",
                "dbname": database,
                "application_name": "outside",
            }
            conninfo = " ".join(f"{key}='{value}'" for key, value in words.items())
            connection = pq.PGconn.connect(conninfo.encode())
            assert connection.status == pq.ConnStatus.OK, connection.error_message
            self._open[database] = connection
        return self._open[database]

    def items(self, table: str = "orders", database: str = "") -> list[str]:
        """Return what is ordered, in order."""
        return [str(row[0]) for row in self.run(f"SELECT item FROM {table} ORDER BY id", database)]

    def state(self, database: str = "", suffix: str = "") -> list[tuple[str | None, ...]]:
        """Return what a lane must leave as it is, or base: rows, their versions, sequences."""
        return [
            row
            for table in TABLES
            for row in self.run(f"SELECT xmin, t::text FROM {table}{suffix} t ORDER BY 2", database)
        ] + self.run(f"SELECT last_value, is_called FROM orders{suffix}_id_seq", database)

    def tables(self, *tables: str, lane: str = "gray", own: str = "") -> Snapshot:
        """Return a snapshot in which `lane` has a shadow for each of `tables`."""
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
                for name in tables or TABLES
            ),
        )

    def databases(self, own: str = "", source: Any = None, **shadow: Any) -> Snapshot:
        """Return a snapshot in which lane gray has a shadow database; `shadow` says where."""
        rule = ShadowDatabase(
            rule="Shadow/gray",
            lane="gray",
            source=Database(name=self.base, **(source or {})),
            shadow=Database(name=self.gray, **shadow),
        )
        return snapshot(own, databases=(rule,))


def snapshot(
    own: str = "",
    tables: tuple[ShadowTable, ...] = (),
    databases: tuple[ShadowDatabase, ...] = (),
) -> Snapshot:
    """Return a snapshot with these shadows, for an app on lane `own`."""
    return Snapshot(
        workload=Workload(app="a", lane=own),
        lanes=LANES,
        shadow_tables=tables,
        shadow_databases=databases,
    )


def without_variables() -> dict[str, str]:
    """Return the environment without what libpq reads in it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
