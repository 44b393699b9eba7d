"""Two copies of a database, on servers that are started when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from scripts.databases import Kind, Server, running
from tests.sql.differential.agent import agent
from tests.sql.differential.copies import Copy
from tests.sql.differential.harness import EVERY, Harness

KINDS: dict[str, Kind] = {"mysql": "mariadb", "postgres": "postgres"}


class Pairs:
    """Makes pairs of copies; its servers run until it is closed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._servers: dict[str, list[dict[str, Any]]] = {}
        self._made = 0

    def close(self) -> None:
        """End the servers."""
        self._stack.close()

    def pair(self, dialect: str, script: str, *, whole: bool = False) -> tuple[Copy, Copy]:
        """Return two copies that `script` makes; a `whole` one makes its databases too."""
        if dialect == "sqlite":
            from tests.sql.differential.copies_sqlite import SqliteCopy

            self._made += 1
            folder = self._folder / f"sqlite-{self._made}"
            return SqliteCopy(script, folder / "agent"), SqliteCopy(script, folder / "hand")
        agent, hand = self._running(dialect)
        if dialect == "mysql":
            from tests.sql.differential.copies_mysql import MysqlCopy

            return MysqlCopy(script, agent, whole=whole), MysqlCopy(script, hand, whole=whole)
        from tests.sql.differential.copies_postgres import PostgresCopy

        return PostgresCopy(script, agent), PostgresCopy(script, hand)

    def forget(self, dialect: str) -> None:
        """Use new servers from here on: one of `dialect` has died."""
        self._servers.pop(dialect, None)

    def _running(self, dialect: str) -> list[dict[str, Any]]:
        """Return how to connect to the two servers of `dialect`."""
        if dialect not in self._servers:
            self._made += 1
            self._servers[dialect] = [
                _arguments(self._stack.enter_context(running(KINDS[dialect], self._folder / name)))
                for name in (f"agent-{self._made}", f"hand-{self._made}")
            ]
        return self._servers[dialect]

    @contextmanager
    def harness(
        self, dialect: str, script: str, *, whole: bool = False, every: int = EVERY
    ) -> Iterator[Harness]:
        """Hook the driver of `dialect`, and compare two copies that `script` makes."""
        copies = self.pair(dialect, script, whole=whole)
        copies[1].build()
        tables = copies[1].shadowed()
        copies[1].close()
        with agent(dialect, tables) as lane:
            harness = Harness(*copies, lane, every=every)
            try:
                yield harness
            finally:
                harness.close()


def _arguments(server: Server) -> dict[str, Any]:
    return {
        "host": server.host,
        "port": server.port,
        "user": server.user,
        "password": server.password,
    }
