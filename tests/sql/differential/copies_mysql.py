"""Copies of a MySQL database: databases of one name on two servers."""

from __future__ import annotations

from typing import Any

import pymysql
from pymysql.constants import CLIENT, COMMAND

from tests.sql.differential.copies import Copy, ServerDied, State, split
from tests.sql.differential.statement import Statement

_LOST = (0, 2006, 2013)
"""PyMySQL's codes for a server that is gone, and for a connection that was closed by that."""


class MysqlCopy(Copy):
    """A database ``shop`` on the server that `server`, arguments of ``connect``, leads to."""

    dialect = "mysql"

    def __init__(self, script: str, server: dict[str, Any], *, whole: bool = False) -> None:
        """Take a `script`; one that is `whole` makes its databases itself."""
        super().__init__(script)
        self._server, self._whole = server, whole

    def build(self) -> None:
        connection = pymysql.connect(**self._server, client_flag=CLIENT.MULTI_STATEMENTS)
        with connection.cursor() as cursor:
            if not self._whole:
                cursor.execute("DROP DATABASE IF EXISTS shop")
                cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
                cursor.execute("USE shop")
            for text in split(self.script):
                cursor.execute(text)
        connection.commit()
        connection.close()
        self.connect()
        self._look()

    def _look(self) -> None:
        found = self.ask(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop'"
            " AND table_type = 'BASE TABLE' ORDER BY table_name"
        )
        self.tables = tuple(name for (name,) in found)

    def open(self) -> Any:
        return pymysql.connect(**self._server, database="shop", autocommit=False)

    def django(self) -> dict[str, Any]:
        return {
            "NAME": "shop",
            "HOST": self._server.get("unix_socket") or self._server.get("host", ""),
            "PORT": self._server.get("port", ""),
            "USER": self._server.get("user", ""),
            "PASSWORD": self._server.get("password", ""),
        }

    def connect(self) -> None:
        self.connection = self.open()
        self.ask("SET SESSION innodb_lock_wait_timeout = 5")

    def close(self) -> None:
        if self.connection.open:
            self.connection.close()

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        # What Connection.query does, under whatever is hooked.
        connection = self.connection
        connection._execute_command(COMMAND.COM_QUERY, query)
        connection._read_query_result()
        result = connection._result
        return list(result.rows or ())

    def state(self) -> State:
        # In the view of the transaction, and without regard to the order of rows.
        found = self.ask(f"CHECKSUM TABLE {', '.join(map(self.name, self.tables))}")
        return dict(zip(self.tables, (str(checksum) for _, checksum in found), strict=True))

    def begin(self) -> None:
        return

    def execute(self, cursor: Any, text: str, statement: Statement) -> None:
        if statement.rows is not None:
            cursor.executemany(text, statement.rows)
        else:
            cursor.execute(text, statement.args)

    def failed(self, error: Exception) -> str:
        if not isinstance(error, pymysql.Error | pymysql.Warning):
            raise error
        if error.args and error.args[0] in _LOST:
            raise ServerDied(str(error)) from error
        return f"{type(error).__name__}: {error}"

    def name(self, table: str) -> str:
        return f"`shop`.`{table}`"
